"""What a haematologist reads about one patient."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cytorecon.report import ReportFiles, write_report
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult
from tests.builders import file_sha256
from tests.report.pages import Page, read_page
from tests.report.studies import part


@pytest.fixture(scope="module")
def pages(report: ReportFiles) -> dict[str, Page]:
    return {patient: read_page(path) for patient, path in report.patients.items()}


def table(page: Page, corner: str, column: str = "") -> dict[str, dict[str, str]]:
    """Return the table whose first heading is `corner` (and that has `column`) by row and column."""
    for rows in page.tables:
        if rows[0][0] == corner and (not column or column in rows[0]):
            return {row[0]: dict(zip(rows[0], row, strict=False)) for row in rows[1:]}
    raise AssertionError(f"no table begins with {corner}")


def test_the_latest_value_has_unit_interval_events_lloq_and_reference(pages: dict[str, Page]) -> None:
    row = table(pages["P02"], "Population")["CD4 T"]
    assert row == {
        "Population": "CD4 T",
        "Value": "95",
        "Unit": "cells/µL",
        "Day": "+365",
        "95 % interval": "93–97",
        "Events": "5,700",
        "LLOQ": "0.83",
        "Counted by": "beads",
        "Position": "▼ below",
        "Reference at this age": "664–1,693 Shearer 2003, 10th–90th percentile",
        "Compared with the visit before": "up from 70 cells/µL on day +180",
    }


def test_the_latest_value_of_a_population_not_evaluable_since_says_so(tmp_path: Path) -> None:
    """B of P02 is not evaluable on day +180; cut the study there."""
    cut = part("P02", keep=lambda tube: tube.day <= 180)
    report = write_report(cut, tmp_path, software_version="0.1.0")
    row = table(read_page(report.patients["P02"]), "Population")["B"]
    assert (row["Value"], row["Day"]) == ("<0.9", "+100")
    assert row["Compared with the visit before"].endswith(
        "No value since. +180: not evaluable, CD19 has no valley between negative and positive events."
    )


def test_the_sentences_at_the_top(pages: dict[str, Page]) -> None:
    text = pages["P02"].texts["summary"]
    assert (
        "CD4 T: 95 cells/µL on day +365 (95 % interval 93–97); up from 70 cells/µL on day +180; "
        "below the reference for this age, 664–1,693 cells/µL (Shearer 2003, 10th–90th percentile)."
    ) in text
    assert "Before relying on this page: 1 tube without a result and 1 remark to look at again." in text
    assert "HCT1 on day 0, DLI1 on day +120" in text
    assert "6 years" in text
    assert "5 of 6" in text


def test_below_the_lloq_is_neither_zero_nor_missing(pages: dict[str, Page]) -> None:
    visits = table(pages["P01"], "Day", "Visit")
    assert visits["+14"]["B cells/µL"].startswith("<0.9 0–")
    assert visits["+100"]["B cells/µL"].startswith("30 ")
    cells = [cell for rows in pages["P01"].tables for row in rows for cell in row]
    assert "0" not in cells


def test_without_a_count_method_there_is_no_concentration(pages: dict[str, Page]) -> None:
    visits = table(pages["P03"], "Day", "Visit")
    assert visits["+30"]["Counted by"] == "no count method"
    assert visits["+30"]["CD4 T cells/µL"] == (
        "no count method neither beads, nor a blood count, nor a volume was given"
    )
    assert visits["+60"]["CD4 T cells/µL"].startswith("180 ")


def test_a_failed_tube_keeps_its_line_with_the_reason(pages: dict[str, Page]) -> None:
    (row,) = [row for rows in pages["P02"].tables for row in rows if len(row) > 2 and row[2] == "P02/d60/1"]
    assert row == [
        "+60",
        "+60",
        "P02/d60/1",
        "✕ No result: The file ends before its data do. Found: 61,440 bytes. Allowed: 1,048,576 bytes.",
    ]


def test_milestones_are_read_in_words(pages: dict[str, Page]) -> None:
    rows = table(pages["P02"], "Milestone")
    late = rows["CD4 T at least 50/µL within 100 days"]
    assert late["Status"] == "● reached late"
    assert late["Reading"] == "CD4 T first ≥ 50/µL between day 100 and day 180; later than day 100."
    assert rows["NK above 100/µL (children)"]["Status"] == "● reached"
    assert rows["CD4 T above 200/µL, confirmed"]["Status"] == "◇ competing event"
    assert "de Koning 2021" in late["Source, and what it found"]
    assert "CD4 T above 104/µL at day 100 (adults)" not in rows
    assert "CD4 T above 104/µL at day 100 (adults)" in pages["P02"].texts["milestones"]
    assert "Not applicable: the rule is for ages from 20 years" in pages["P02"].texts["milestones"]
    assert "Our reading: The study was in children" in late["Source, and what it found"]
    twice = rows["CD4 T above 50/µL on two consecutive visits within 100 days"]
    assert twice["Status"] == "✕ missed"
    assert (
        "Milestones: 5 of 16 that could be judged were reached; of the 5 with a deadline, 2 late, 3 missed."
    ) in pages["P02"].texts["summary"]


def test_a_milestone_that_is_borderline_or_flagged_says_so(pages: dict[str, Page]) -> None:
    rows = table(pages["P01"], "Milestone")
    assert rows["CD4 T at least 50/µL within 100 days"]["Status"] == "★ in time"
    assert "▲" not in rows["CD4 T at least 50/µL within 100 days"]["Reading"]
    assert rows["CD4 T above 200/µL, confirmed"]["Reading"].endswith(
        "▲ Rests on a flagged tube: day 180 (count method changed)."
    )


def test_what_cannot_be_assessed_is_told_and_not_judged(tmp_path: Path) -> None:
    whole = part("P01")
    nobody = whole.study.patients[0].model_copy(update={"programme": "unknown"})
    study = whole.study.model_copy(update={"patients": (nobody,)})
    report = write_report(StudyResult(study=study, tubes=whole.tubes), tmp_path, software_version="0.1.0")
    page = read_page(report.patients["P01"])
    assert "CD4 T at least 50/µL within 100 days" not in table(page, "Milestone")
    assert (
        "CD4 T at least 50/µL within 100 days: Not assessable: programme unknown, the rule is for "
        "allogeneic "
        "stem-cell transplantation or transplantation for severe combined immunodeficiency."
    ) in page.texts["milestones"]
    assert (
        "rules could not be assessed, because the programme, the age or the graft is not known"
        in page.texts["summary"]
    )
    index = table(read_page(report.index), "Milestone")
    assert index["CD4 T at least 50/µL within 100 days"]["Applies to"] == "0 (1 not assessable)"


def test_a_population_that_the_tube_was_not_set_up_for_is_not_assessed(tmp_path: Path) -> None:
    """It is no 100 %, and no reason to look again."""
    whole = part("P01")

    def without_doublets(tube: Tube) -> TubeResult:
        result = whole.tube(tube.tube)
        absent = PopulationCount(
            population="singlets", parent="root", status="not_evaluable", reason="not assessed: no FSC-H"
        )
        return result.model_copy(update={"counts": (absent, *result.counts[1:])})

    result = StudyResult(study=whole.study, tubes=tuple(map(without_doublets, whole.study.tubes)))
    report = write_report(result, tmp_path, software_version="0.1.0")
    page = read_page(report.patients["P01"])
    assert "Not assessed Singlets (no FSC-H)" in page.texts["summary"]
    assert "Singlets" not in page.texts["review"]
    assert "Not assessed Singlets (no FSC-H)" in read_page(report.index).texts["facts"]
    rows = [line.split(",") for line in (tmp_path / "counts.csv").read_text().splitlines()]
    own = [dict(zip(rows[0], row, strict=False)) for row in rows[1:] if "singlets" in row[:5]]
    assert {(row["status"], row["reason"], row["percent_of_parent"]) for row in own} == {
        ("not_evaluable", "not assessed: no FSC-H", "")
    }


def test_a_flagged_number_is_marked_and_explained(pages: dict[str, Page]) -> None:
    visits = table(pages["P01"], "Day", "Visit")
    assert visits["+60"]["CD8 T cells/µL"].startswith("210 ▲")
    notes = [row for rows in pages["P01"].tables if rows[0][0] == "How much" for row in rows]
    (doublets,) = [row for row in notes if row[3] == "counts: Flagged: count: doublets."]
    assert doublets[1:3] + doublets[4:] == ["+60", "P01/d60/1", "CD8 T, CD4/CD8 ratio"]
    (switch,) = [row for row in notes if "by another method" in row[3]]
    assert switch[:3] == ["▲ look", "+180", "P01/d180/1"]
    assert switch[3] == (
        "counts: Cells/µL are counted by another method than at the visit before. "
        "A step in the curve may come from the method."
    )
    assert switch[4].startswith("Leukocytes, Lymphocytes, CD3 T")


def test_provenance_names_file_template_gates_sets_and_software(pages: dict[str, Page]) -> None:
    row = table(pages["P01"], "Tube")["P01/d14/1"]
    assert row == {
        "Tube": "P01/d14/1",
        "File (SHA-256)": file_sha256("P01/d14/1"),
        "Template": f"tbnk 1 {'cd' * 32}",
        "Gates version": "ef" * 8,
        "Analysed with": "0.1.0",
    }
    sets = table(pages["P01"], "Set")
    assert sets["Mayo Clinic 2013"]["Populations"] == "CD4 T, CD8 T, B, NK"
    assert sets["Mayo Clinic 2013"]["Source"] not in ("", "–")
    assert "Set" not in [rows[0][0] for rows in pages["P03"].tables], "no age, so no reference"


def test_the_figures_carry_the_numbers_of_the_table(pages: dict[str, Page]) -> None:
    figures = pages["P01"].figures
    assert list(figures) == [
        "data-recovery-cells_per_ul", "data-recovery-percent_of_lymphocytes",
        "data-recovery-percent_of_leukocytes", "data-recovery-ratio",
    ]  # fmt: skip
    hovers = str(figures["data-recovery-cells_per_ul"]["data"])
    assert "CD4 T: 420 cells/µL" in hovers
    assert "B: <0.9 cells/µL" in hovers


def test_without_any_concentration_percentages_take_their_place(tmp_path: Path) -> None:
    """Old tubes without beads or blood counts still make a report."""
    whole = part("P03")

    def without_counts(tube: Tube) -> TubeResult:
        result = whole.tube(tube.tube)
        gone: dict[str, Any] = dict.fromkeys(
            ("cells_per_ul", "cells_per_ul_low", "cells_per_ul_high", "lloq_cells_per_ul", "below_lloq",
             "blood_ul_counted")
        )  # fmt: skip
        counts = tuple(replace(count, **gone, count_method="none") for count in result.counts)
        return result.model_copy(update={"counts": counts})

    result = StudyResult(study=whole.study, tubes=tuple(map(without_counts, whole.study.tubes)))
    report = write_report(result, tmp_path, software_version="0.1.0")
    row = table(read_page(report.patients["P03"]), "Population")["Granulocytes"]
    assert row["Unit"] == "% of leukocytes"
    assert row["Counted by"] == "–"
    index = read_page(report.index)
    assert "% of" in table(index, "Patient")["P03"]["CD4 T"]
