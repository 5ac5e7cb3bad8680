"""Regular expressions in knowledge files: checked when the file is read, not when they are first used."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator


def _compilable(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"a regular expression ({error})") from error
    return pattern


#: A text that is a regular expression.
Pattern = Annotated[str, AfterValidator(_compilable)]
