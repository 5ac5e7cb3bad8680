"""Options that take several words out of a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from cytorecon.errors import CytoreconError

Word = TypeVar("Word", bound=str)


def chosen(text: str, allowed: Sequence[Word], *, option: str) -> tuple[Word, ...]:
    """Return the words of an option such as ``html,pdf``, each once, in the order of `allowed`.

    Raises
    ------
    CytoreconError
        If a word is not allowed, or there is none.

    Examples
    --------
    >>> chosen("pdf, html,pdf", ("html", "pdf"), option="--format")
    ('html', 'pdf')
    """
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in allowed]
    if unknown or not words:
        raise CytoreconError(
            "This cannot be written.",
            subject=option,
            found=", ".join(unknown) or "nothing",
            allowed=f"{', '.join(allowed)}; several with commas between them",
        )
    return tuple(word for word in allowed if word in words)
