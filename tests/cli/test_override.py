"""``override``: a gate of a study set by hand, gated again, listed, undone."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.gating.overrides import Override
from cytorecon.jobs import add_tube
from cytorecon.results import GateRecord, TubeResult
from cytorecon.store import StudyStore
from cytorecon.study.model import Tube

WHO = ["--by", "AB", "--why", "valley lies in the dim cells"]


@pytest.fixture
def study(cohort: Path, tmp_path: Path) -> str:
    """Return the place of a study of its own."""
    place = str(tmp_path / "study")
    assert batch(cohort, place) == 0
    return place


def batch(cohort: Path, place: str) -> int:
    return main(["batch", str(cohort / "manifest.csv"), "--out", place, "--jobs", "1"])


def results(place: str) -> dict[str, TubeResult]:
    with StudyStore.open(place) as store:
        return {outcome.tube: outcome for outcome in store.result(plots=False).tubes}


def gate_of(result: TubeResult, name: str) -> GateRecord:
    return next(gate for gate in result.gates if gate.gate == name)


def test_a_gate_set_by_hand_holds_for_its_tube_and_can_be_undone(
    cohort: Path, study: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = results(study)
    tube, other = sorted(before)[:2]
    automatic = gate_of(before[tube], "CD4")
    assert automatic.threshold is not None
    place = f"{automatic.threshold + 0.05:.4f}"
    capsys.readouterr()
    assert main(["override", "add", study, "CD4", "--tube", tube, "--threshold", place, *WHO]) == 0
    said = capsys.readouterr()
    record = said.out.strip()
    assert said.err == f"A worker analyses {tube} again; see: cytorecon jobs STUDY.\n"
    assert results(study) == before

    assert batch(cohort, study) == 0
    after = results(study)
    manual = gate_of(after[tube], "CD4")
    assert (manual.method, manual.override, manual.threshold) == ("manual", record, float(place))
    assert manual.automatic_threshold == automatic.threshold
    assert after[tube].provenance.gates_version != before[tube].provenance.gates_version
    assert after[tube].counts != before[tube].counts
    assert after[other] == before[other]

    assert batch(cohort, study) == 0
    assert results(study) == after
    capsys.readouterr()
    assert main(["override", "list", study, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["override"], row["state"], row["results"]) == (record, "stands", 1)
    assert row["base_threshold"] == automatic.threshold

    assert main(["override", "undo", study, record, *WHO]) == 0
    assert batch(cohort, study) == 0
    assert results(study) == before
    capsys.readouterr()
    assert main(["override", "list", study]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "CD4" in line]
    assert [line[1:3] for line in lines] == [["set", "threshold"], ["undo", record]]


def test_exclude_for_a_template(cohort: Path, study: str) -> None:
    found = {name for name, result in results(study).items() if gate_of(result, "CD19").status == "found"}
    assert len(found) >= 2
    assert main(["override", "add", study, "CD19", "--template", "tbnk", "--exclude", *WHO]) == 0
    assert batch(cohort, study) == 0
    after = results(study)
    assert {gate_of(after[name], "CD19").reason for name in found} == {"excluded by hand"}
    for name in found:
        (cells,) = (count for count in after[name].counts if count.population == "B")
        assert (cells.status, cells.reason) == ("not_evaluable", "CD19: excluded by hand")


def test_an_upload_is_gated_with_the_records_there_are(cohort: Path, study: str) -> None:
    with StudyStore.open(study) as store:
        tube = store.study().tubes[0].tube
        store.remove_tube(tube, reason="makes room for its file")
    assert main(["override", "add", study, "CD45_positive", "--template", "tbnk", "--exclude", *WHO]) == 0
    (file, *_) = sorted((cohort / "fcs").glob("*.fcs"))
    with StudyStore.open(study) as store:
        result = add_tube(store, file, Tube(tube="P07/d3/1", patient="P07", day=3))
    assert gate_of(result, "CD45_positive").reason == "excluded by hand"
    assert result.provenance.overrides_sha256


def test_a_record_about_no_tube_is_named(
    cohort: Path, study: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with StudyStore.open(study) as store:
        gone = Override(
            action="exclude",
            template="tbnk",
            gate="CD4",
            scope="batch",
            target="tbnk-gone",
            by="AB",
            on=date(2026, 5, 4),
            why="stain failed",
        )
        store.add_override(gone)
    before = results(study)
    capsys.readouterr()
    assert batch(cohort, study) == 0
    assert results(study) == before
    assert (
        f"warning: overrides: Override {gone.id} of gate CD4 (batch tbnk-gone) is about no tube. Record the "
        "decision again for tubes or batches there are, or undo it."
    ) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["CD4", "--tube", "P99/d1/1", "--accept"],
            "error: tube: The study has no such tube. Found: P99/d1/1. Allowed: {tubes}.",
        ),
        (
            ["CD4", "--batch", "x", "--accept"],
            "error: batch: The study has no such batch. Found: x. Allowed: {batch}.",
        ),
        (
            ["CD4", "--template", "t_memory", "--threshold", "0.5"],
            "error: template: The study has no such template. Found: t_memory. Allowed: tbnk.",
        ),
        (
            ["CD4", "--tube", "{tube}", "--threshold", "1234"],
            (
                "error: override of gate CD4, threshold: The position lies outside of the axis. "
                "Found: 1234. Allowed: "
                "-0.25 to 1.15, on the transformed scale. 0 to 1 is the range of the detector; "
                "the position is none of "
                "its linear values."
            ),
        ),
        (
            ["CD4", "--tube", "{tube}", "--template", "t_memory", "--threshold", "0.5"],
            (
                "error: override of gate CD4, template: {tube} was gated by another template. "
                "Found: t_memory. "
                "Allowed: tbnk."
            ),
        ),
        (
            ["CD4.FITC-A", "--tube", "{tube}", "--threshold", "0.5"],
            (
                "error: override of gate CD4.FITC-A, gate: The gate has no such part in this "
                "tube. Found: CD4.FITC-A. "
                "Allowed: CD4. A gate on several channels is decided channel by channel."
            ),
        ),
    ],
)
def test_what_is_not_there_is_named(
    shared: str, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with StudyStore.open(shared) as store:
        tubes = [tube.tube for tube in store.study().tubes]
        (name,) = json.loads(store.settings())["batches"]
    known = {"tube": tubes[0], "tubes": ", ".join(tubes), "batch": name}
    assert main(["override", "add", shared, *(word.format(**known) for word in words), *WHO]) == 1
    assert capsys.readouterr().err.strip() == message.format(**known)
    with StudyStore.open(shared) as store:
        assert store.overrides() == ()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--tube", "t"], "Give one of --threshold, --polygon, --accept and --exclude."),
        (
            ["--tube", "t", "--accept", "--exclude"],
            "Give one of --threshold, --polygon, --accept and --exclude.",
        ),
        (["--accept"], "Give --tube, --batch or --template: for what the decision holds."),
        (["--tube", "t", "--batch", "b", "--accept"], "Give --tube or --batch, not both."),
        (
            ["--tube", "t", "--polygon", "0.1,0.2 0.3"],
            "'0.1,0.2 0.3' is not X,Y X,Y X,Y, e.g. 0.1,0.2 0.5,0.2 0.5,0.6.",
        ),
    ],
)
def test_wrong_words(words: list[str], message: str, shared: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["override", "add", shared, "CD4", *words, *WHO]) == 1
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_what_was_never_recorded_cannot_be_undone(shared: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["override", "undo", shared, "12ab", *WHO]) == 1
    assert capsys.readouterr().err == (
        "error: override: No record that stands has this identifier. Found: 12ab. "
        "Allowed: none: no record stands. See: cytorecon override list STUDY.\n"
    )


@pytest.fixture(scope="session")
def shared(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the place of a study that no test changes."""
    place = str(tmp_path_factory.mktemp("overrides") / "study")
    assert batch(cohort, place) == 0
    return place


def test_who_decides_on_what_is_no_longer_so_is_told(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    tube = min(results(study))
    words = ["override", "add", study, "CD4", "--tube", tube]
    capsys.readouterr()
    assert main([*words, "--threshold", "0.5", "--seen", "", "--by", "AB", "--why", "valley"]) == 0
    first = capsys.readouterr().out.strip()
    assert main([*words, "--threshold", "0.6", "--seen", "", "--by", "CD", "--why", "dim cells"]) == 1
    said = capsys.readouterr().err
    assert "Somebody else decided about this gate meanwhile; nothing was stored." in said
    assert f"Found: now set to 0.5, for {tube}, by AB on " in said
    assert "Allowed: what you saw: the automatic position." in said
    assert main([*words, "--threshold", "0.6", "--seen", first, "--by", "CD", "--why", "dim cells"]) == 0
    with StudyStore.open(study) as store:
        assert [record.threshold for record in store.overrides()] == [0.5, 0.6]
