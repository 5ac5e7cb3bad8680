"""The upload form, filled in by the names of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dashboard.callbacks.upload import UPLOAD_FIELDS, Analysed, analyse

#: What the tests' own study takes: its panel, and beads of a known number in a known volume.
BEADS: Final[Mapping[str, str | float | None]] = {
    "panel": "tbnk",
    "beads_per_tube": 50_000,
    "blood_volume_ul": 50,
}


def press_analyse(contents: str | None, **typed: str | float | None) -> Analysed:
    """Press the button with these values in the fields, and nothing in the others."""
    fields = [field for field, _ in UPLOAD_FIELDS]
    assert set(typed) <= set(fields), set(typed) - set(fields)
    return analyse(1, contents, *(typed.get(field) for field in fields))
