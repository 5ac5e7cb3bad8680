"""The worked examples of programmes: their commands run, and the reader sees what they say."""

from __future__ import annotations

import html
import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from cytorecon.cli import main
from cytorecon.knowledge.milestones import load_milestone_rules
from cytorecon.knowledge.programmes import load_programmes

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "programmes"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")


class Block(NamedTuple):
    """A fenced block: what it is, the file it names, and its lines."""

    kind: str
    file: str
    lines: list[str]


def blocks(page: Path) -> list[Block]:
    found = re.findall(
        r"^```(\w+)(?: (\S+))?\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [Block(kind, file, text.splitlines()) for kind, file, text in found]


def text_of(page: Path) -> str:
    plain = html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))
    return re.sub(r"\s+", " ", plain)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders that a command has made before: the examples begin alike."""
    return {"": tmp_path_factory.mktemp("simulated")}


def run(command: str, simulated: dict[str, Path]) -> None:
    program, *arguments = shlex.split(command)
    assert program == "cytorecon"
    if arguments[0] != "simulate":
        assert main(arguments) == 0, command
        return
    out = arguments[arguments.index("--out") + 1]
    if command not in simulated:
        assert main(arguments) == 0, command
        simulated[command] = simulated[""] / str(len(simulated))
        shutil.copytree(out, simulated[command])
    else:
        shutil.copytree(simulated[command], out)


@pytest.mark.parametrize("document", PAGES, ids=lambda document: document.stem)
def test_a_worked_example(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulated: dict[str, Path]
) -> None:
    monkeypatch.chdir(tmp_path)
    seen = 0
    for block in blocks(document):
        if block.kind == "console":
            for command in block.lines:
                run(command, simulated)
        elif block.kind == "csv":
            Path(block.file).write_text("\n".join([*block.lines, ""]), encoding="utf-8")
        else:
            shown = text_of(Path(block.file))
            missing = [line for line in block.lines if re.sub(r"\s+", " ", line) not in shown]
            assert missing == []
            seen += len(block.lines)
    assert seen >= 3


def test_every_programme_has_its_page() -> None:
    listed = set(re.findall(r"`([a-z_]+)`", (FOLDER / "README.md").read_text(encoding="utf-8")))
    assert set(load_programmes().names) - {"unknown"} <= listed
    linked = set(re.findall(r"\((\w+)\.md\)", (FOLDER / "README.md").read_text(encoding="utf-8")))
    assert linked == {page.stem for page in PAGES}


def test_programmes_name_rules_that_may_apply_to_their_patients() -> None:
    rules = {rule.milestone: rule for rule in load_milestone_rules().milestones}
    for programme in load_programmes().programmes:
        for name in programme.milestones:
            wanted = rules[name].applies_to.programmes
            assert not wanted or programme.programme in wanted, (programme.programme, name)
