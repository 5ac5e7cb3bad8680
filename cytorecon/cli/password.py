"""Ask for a password: at the terminal, or from the environment where no person sits."""

from __future__ import annotations

import os
from typing import Final

import typer

_VARIABLE: Final = "CYTORECON_PASSWORD"


def ask_password(whose: str, *, new: bool = False) -> str:
    """Return the password of `whose`; a new one is asked for twice.

    ``CYTORECON_PASSWORD`` is taken where it is set. There is no option for it: what stands on a command
    line is seen by everybody on the machine.
    """
    given = os.environ.get(_VARIABLE)
    if given is not None:
        return given
    words = f"{'New password' if new else 'Password'} of {whose}"
    return str(typer.prompt(words, hide_input=True, confirmation_prompt=new, err=True))
