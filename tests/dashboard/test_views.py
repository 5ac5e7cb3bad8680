"""What the pages show for a selection: gates, patient, cohort."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from cytorecon.figures.cohort import WindowSummary
from cytorecon.figures.crossings import crossings, primary_crossings
from cytorecon.figures.points import patient_points
from cytorecon.report.tables import study_tables
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.tables import COHORT_COLUMNS, TRAJECTORY_COLUMNS
from dashboard.services.cohorts import cohort_csv, cohort_view, window_summaries
from dashboard.services.gates import chosen_gate, gate_rows, population_rows, provenance_rows
from dashboard.services.measures import available_measures, usual_populations
from dashboard.services.patients import Card, chosen_patient, patient_csv, patient_view
from dashboard.services.selection import TrajectorySelection, trajectory_selection
from dashboard.services.study import StudyService
from tests.builders import WITHOUT_COUNT_TUBE, file_sha256, study_result


def test_gates_are_a_tree_with_numbers_and_reasons() -> None:
    rows = gate_rows(study_result().tube("P02/d180/1"))
    assert [(row.gate, row.depth, row.shape, row.has_plot) for row in rows] == [
        ("viability", 1, "○", False),
        ("lymphocytes", 2, "●", True),
        ("CD3", 3, "●", True),
        ("CD19", 4, "✕", True),
    ]
    assert rows[3].numbers == "Not evaluable: no valley between negative and positive events"


def test_populations_are_a_tree_with_units_and_missing_is_a_dash() -> None:
    rows = {row.label: row for row in population_rows(study_result().tube("P02/d180/1"))}
    assert (rows["CD4 T"].depth, rows["CD4 T"].cells_per_ul, rows["CD4 T"].interval) == (
        4, "70 cells/µL", "68–72",
    )  # fmt: skip
    lost = rows["B"]
    assert {lost.events, lost.percent_of_parent, lost.cells_per_ul, lost.interval, lost.method} == {"–"}
    assert lost.status == "not evaluable: CD19 has no valley between negative and positive events"
    words = {row.status.partition(":")[0] for row in rows.values()}
    assert words <= {"ok", "review", "not detected", "below LLOQ", "not evaluable"}
    assert population_rows(study_result().tube("P01/d14/1"))[7].cells_per_ul == "<0.9 cells/µL"


def shown(result: TubeResult, wanted: str = "") -> str:
    gate = chosen_gate(result, wanted)
    return "" if gate is None else gate.gate


def flagged(result: TubeResult, code: str) -> TubeResult:
    """Return `result` with `code` on CD3 T."""
    counts = tuple(
        replace(count, review=(code,)) if count.population == "CD3_T" else count for count in result.counts
    )
    return result.model_copy(update={"counts": counts})


def test_the_gate_that_is_asked_for_is_shown_else_that_of_the_lymphocytes() -> None:
    result = study_result().tube("P01/d14/1")
    assert [shown(result, name) for name in ("CD3", "viability", "nope", "")] == [
        "CD3", "lymphocytes", "lymphocytes", "lymphocytes",
    ]  # fmt: skip
    beads_first = result.model_copy(update={"gates": result.gates[::-1]})
    assert shown(beads_first) == "lymphocytes"
    unnamed = tuple(gate for gate in result.gates if gate.gate != "lymphocytes")
    assert shown(result.model_copy(update={"gates": unnamed})) == "CD3"
    assert shown(result.model_copy(update={"plots": ()}), "CD3") == ""


def test_the_first_gate_that_needs_a_look_is_shown_unasked() -> None:
    assert shown(study_result().tube("P02/d180/1")) == "CD19", "not evaluable"
    result = flagged(study_result().tube("P01/d14/1"), "gate.outlier:CD3")
    assert (shown(result), shown(result, "lymphocytes")) == ("CD3", "lymphocytes")


def test_a_gate_that_needs_a_look_is_not_green() -> None:
    result = flagged(study_result().tube("P01/d14/1"), "gate.outlier:CD3")
    own = {row.gate: row for row in gate_rows(result)}
    assert (own["CD3"].standing, own["CD3"].shape) == ("watch", "◆")
    assert own["CD3"].doubts == ("CD3 threshold far from the batch's",)
    assert (own["CD19"].standing, own["CD19"].doubts) == ("good", ())
    by_itself = tuple(
        replace(gate, reason="gate.unstable") if gate.gate == "CD19" else gate for gate in result.gates
    )
    rows = {row.gate: row for row in gate_rows(result.model_copy(update={"gates": by_itself}))}
    assert rows["CD19"].doubts == ("CD19 threshold uncertain",)


def test_a_population_that_the_tube_was_not_set_up_for_is_not_assessed() -> None:
    count = PopulationCount(
        population="viable", parent="singlets", status="not_evaluable", reason="not assessed: no dye"
    )
    (row,) = population_rows(TubeResult(tube="P01/d14/1", status="done", counts=(count,)))
    assert (row.percent_of_parent, row.status) == ("–", "not assessed: no dye")


def test_provenance_names_file_template_gates_and_software() -> None:
    result = study_result().tube("P01/d14/1")
    rows = dict(provenance_rows(result.provenance, chosen_gate(result, "CD3")))
    assert rows["File, SHA-256"] == file_sha256("P01/d14/1")
    assert rows["Template"] == "tbnk, version 1"
    assert rows["This gate, version"] == "2b3c4d5e"
    assert rows["Software"] == "cytorecon, version 0.1.0"
    assert "Gate priors, SHA-256" not in rows


def test_cells_per_ul_come_first_where_there_are_any(read_only: StudyService) -> None:
    measures = [measure.name for measure in available_measures(read_only.snapshot())]
    assert measures[0] == "cells_per_ul"
    assert patient_view(read_only.snapshot(), TrajectorySelection(patient="P01")).measure == "cells_per_ul"


def test_a_patient_without_concentrations_shows_percent_though_others_have_them(
    service: StudyService,
) -> None:
    store = service.store
    for tube in store.study().tubes:
        if tube.patient == "P03" and tube.tube != WITHOUT_COUNT_TUBE:
            store.remove_tube(tube.tube, reason="to be left with fractions")
    view = patient_view(service.snapshot(), TrajectorySelection(patient="P03"))
    assert view.measure == "percent_of_leukocytes"
    assert "cells_per_ul" not in [measure.name for measure in view.measures]


def test_a_study_of_fractions_only_shows_percent_of_leukocytes(service: StudyService) -> None:
    store = service.store
    for tube in store.study().tubes:
        if tube.tube != WITHOUT_COUNT_TUBE:
            store.remove_tube(tube.tube, reason="to be left with fractions")
    view = patient_view(service.snapshot(), TrajectorySelection(patient="P03"))
    assert view.measure == "percent_of_leukocytes"
    assert view.populations[:3] == ("lymphocytes", "granulocytes", "monocytes")
    assert view.days_with_results == 1


def test_the_table_has_the_numbers_of_the_figure(read_only: StudyService) -> None:
    snapshot = read_only.snapshot()
    view = patient_view(snapshot, TrajectorySelection(patient="P01", populations=("CD4_T", "B")))
    points = patient_points(snapshot.trajectories, snapshot.counts, patient="P01", measure="cells_per_ul")
    for row in view.visits:
        for population in ("CD4_T", "B"):
            point = next(point for point in points[population] if point.tube == row.tube)
            assert row.cells[population].startswith(point.number)
    assert view.visits[0].cells == {"CD4_T": "12 (11–13)", "B": "<0.9 (0–0.061)"}


def test_a_number_that_needs_a_look_is_marked_in_the_table(read_only: StudyService) -> None:
    view = patient_view(read_only.snapshot(), TrajectorySelection(patient="P01", measure="cells_per_ul"))
    cells = next(row for row in view.visits if row.tube == "P01/d60/1").cells
    assert cells["CD8_T"].endswith(") ◆")
    assert "◆" not in cells["CD4_T"]


def test_a_failed_tube_stays_in_the_table_and_on_the_lane(read_only: StudyService) -> None:
    view = patient_view(read_only.snapshot(), TrajectorySelection(patient="P02"))
    row = next(row for row in view.visits if row.tube == "P02/d60/1")
    assert (row.state, dict(row.cells)) == ("failed", {})
    mark = next(sample for sample in view.samples if sample.tube == "P02/d60/1")
    assert mark.state == "failed"
    assert mark.note.startswith("The file ends before its data do.")


def test_cards_say_age_latest_result_milestone_and_tubes(read_only: StudyService) -> None:
    view = patient_view(read_only.snapshot(), TrajectorySelection(patient="P01"))
    assert view.cards == (
        Card("On day 0", "34 years", "female · allogeneic stem-cell transplantation · PBSC, unrelated"),
        Card("CD4 T on day +365", "420 cells/µL", "below reference", "watch"),
        Card("CD4 T ≥ 50 cells/µL", "between +30 and +60", "★ in time", "good"),
        Card("Tubes analysed", "6 of 6", "1 to look at", "watch"),
    )


def test_only_milestones_that_apply_are_listed_and_the_others_counted(read_only: StudyService) -> None:
    view = patient_view(read_only.snapshot(), TrajectorySelection(patient="P01"))
    titles = [row.title for row in view.milestones]
    assert "CD4 T above 200/µL, confirmed" in titles
    assert not any("children" in title for title in titles)
    own = read_only.snapshot().milestones
    assert len(titles) + len(view.other_rules) == (own["patient"] == "P01").sum()
    reasons = dict(view.other_rules)
    assert reasons["CD4 T above 500/µL (children)"] == (
        "Not applicable: the rule is for ages below 18 years, the patient was 34.5."
    )


def test_a_milestone_has_its_status_caution_and_note(read_only: StudyService) -> None:
    view = patient_view(read_only.snapshot(), TrajectorySelection(patient="P01"))
    rows = {row.title: row for row in view.milestones}
    own = rows["CD4 T at least 50/µL within 100 days"]
    assert (own.status, own.caution) == ("★ in time", "")
    assert own.note.startswith("The study was in children")
    assert own.effect.startswith("Non-relapse mortality")
    assert rows["CD4 T above 200/µL, confirmed"].status == "● reached"
    assert rows["CD4 T above 200/µL, confirmed"].caution == (
        "Rests on a flagged tube: day 180 (count method changed)."
    )


def test_rules_that_cannot_be_assessed_come_first(read_only: StudyService) -> None:
    view = patient_view(read_only.snapshot(), TrajectorySelection(patient="P03"))
    reasons = [reason.partition(":")[0] for _, reason in view.other_rules]
    assert reasons == sorted(reasons, reverse=True)
    assert set(reasons) == {"Not assessable", "Not applicable"}


def test_milestones_that_no_visit_can_judge_are_not_listed(service: StudyService) -> None:
    for tube in service.store.study().tubes:
        if tube.tube != WITHOUT_COUNT_TUBE:
            service.store.remove_tube(tube.tube, reason="to be left with fractions")
    view = patient_view(service.snapshot(), TrajectorySelection(patient="P03"))
    assert view.milestones == ()
    assert not any("milestone" in card.title for card in view.cards)


def test_report_and_dashboard_draw_the_same_rules(read_only: StudyService) -> None:
    snapshot = read_only.snapshot()
    for patient in snapshot.patients:
        view = patient_view(snapshot, TrajectorySelection(patient=patient, measure="cells_per_ul"))
        found = crossings(study_tables(snapshot.result).applicable, patient=patient)
        assert view.primary == primary_crossings(found, "cells_per_ul")


def test_an_unknown_patient_or_population_is_not_made_up(read_only: StudyService) -> None:
    snapshot = read_only.snapshot()
    assert chosen_patient(snapshot, "") == "P01"
    assert chosen_patient(snapshot, "P77") == ""
    view = patient_view(snapshot, TrajectorySelection(patient="P01", populations=("Treg", "B")))
    assert view.populations == ("B",)


def test_the_selection_survives_the_url() -> None:
    selection = trajectory_selection("ratio", "linear", ["CD4_T", "B"], "P01", "cd4_200")
    assert selection.search == (
        "?patient=P01&measure=ratio&time=linear&populations=CD4_T,B&milestone=cd4_200"
    )
    assert trajectory_selection("bogus", "bogus", "", None) == TrajectorySelection()


def test_downloads_are_the_tidy_tables(read_only: StudyService) -> None:
    snapshot = read_only.snapshot()
    rows = list(csv.DictReader(io.StringIO(patient_csv(snapshot, "P02"))))
    assert tuple(rows[0]) == TRAJECTORY_COLUMNS
    assert {row["patient"] for row in rows} == {"P02"}
    assert tuple(next(csv.reader(io.StringIO(cohort_csv(snapshot))))) == COHORT_COLUMNS


def test_the_cohort_has_every_patient_and_counts_windows(read_only: StudyService) -> None:
    snapshot = read_only.snapshot()
    view = cohort_view(snapshot, TrajectorySelection(populations=("CD4_T",), patient="P02"))
    assert list(view.panels["CD4_T"].patients) == ["P01", "P02", "P03"]
    assert view.highlight == "P02"
    assert view.table_head[:2] == ("Population", "day 14")
    assert view.table_rows == (("CD4 T", "n 3", "n 2", "n 2", "n 3", "n 3", "n 3"),)
    assert view.milestone == "cd4_50_d100"
    assert [crossing.patient for crossing in view.crossings] == ["P01", "P02"]


def test_windows_with_few_patients_have_no_median(read_only: StudyService) -> None:
    snapshot = read_only.snapshot()
    few = window_summaries(snapshot.cohort, "cells_per_ul")["CD4_T"][0]
    assert few == WindowSummary("day 14", 14, 3)
    assert snapshot.cohort["median"].isna().all()
    enough = snapshot.cohort.assign(suppressed=False, median=12.0, median_reported="12")
    window = window_summaries(enough, "cells_per_ul")["CD4_T"][0]
    assert window.median is not None
    assert (window.median.value, window.median.text) == (12.0, "12")


def test_usual_populations_are_those_the_study_has(read_only: StudyService) -> None:
    assert usual_populations(read_only.snapshot(), "percent_of_lymphocytes") == (
        "CD3_T", "CD4_T", "CD8_T", "B", "NK",
    )  # fmt: skip
    assert usual_populations(read_only.snapshot(), "ratio") == ("CD4_CD8_ratio",)


def test_an_empty_study_has_empty_views(service: StudyService) -> None:
    for tube in service.store.study().tubes:
        service.store.remove_tube(tube.tube, reason="to be left with nothing")
    snapshot = service.snapshot()
    view = patient_view(snapshot, TrajectorySelection(patient="P01"))
    assert (view.measure, view.points, view.visits) == ("", {}, ())
    assert cohort_view(snapshot, TrajectorySelection()).measure == ""


def test_a_gate_set_by_hand_says_so() -> None:
    result = study_result().tube("P02/d180/1")
    gates = tuple(
        replace(gate, method="manual", override="12ab") if gate.gate == "CD3" else gate
        for gate in result.gates
    )
    manual = result.model_copy(
        update={
            "gates": gates,
            "provenance": result.provenance.model_copy(update={"overrides_sha256": "34cd"}),
        }
    )
    rows = dict(provenance_rows(manual.provenance, chosen_gate(manual, "CD3")))
    assert rows["This gate, method"] == "manual"
    assert rows["This gate, decided by a person, record"] == "12ab"
    assert rows["Decisions about gates of this tube, SHA-256"] == "34cd"
