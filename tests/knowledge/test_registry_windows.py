"""Contact windows of a registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_text
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.registry_windows import REGISTRY_WINDOWS_FILE, load_registry_windows


def error_of(folder: Path, old: str, new: str) -> str:
    text = read_text(REGISTRY_WINDOWS_FILE)
    assert old in text
    (folder / REGISTRY_WINDOWS_FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_registry_windows(folder=folder)
    return str(caught.value)


def test_the_populations_exist() -> None:
    known = load_populations()
    assert [name for name in load_registry_windows().populations if known.find(name) is None] == []


@pytest.mark.parametrize(("old", "new"), [("to_day: 115", "to_day: 84"), ("from_day: 85", "from_day: 120")])
def test_a_window_that_ends_before_it_begins(tmp_path: Path, old: str, new: str) -> None:
    days = "day 85 to 84" if "84" in new else "day 120 to 115"
    assert error_of(tmp_path, old, new) == (
        "registry_windows.yaml, day 100: A window ends before it begins, or begins before the one above it "
        f"ends. Found: {days}."
    )


def test_windows_that_overlap(tmp_path: Path) -> None:
    assert error_of(tmp_path, "from_day: 150", "from_day: 115").startswith(
        "registry_windows.yaml, 6 months: A window ends before it begins"
    )
