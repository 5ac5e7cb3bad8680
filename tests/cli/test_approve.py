"""``approve``, ``approvals``, ``reproduce`` and users: from a signature to the report and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cytorecon import __version__
from cytorecon.cli import main
from cytorecon.store import StudyApprovals, StudyStore
from tests.cli.test_references import HEADER
from tests.store.examples import SETTINGS, STUDY

PASSWORD = "four words and a number 7"


@pytest.fixture
def study(cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the place of a study with two patients and two users who may sign."""
    place = str(tmp_path / "study")
    assert main(["batch", str(cohort / "manifest.csv"), "--out", place, "--jobs", "1"]) == 0
    monkeypatch.setenv("CYTORECON_PASSWORD", PASSWORD)
    for name in ("AB", "CD"):
        assert main(["db", "user", place, name, "--role", "approver", "--by", "EF"]) == 0
    return place


def states(study: str, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    capsys.readouterr()
    assert main(["approvals", study, "--json"]) == 0
    return {row["patient"]: row["state"] for row in json.loads(capsys.readouterr().out)}


def standing_of(study: str, patient: str, out: Path) -> str:
    assert main(["report", study, "--patient", patient, "--out", str(out)]) == 0
    page = (out / f"sheet_{patient}.html").read_text(encoding="utf-8")
    return "Draft" if "Draft: not approved" in page else "Approved"


def test_a_report_is_approved_until_something_changes(
    cohort: Path, study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = sorted(states(study, capsys))
    assert main(["approve", study, "--patient", one, "--by", "AB"]) == 0
    assert states(study, capsys) == {one: "approved", other: "not approved"}
    assert standing_of(study, one, tmp_path / "a") == "Approved"
    assert standing_of(study, other, tmp_path / "b") == "Draft"
    capsys.readouterr()
    assert main(["reproduce", study, "--patient", one]) == 0
    assert capsys.readouterr().out.startswith("The same as signed: ")
    assert main(["reproduce", study, "--patient", one, "--manifest", str(cohort / "manifest.csv")]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("The same as signed: ")
    assert captured.err.endswith("2 of 2 tubes were analysed again.\n")

    with StudyStore.open(study) as store:
        tube = next(tube.tube for tube in store.study().tubes if tube.patient == one)
    why = ["--by", "AB", "--why", "stain failed"]
    assert main(["override", "add", study, "CD19", "--tube", tube, "--exclude", *why]) == 0
    assert main(["batch", str(cohort / "manifest.csv"), "--out", study, "--jobs", "1"]) == 0
    assert states(study, capsys)[one] == "changed since it was approved"
    assert standing_of(study, one, tmp_path / "c") == "Draft"
    capsys.readouterr()
    assert main(["reproduce", study, "--patient", one, "--json"]) == 1
    found = [row["component"] for row in json.loads(capsys.readouterr().out)]
    assert found[:3] == [f"{tube}: decisions about gates", f"{tube}: gates", f"{tube}: remarks"]
    assert f"{tube}: B, status" in found
    assert {name.split(":")[0] for name in found} == {tube}
    assert main(["reproduce", study, "--patient", one]) == 1
    assert "decisions about gates" in capsys.readouterr().out


def test_all_patients_at_once_and_the_second_person(
    study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["db", "rule", study, "--four-eyes", "--by", "EF"]) == 0
    assert capsys.readouterr().out.endswith("Two persons must sign.\n")
    assert main(["approve", study, "--by", "AB"]) == 0
    assert set(states(study, capsys).values()) == {"needs a second person"}
    assert main(["approve", study, "--by", "AB"]) == 0
    assert capsys.readouterr().err == "Nothing to sign: AB has signed all results as they stand.\n"
    assert main(["export", study, "--format", "fhir", "--out", str(tmp_path / "before")]) == 0
    assert '"final"' not in (tmp_path / "before" / "fhir_bundle.json").read_text(encoding="utf-8")
    capsys.readouterr()
    assert main(["approve", study, "--by", "CD"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("approved") == 2
    assert set(states(study, capsys).values()) == {"approved"}
    assert main(["export", study, "--format", "fhir", "--out", str(tmp_path / "data")]) == 0
    bundle = (tmp_path / "data" / "fhir_bundle.json").read_text(encoding="utf-8")
    assert '"final"' in bundle
    assert '"preliminary"' not in bundle
    with StudyApprovals.open(study) as store:
        first = store.states(software_version=__version__)[0]
    assert f"{first.patient}  {first.now.sha256}\n" in shown.err
    assert main(["db", "rule", study, "--two-eyes", "--by", "EF"]) == 0
    assert capsys.readouterr().out == "One person must sign.\n"
    with StudyStore.open(study) as store:
        noted = [(entry.what.value, entry.who) for entry in store.history()[-4:]]
    assert noted == [("approved", "AB"), *[("approved", "CD")] * 2, ("rule_set", "EF")]


def test_only_the_first_user_is_made_without_a_name_in_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(tmp_path / "study")
    StudyStore.create(place, STUDY, SETTINGS, software_version="1").close()
    monkeypatch.setenv("CYTORECON_PASSWORD", PASSWORD)
    monkeypatch.delenv("CYTORECON_BY", raising=False)
    assert main(["db", "rule", place, "--four-eyes"]) == 0
    assert main(["db", "user", place, "AB", "--role", "approver"]) == 0
    capsys.readouterr()
    refused = (["user", place, "CD", "--role", "approver"], ["user", place, "AB", "--role", "admin"])
    for command in (*refused, ["rule", place, "--two-eyes"]):
        assert main(["db", *command]) == 1
        assert capsys.readouterr().err == (
            "error: --by: The history has to say who does this: the study has users already. Found: nobody. "
            "Allowed: initials or a short name. Add --by NAME, or set CYTORECON_BY.\n"
        )
    monkeypatch.setenv("CYTORECON_BY", "AB")
    assert main(["db", "user", place, "CD", "--role", "approver"]) == 0
    with StudyStore.open(place) as store:
        assert [entry.who for entry in store.history()] == ["unknown"] * 3 + ["AB"]


def test_a_wrong_password_signs_nothing(
    study: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CYTORECON_PASSWORD", PASSWORD + "8")
    capsys.readouterr()
    assert main(["approve", study, "--by", "AB"]) == 1
    captured = capsys.readouterr()
    assert "user AB: The signature is refused; nothing was signed." in captured.err
    assert PASSWORD not in captured.err + captured.out
    assert set(states(study, capsys).values()) == {"not approved"}
    assert main(["approve", study, "--by", "AB", "--patient", "nobody"]) == 1
    capsys.readouterr()


def test_the_password_is_asked_for_at_the_terminal(
    study: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import typer

    monkeypatch.delenv("CYTORECON_PASSWORD")
    asked = []

    def prompt(words: str, **options: bool) -> str:
        asked.append((words, options["hide_input"], options["confirmation_prompt"]))
        return PASSWORD

    monkeypatch.setattr(typer, "prompt", prompt)
    assert main(["db", "user", study, "GH", "--role", "editor", "--inactive", "--by", "EF"]) == 0
    assert main(["approve", study, "--by", "AB"]) == 0
    assert asked == [("New password of GH", True, True), ("Password of AB", True, False)]
    capsys.readouterr()
    assert main(["db", "users", study, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[2] == {"name": "GH", "role": "editor", "active": False}
    assert main(["db", "users", study]) == 0
    assert "GH" in capsys.readouterr().out


def test_nothing_was_signed(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    patient = min(states(study, capsys))
    assert main(["reproduce", study, "--patient", patient]) == 1
    assert capsys.readouterr().err == (
        f"error: {study}, patient {patient}: There is no signature to compare with. "
        "Allowed: a patient whose results were signed. See: cytorecon approvals STUDY.\n"
    )


def test_ranges_of_ones_own_were_not_signed(study: str, tmp_path: Path) -> None:
    assert main(["approve", study, "--by", "AB"]) == 0
    own = tmp_path / "own.csv"
    own.write_text(
        f"{HEADER}\nsite,CD4_T,cells_per_ul,18,60,all,400,1600,,CD3+CD4+,s,measured\n", encoding="utf-8"
    )
    with StudyStore.open(study) as store:
        patient = store.study().patients[0].patient
    words = ["report", study, "--patient", patient, "--out"]
    assert main([*words, str(tmp_path / "a"), "--references", str(own)]) == 0
    assert "Draft: not approved" in (tmp_path / "a" / f"sheet_{patient}.html").read_text(encoding="utf-8")
    assert standing_of(study, patient, tmp_path / "b") == "Approved"
