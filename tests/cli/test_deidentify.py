"""``cytorecon deidentify``."""

from __future__ import annotations

import csv
import json
import stat
import zipfile
from pathlib import Path

import pytest

from cytorecon import knowledge
from cytorecon.cli import main
from cytorecon.fcs import read_fcs
from cytorecon.intake.folder import MANIFEST
from cytorecon.knowledge.templates import template_names
from cytorecon.study.columns import MANIFEST as SHEET
from tests.fcs.fcs_bytes import fcs_bytes, write
from tests.intake.made import WORD, everything, planted_file, with_second_data_set


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Return a folder with three files of two people."""
    folder = tmp_path / WORD
    (folder / "deeper").mkdir(parents=True)
    people = (("a.fcs", "Doe", "30d", "20-Aug-2002"), ("b.FCS", "Roe", "0d", "21-Aug-2002"))
    for name, person, day, date in (*people, ("deeper/c.fcs", "Doe", "-6d", "15-Jul-2002")):
        words = {"&10PT NAME": f"{WORD} {person}", "&11DAY": day, "$DATE": date}
        write(folder, fcs_bytes(keywords=words), name)
    return folder


def test_patients_and_days_are_found_and_no_trace_of_them_is_left(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = ["--patient-from", "&10PT NAME", "--day-from", "&11DAY", "--panel", "tbnk"]
    assert main(["deidentify", str(samples), "--out", str(out), *words]) == 0
    found = [(row["file"], row["patient"], row["day"], row["panel"]) for row in rows(out / "manifest.csv")]
    assert found == [
        ("fcs/001.fcs", "P01", "30", "tbnk"),
        ("fcs/002.fcs", "P02", "0", "tbnk"),
        ("fcs/003.fcs", "P01", "-6", "tbnk"),
    ]
    removed = [(row["removed"], row["count"]) for row in rows(out / "removed.csv")]
    assert removed == [("$DATE", "1"), ("&10PT NAME", "1"), ("&11DAY", "1")] * 3
    content = everything(out)
    for trace in (WORD, "Doe", "Roe", "2002", "-Aug", "-Jul", "deeper", "b.FCS", "a.fcs"):
        assert trace.encode() not in content
    assert f"Next: cytorecon batch {out / 'manifest.csv'} --out STUDY\n" in capsys.readouterr().err


def test_days_are_counted_from_the_date_of_the_anchor(samples: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["deidentify", str(samples), "--out", str(out), "--anchor-date", "2002-08-14"]) == 0
    assert [row["day"] for row in rows(out / "manifest.csv")] == ["6", "7", "-30"]
    assert {row["patient"] for row in rows(out / "manifest.csv")} == {""}
    assert b"2002" not in everything(out)


def test_one_anchor_date_is_not_day_0_of_two_patients(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--patient-from", "&10PT NAME", "--anchor-date", "2002-08-14"]
    assert main(["deidentify", str(samples), "--out", str(tmp_path / "out"), *words]) == 0
    assert [(row["patient"], row["day"]) for row in rows(tmp_path / "out" / "manifest.csv")] == [
        ("P01", ""), ("P02", ""), ("P01", ""),
    ]  # fmt: skip
    assert (
        "The files are of 2 patients, and one anchor date cannot be day 0 of all of them: no day was "
        "written. De-identify each patient's files with that patient's date.\n"
    ) in capsys.readouterr().err
    words = ["--patient-from", "&10PT NAME", "--anchor-date", "2002-08-14"]
    assert main(["deidentify", str(samples / "a.fcs"), "--out", str(tmp_path / "one"), *words]) == 0
    assert [row["day"] for row in rows(tmp_path / "one" / "manifest.csv")] == ["6"]


def test_files_of_one_patient_that_all_have_one_day_are_remarked(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(samples, (samples / "a.fcs").read_bytes(), "copy.fcs")
    words = ["--patient-from", "&10PT NAME", "--day-from", "&11DAY"]
    names = [str(samples / name) for name in ("a.fcs", "copy.fcs")]
    assert main(["deidentify", *names, "--out", str(tmp_path / "copies"), *words]) == 0
    assert "all have the day" not in capsys.readouterr().err
    other = write(samples, fcs_bytes(keywords={"&10PT NAME": f"{WORD} Doe", "&11DAY": "30d"}), "d.fcs")
    assert main(["deidentify", *names, str(other), "--out", str(tmp_path / "out"), *words]) == 0
    assert (
        "The 3 files of P01 all have the day 30, although they differ. If they are tubes of one draw, "
        "nothing has to be done; else &11DAY of the files does not tell the day of the draw: "
        "correct the column day of manifest.csv.\n"
    ) in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--patient-from", "--day-from"])
def test_a_keyword_of_no_file_is_a_mistake(
    samples: Path, tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    write(samples, b"no FCS", "0.fcs")
    assert main(["deidentify", str(samples), "--out", str(out), option, "&10 pt nam"]) == 1
    assert capsys.readouterr().err == (
        f"error: {option} &10 pt nam: No file has this keyword. Nothing was written. Found: 3 readable "
        "files, none of them with it. Allowed: &10PT NAME, or another keyword of the files. "
        "Write the keyword as it stands in the files; capitals do not matter.\n"
    )
    assert not out.exists()


def test_names_of_keywords_that_could_be_people_are_not_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, fcs_bytes(keywords={"JANE DOE": "1", "CASE NUMBER": "2"}))
    words = ["deidentify", str(file), "--out", str(tmp_path / "out"), "--patient-from", "JANE DO"]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert "JANE DOE" not in said
    assert "Allowed: CASE NUMBER, or another keyword of the files." in said


def test_files_without_the_keyword_are_named(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write(samples, fcs_bytes(keywords={"&11DAY": "Doe"}), "z.fcs")
    words = ["--patient-from", "&10PT NAME", "--day-from", "&11DAY", "--json"]
    assert main(["deidentify", str(samples), "--out", str(tmp_path / "out"), *words]) == 0
    captured = capsys.readouterr()
    problems = [
        "It has no keyword &10PT NAME, so its patient is not known.",
        "Its &11DAY holds no day such as -6d, d+30 or Day 100, so its day is not known.",
    ]
    assert [found["problems"] for found in json.loads(captured.out)["files"]] == [[], [], [], problems]
    told = [line for line in captured.err.splitlines() if line.startswith(f"{other}: It")]
    assert told == [f"{other}: {problem}" for problem in problems]


def test_the_order_of_dates_of_digits_can_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, fcs_bytes(keywords={"$DATE": "08-09-2002"}))
    command = ["deidentify", str(file), "--anchor-date", "2002-08-14", "--out"]
    assert main([*command, str(tmp_path / "a")]) == 0
    assert rows(tmp_path / "a" / "manifest.csv")[0]["day"] == ""
    said = capsys.readouterr().err
    assert f"{file}: Day, month and year of its $DATE cannot be told apart" in said
    assert "2002" not in said.replace(str(file), "")
    assert main([*command, str(tmp_path / "b"), "--date-order", "dmy"]) == 0
    assert rows(tmp_path / "b" / "manifest.csv")[0]["day"] == "25"
    assert main([*command, str(tmp_path / "c"), "--date-order", "american"]) == 1
    assert "The order of a date is dmy, mdy or ymd." in capsys.readouterr().err
    assert main(["deidentify", str(file), "--out", str(tmp_path / "d"), "--date-order", "dmy"]) == 1
    assert "which only --anchor-date asks for." in capsys.readouterr().err


def test_what_holds_for_several_channels_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, fcs_bytes(keywords={f"$P{number}E": "4,0" for number in (2, 3, 4)}))
    assert main(["deidentify", str(file), "--out", str(tmp_path / "out")]) == 0
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "log amplifier" in line)
    assert line == (
        f"{file}: warning: $P2E, $P3E, $P4E: Floating-point data are linear by the standard; "
        "the log amplifier was ignored."
    )


def test_what_is_not_known_is_left_to_be_filled_in(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deidentify", str(samples / "a.fcs"), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().err
    for what in ("patient", "day"):
        assert f"The {what} of 1 file is not known; fill in the column {what} of manifest.csv.\n" in said
    assert "Next: " not in said
    assert f"After that: cytorecon batch {tmp_path / 'out' / 'manifest.csv'} --out STUDY\n" in said


def test_columns_of_the_manifest_are_those_that_a_batch_reads() -> None:
    assert set(MANIFEST) <= set(SHEET.all)


def test_the_key_is_for_this_user_alone(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, key = tmp_path / "out", tmp_path / "key.csv"
    words = ["--patient-from", "&10PT NAME", "--key", str(key)]
    assert main(["deidentify", str(samples), "--out", str(out), *words]) == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [tuple(row.values()) for row in rows(key)][:3] == [
        ("patient", "P01", f"{WORD} Doe"),
        ("patient", "P02", f"{WORD} Roe"),
        ("file", "fcs/001.fcs", str(samples / "a.fcs")),
    ]
    said = capsys.readouterr().err
    assert f"Keep {key} apart from the files, and safe: it leads back to the patients.\n" in said
    assert main(["deidentify", str(samples), "--out", str(tmp_path / "more"), *words]) == 1
    assert capsys.readouterr().err == (
        f"error: {key}: There is a file of this name already; it was not changed.\n"
    )


def test_the_key_does_not_lie_beside_the_files(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    key = out / "deeper" / ".." / "key.csv"
    assert main(["deidentify", str(samples), "--out", str(out), "--key", str(key)]) == 1
    assert capsys.readouterr().err == (
        f"error: {key}: The key leads back to the patients, and must not lie beside the files it belongs to. "
        "Name a file outside of the new folder.\n"
    )
    assert not out.exists()


def test_a_folder_in_use_is_left_alone(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deidentify", str(samples), "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"error: {tmp_path}: The place for the new files is in use; nothing in it was changed. "
        "Name a new or an empty folder.\n"
    )


def test_one_bad_file_does_not_stop_the_others(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = write(samples, b"no FCS", "0.fcs")
    damaged = write(samples, fcs_bytes() + b"00012345", "1.fcs")
    out = tmp_path / "out"
    assert main(["deidentify", str(samples), "--out", str(out), "--json"]) == 2
    captured = capsys.readouterr()
    assert [found["file"] for found in json.loads(captured.out)["files"]] == [
        "fcs/001.fcs", "fcs/002.fcs", "fcs/003.fcs",
    ]  # fmt: skip
    failed = [line for line in captured.err.splitlines() if line.startswith("failed")]
    assert failed[0].startswith(f"failed: {bad}: This is not an FCS file. ")
    assert failed[1] == (
        f"failed: {damaged}: The file is damaged, which a new file made of it would not show. "
        "Found: The checksum of the file does not fit its bytes: something in it was changed or damaged. "
        "Copy it again from the cytometer."
    )


def test_nothing_is_left_when_nothing_was_read(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, out, key = write(samples, b"no FCS", "0.fcs"), tmp_path / "out", tmp_path / "key.csv"
    command = ["deidentify", str(bad), "--out", str(out), "--key", str(key)]
    assert main(command) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "Nothing was written."
    assert said[1].startswith(f"failed: {bad}: This is not an FCS file.")
    assert len(said) == 2
    assert not out.exists()
    assert not key.exists()
    out.mkdir()
    assert main(command) == 1
    assert list(out.iterdir()) == []


def test_each_data_set_becomes_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, with_second_data_set(fcs_bytes(keywords={"$NEXTDATA": "00000000"})))
    out = tmp_path / "out"
    assert main(["deidentify", str(path), "--out", str(out)]) == 0
    assert [read_fcs(out / row["file"]).n_events for row in rows(out / "manifest.csv")] == [10, 10]


def test_wrong_words(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["deidentify", str(samples), "--out", str(tmp_path / "out")]
    assert main([*command, "--anchor-date", "14.8.2002"]) == 1
    said = capsys.readouterr().err
    assert "A date is written as YYYY-MM-DD." in said
    assert "14.8." not in said
    assert main([*command, "--anchor-date", "2002-08-14", "--day-from", "&11DAY"]) == 1
    assert "Give --day-from or --anchor-date, not both." in capsys.readouterr().err


def test_fcs_files_are_known_by_their_first_bytes_and_all_others_are_named(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("060909.001", "0877408774.B08", "no_ending"):
        write(samples, fcs_bytes(keywords={"$SRC": name}), name)
    with zipfile.ZipFile(samples / "more.zip", "w") as archive:
        archive.writestr("tube.fcs", b"FCS3.1")
    write(samples, WORD.encode(), "notes.txt")
    write(samples, b"", "empty")
    write(samples, b"", ".DS_Store")
    (samples / "linked").symlink_to(samples / "deeper", target_is_directory=True)
    (samples / "lost.001").symlink_to(samples / "nowhere")
    out = tmp_path / "out"
    assert main(["deidentify", str(samples), "--out", str(out), "--json"]) == 2
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    taken = [Path(entry["source"]).name for entry in found["files"]]
    assert taken == ["060909.001", "0877408774.B08", "a.fcs", "b.FCS", "c.fcs", "no_ending"]
    reasons = {
        "empty": "It is empty.",
        "linked": "It is a link to a folder, which is not followed. Name that folder.",
        "lost.001": "It is no regular file.",
        "more.zip": "It is not an FCS file: it looks like a ZIP archive. "
        "Unpack it and name the FCS file in it.",
        "notes.txt": "It is not an FCS file: it looks like plain text. "
        "Export the sample as FCS from the cytometer's software.",
    }
    assert found["skipped"] == [
        {"source": str(samples / name), "reason": reason} for name, reason in reasons.items()
    ]
    assert found["failed"] == []
    said = captured.err.splitlines()
    assert said[-5:] == [f"skipped: {samples / name}: {reason}" for name, reason in reasons.items()]
    assert "5 files of the folders named were not taken; they are listed below." in said
    assert WORD.encode() not in everything(out)


def test_a_skipped_name_does_not_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, fcs_bytes(), "a.fcs")
    write(folder, b"some text", "b\x1b[2J\udcff")
    assert main(["deidentify", str(folder), "--out", str(tmp_path / "out"), "--json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["skipped"][0]["source"] == f"{folder}/b\\x1b[2J\\udcff"
    assert "\x1b" not in captured.err


def test_without_fcs_files_there_is_nothing_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    assert main(["deidentify", str(folder), "--out", str(out)]) == 1
    assert capsys.readouterr().err == "error: There is no file in what was named.\n"
    write(folder, b"some text", "a.001")
    assert main(["deidentify", str(folder), "--out", str(out)]) == 1
    assert f"skipped: {folder / 'a.001'}: It is not an FCS file: it looks like" in capsys.readouterr().err


def test_a_panel_is_a_template(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    command = ["deidentify", str(samples / "a.fcs"), "--out", str(out), "--panel"]
    assert main([*command, "foo"]) == 1
    assert capsys.readouterr().err == (
        "error: template: There is no such template. Found: foo. "
        f"Allowed: {', '.join(template_names())}, or the path of a .yaml file.\n"
    )
    assert main([*command, str(tmp_path / "own.yaml")]) == 1
    assert capsys.readouterr().err.startswith("error: own.yaml: There is no such template file.")
    assert not out.exists()
    packaged = Path(knowledge.__file__).parent / "templates" / "tbnk.yaml"
    (tmp_path / "own.yaml").write_bytes(packaged.read_bytes())
    assert main([*command, str(tmp_path / "own.yaml")]) == 0
    assert [row["panel"] for row in rows(out / "manifest.csv")] == ["../own.yaml"]


def test_every_place_of_a_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = write(tmp_path, planted_file())
    out = tmp_path / "out"
    assert main(["deidentify", str(old), "--out", str(out), "--json"]) == 0
    captured = capsys.readouterr()
    assert WORD.encode() not in everything(out)
    assert WORD not in captured.out + captured.err


def test_a_real_study_without_trace_and_ready_for_a_batch(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "gvhd_longitudinal_full"
    out, study = tmp_path / "out", tmp_path / "study"
    words = ["--patient-from", "&10PT NAME", "--day-from", "&11DAY", "--panel", "leukocyte_differential"]
    assert main(["deidentify", str(folder), "--out", str(out), *words]) == 0
    assert [(row["patient"], row["day"]) for row in rows(out / "manifest.csv")] == [
        ("P01", "-6"), ("P01", "0"), ("P01", "6"),
    ]  # fmt: skip
    assert main(["batch", str(out / "manifest.csv"), "--out", str(study)]) == 0
    traces = {"Default Patient", "Default Case"}
    for path in folder.glob("*.fcs"):
        words_of_file = read_fcs(path).keywords
        names = ("&10PT NAME", "&12SAMPLE ID", "$DATE", "$BTIM", "$ETIM", "CYTNUM", "FILENAME", "&11DAY")
        traces |= {words_of_file[name] for name in names} | {path.stem}
    traces = {trace for trace in traces if len(trace) > 3}  # "0d" alone is everywhere
    assert [trace for trace in traces if trace.encode() in everything(out)] == []
    # the laboratory called the sample after a population, which a study names too
    assert [trace for trace in traces - {"Leukocytes"} if trace.encode() in everything(study)] == []
