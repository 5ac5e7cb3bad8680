"""What the codes mean that a number carries when somebody should look at it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from pydantic import Field

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

FILE = "review_flags.yaml"


class ReviewFlag(Frozen):
    """One code: in short, in a sentence, and what to do.

    `whole_tube`: an issue of a tube with this code casts doubt on every number of the tube.
    `questions_absence`: cells that are not seen may be there all the same: a channel may not show its marker.
    """

    code: str = Field(pattern=r"^[a-z_]+\.[A-Za-z0-9_]+$")
    short: str = Field(min_length=1)
    message: str = Field(min_length=1)
    hint: str
    whole_tube: bool = False
    questions_absence: bool = False


class _ReviewFlags(Frozen):
    flags: tuple[ReviewFlag, ...]


@cache
def load_review_flags(folder: Path | None = None) -> Mapping[str, ReviewFlag]:
    """Return the flags by code.

    Parameters
    ----------
    folder : Path, optional
        The user's knowledge folder.
    """
    content = validated(_ReviewFlags, read_yaml(FILE, folder=folder), subject=FILE)
    return {flag.code: flag for flag in content.flags}


def questions_absence(codes: Iterable[str]) -> bool:
    """Return whether any of the review codes says that cells may be there that are not seen.

    Examples
    --------
    >>> questions_absence(["gate.unstained:CD19"]), questions_absence(["gate.unstable:CD19"])
    (True, False)
    """
    flags = load_review_flags()
    bases = (code.partition(":")[0] for code in codes)
    return any(base in flags and flags[base].questions_absence for base in bases)


def flag_in_short(code: str) -> str:
    """Return a code such as ``gate.outlier:CD4`` in a few words.

    Examples
    --------
    >>> flag_in_short("gate.outlier:CD4")
    "CD4 threshold far from the batch's"
    """
    base, _, gate = code.partition(":")
    flag = load_review_flags().get(base)
    if flag is None:
        return code.replace(".", ": ").replace("_", " ")
    return flag.short.format(gate=gate.replace("_", " ") or "gate")
