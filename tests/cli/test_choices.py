"""Options that take several words."""

from __future__ import annotations

import pytest

from cytorecon.cli.choices import chosen
from cytorecon.errors import CytoreconError


@pytest.mark.parametrize(
    ("text", "found"), [("docx", "docx"), ("pdf,docx,doc", "docx, doc"), ("", "nothing"), (" , ", "nothing")]
)
def test_a_word_that_is_none_of_them(text: str, found: str) -> None:
    with pytest.raises(CytoreconError) as caught:
        chosen(text, ("html", "pdf"), option="--format")
    assert str(caught.value) == (
        f"--format: This cannot be written. Found: {found}. "
        "Allowed: html, pdf; several with commas between them."
    )
