"""What a command writes goes into no file and no folder that is not ours."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.cli.output import check_folder, check_report_folder, check_table, write_masks, write_table
from cytorecon.errors import CytoreconError
from tests.builders import study_result
from tests.dashboard.studies import save_study

TABLE = "patient,day,visit,tube,population,parent,events\nP01,1,,P01/d1/1,B,,3\n"
COLUMNS = ("patient", "day", "visit", "tube", "population", "parent", "reason")
MARK = '<!DOCTYPE html>\n<meta name="generator" content="cytorecon report">'


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a stored study."""
    return save_study(tmp_path_factory.mktemp("saved") / "study")


def refusal(place: Path, found: str, allowed: str, option: str = "--out") -> str:
    return (
        f"{place}, {option}: This cannot be written over; it was left as it is. Found: {found}. "
        f"Allowed: {allowed}. Name another place."
    )


def table_refused(place: Path, found: str) -> str:
    return refusal(place, found, "a new file, or an earlier table of this command")


def refused(place: Path) -> str:
    with pytest.raises(CytoreconError) as caught:
        write_table(place, TABLE, option="--out")
    return str(caught.value)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_an_empty_one_and_an_earlier_table_are_written(tmp_path: Path) -> None:
    new, empty, earlier = tmp_path / "new.csv", tmp_path / "empty.csv", tmp_path / "earlier.csv"
    empty.touch()
    # of another version: the first columns tell
    earlier.write_bytes(b"\xef\xbb\xbfpatient,day,visit,tube,population,parent,reason\r\nP09\r\n")
    for place in (new, empty, earlier):
        check_table(place, COLUMNS, option="--out")
        write_table(place, TABLE, option="--out")
        assert place.read_bytes() == TABLE.encode()
    assert names_in(tmp_path) == ["earlier.csv", "empty.csv", "new.csv"]


@pytest.mark.parametrize(
    "content",
    [b"FCS3.1  ", b"patient,day\nP01,3\n", b"\xff\xfe\x00", b"PK\x03\x04", b"\n", b"file,patient\n"],
)
def test_another_file_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "mine"
    place.write_bytes(content)
    assert refused(place) == table_refused(place, "a file of another kind")
    assert place.read_bytes() == content
    assert names_in(tmp_path) == ["mine"]


def test_folders_devices_and_pipes_are_left_alone(tmp_path: Path) -> None:
    assert refused(tmp_path) == table_refused(tmp_path, "a folder")
    pipe, device, plug = tmp_path / "pipe", Path(os.devnull), tmp_path / "plug"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(plug))
        for place in (pipe, device, plug):
            assert refused(place) == table_refused(place, "a device or pipe")


@pytest.mark.parametrize("name", ["study.sqlite", "study.sqlite-wal", "study.sqlite-shm", "study.sqlite.csv"])
def test_a_study_s_own_files_are_not_even_made(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    assert refused(place) == table_refused(place, "the name of a study's own file")
    link = tmp_path / "counts.csv"
    link.symlink_to(place)
    assert refused(link) == table_refused(link, "the name of a study's own file")
    assert names_in(tmp_path) == ["counts.csv"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text(TABLE, encoding="utf-8")
    link.symlink_to(target)
    write_table(link, TABLE + "P02\n", option="--out")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == TABLE + "P02\n"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    place = tmp_path / "none" / "counts.csv"
    assert refused(place) == f"{place.parent}, --out: There is no such folder. Make it first."


def test_a_disk_that_fills_up_leaves_the_earlier_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "counts.csv"
    write_table(place, TABLE, option="--out")

    def fail(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    assert refused(place) == (
        f"{place}: The file cannot be written. Found: No space left on device. "
        "Choose another place, or make room."
    )
    assert place.read_text(encoding="utf-8") == TABLE
    assert names_in(tmp_path) == ["counts.csv"]


def test_masks_replace_masks_only(tmp_path: Path) -> None:
    place = tmp_path / "001-abc.npz"
    for content in (b"PK\x03\x04first", b"PK\x03\x04second"):
        write_masks(place, lambda handle, content=content: handle.write(content), option="--masks")  # type: ignore[misc]  # a default
        assert place.read_bytes() == content
    place.write_bytes(b"mine")
    with pytest.raises(CytoreconError) as caught:
        write_masks(place, lambda handle: None, option="--masks")
    allowed = "a new file, or earlier masks"
    assert str(caught.value) == refusal(place, "a file of another kind", allowed, "--masks")
    assert place.read_bytes() == b"mine"


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("mine", encoding="utf-8")
    for check in (check_folder, check_report_folder):
        with pytest.raises(CytoreconError) as caught:
            check(place, option="--masks")
        assert str(caught.value) == refusal(place, "a file", "a folder", "--masks")


def test_folders_for_a_report(tmp_path: Path) -> None:
    allowed = "a new or empty folder, or that of an earlier report"
    report, begun, other, study = (tmp_path / name for name in ("report", "begun", "other", "study"))
    for folder in (report, other, study, begun / "assets"):
        folder.mkdir(parents=True)
        check_report_folder(folder, option="--out")
    (report / "index.html").write_text(MARK, encoding="utf-8")
    (begun / "assets" / "report.css").touch()
    for folder in (report, begun, tmp_path / "new"):
        check_report_folder(folder, option="--out")
    (other / "counts.csv").write_text("mine", encoding="utf-8")
    (study / "study.sqlite").touch()
    for folder, found in ((other, "a folder with other files"), (study, "a study")):
        with pytest.raises(CytoreconError) as caught:
            check_report_folder(folder, option="--out")
        assert str(caught.value) == refusal(folder, found, allowed)


@pytest.mark.parametrize("words", [["counts"], ["report"], ["gate", "--template", "tbnk", "--counts"]])
def test_every_command_refuses_before_it_works(
    saved: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The database of the study is the file nobody can do without."""
    before = (saved / "study.sqlite").read_bytes()
    place = {"counts": saved / "study.sqlite", "report": saved, "gate": saved / "study.sqlite"}[words[0]]
    subject = [str(saved)] if words[0] != "gate" else ["no-such.fcs"]
    option = [] if words[0] == "gate" else ["--out"]
    assert main([words[0], *subject, *words[1:], *option, str(place)]) == 1
    assert "This cannot be written over; it was left as it is." in capsys.readouterr().err
    assert (saved / "study.sqlite").read_bytes() == before


@pytest.mark.parametrize("option", ["--out", "--counts", "--masks"])
def test_commands_refuse_other_people_s_files(saved: Path, tmp_path: Path, option: str) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine", encoding="utf-8")
    commands = {
        "--out": [["counts", str(saved)], ["report", str(saved)], ["simulate"], ["demo", "--no-serve"]],
        "--counts": [["gate", "no-such.fcs", "--template", "tbnk"]],
        "--masks": [["gate", "no-such.fcs", "--template", "tbnk"]],
    }[option]
    for words in commands:
        assert main([*words, option, str(mine)]) == 1
    assert names_in(tmp_path) == ["mine.txt"]
    assert mine.read_text(encoding="utf-8") == "mine"


def test_the_report_s_files_as_json(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    out = tmp_path / "report"
    assert main(["report", str(saved), "--out", str(out), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["index"] == str(out / "index.html")
    assert list(shown["patients"]) == [patient.patient for patient in study_result().study.patients]
    listed = [shown["index"], *shown["patients"].values(), *shown["tables"]]
    assert all(Path(path).is_file() for path in listed)
    # and again, over an earlier report
    assert main(["report", str(saved), "--out", str(out)]) == 0
