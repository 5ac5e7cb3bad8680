"""Whatever a sheet holds: a study or a StudyError, each row either used or explained."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.errors import Severity, StudyError
from cytorecon.study import Study, load_study
from cytorecon.study.columns import EVENTS, MANIFEST, PATIENTS, SheetColumns

CELLS = st.one_of(
    st.sampled_from(
        [
            *(
                "",
                "P01",
                "P02",
                "30",
                "-7",
                "0",
                "1e5",
                "1e999",
                "nan",
                "inf",
                "-",
                "HCT1",
                "HCT2",
                "yes",
                "maybe",
            ),
            *(
                "2024-03-01",
                "2024-04-05",
                "01.03.2024",
                "03/04/2024",
                "0000-00-00",
                "45382",
                "a.fcs",
                "b.fcs",
            ),
            *(
                "allo_hsct",
                "transplant",
                "cmv",
                "beads",
                "female",
                "0,5",
                "1,500",
                "..",
                "/",
                "\u0661\u0662",
                "³",
            ),
        ]
    ),
    st.text(max_size=8).filter(lambda text: "\x00" not in text),
)


def study_or_refusal(manifest: Path) -> Study | StudyError:
    try:
        return load_study(manifest)
    except StudyError as error:
        return error


def table(columns: SheetColumns) -> st.SearchStrategy[str]:
    names = list(columns.all)

    def written(rows: list[dict[str, str]]) -> str:
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([row.get(name, "") for name in names] for row in rows)
        return buffer.getvalue()

    rows = st.lists(st.dictionaries(st.sampled_from(names), CELLS, max_size=len(names)), max_size=5)
    return rows.map(written)


@settings(max_examples=50)
@given(manifest=table(MANIFEST), patients=table(PATIENTS), events=table(EVENTS))
def test_any_cells_in_the_right_columns(manifest: str, patients: str, events: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for sheet, text in (("manifest", manifest), ("patients", patients), ("events", events)):
            (folder / f"{sheet}.csv").write_text(text, encoding="utf-8", newline="")
        study = study_or_refusal(folder / "manifest.csv")
    if isinstance(study, StudyError):
        assert study.message == "No row of the manifest can be used."
        return
    known = {patient.patient for patient in study.patients}
    assert {tube.patient for tube in study.tubes} <= known
    assert {event.patient for event in study.events} <= known
    assert len({tube.tube for tube in study.tubes}) == len(study.tubes)
    for patient in study.patients:
        assert patient.anchors[0].day == 0
        assert len({anchor.name for anchor in patient.anchors}) == len(patient.anchors)
    used = {tube.row for tube in study.tubes}
    refused = {
        int(issue.subject.split()[2].rstrip(","))
        for issue in study.issues
        if issue.severity is Severity.ERROR and issue.subject.startswith("manifest row")
    }
    assert not used & refused


@settings(max_examples=25)
@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        for sheet in ("manifest.csv", "manifest.xlsx"):
            path = Path(name, sheet)
            path.write_bytes(content)
            outcome = study_or_refusal(path)
            assert isinstance(outcome, Study) or outcome.subject == "manifest"
