"""What goes in comes out, on each database."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import StoreError
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.store import NOT_ANALYSED, StudyStore
from cytorecon.store.documents import RESULT, TUBE, from_text, to_text
from cytorecon.study.model import Patient, Study, Tube
from tests.store.examples import SETTINGS, STUDY, TUBES, failed, result_of, without_paths


def test_study_and_settings_come_back_equal(store: StudyStore, location: str) -> None:
    assert store.study() == without_paths(STUDY)
    assert store.settings() == SETTINGS
    with StudyStore.open(location) as again:
        assert again.study() == without_paths(STUDY)
        assert again.settings() == SETTINGS


def test_a_result_comes_back_equal_in_another_process_s_store(store: StudyStore, location: str) -> None:
    result = result_of("P02/d30/1")
    store.save_tube(TUBES[0], result)
    with StudyStore.open(location) as again:
        assert again.tube_result("P02/d30/1") == result
        assert again.result().tubes[0] == result


def test_infinite_vertices_and_small_numbers_survive(store: StudyStore) -> None:
    store.save_tube(TUBES[0], result_of("P02/d30/1"))
    gates = store.tube_result("P02/d30/1").gates
    assert gates[1].vertices == ((0.25, float("-inf")), (float("inf"), 0.5), (0.1, 1e-300))
    assert gates[0].threshold == 0.30000000000000004


def test_every_tube_of_the_study_has_a_result_in_sheet_order(store: StudyStore) -> None:
    store.save_tube(TUBES[2], result_of("P01/d-7/1"))
    store.save_tube(TUBES[0], failed("P02/d30/1"))
    found = store.result()
    assert [tube.tube for tube in found.tubes] == ["P02/d30/1", "P01/d30/1", "P01/d-7/1"]
    assert [tube.tube for tube in found.study.tubes] == ["P02/d30/1", "P01/d30/1", "P01/d-7/1"]
    assert [tube.status for tube in found.tubes] == ["failed", "failed", "done"]


def test_a_tube_that_was_not_analysed_says_so(store: StudyStore) -> None:
    pending = store.tube_result("P01/d30/1")
    assert pending == store.result().tubes[1]
    assert pending.error == (
        "This tube has not been analysed yet. "
        "Wait for the batch that is running, or start it again: finished tubes are kept."
    )
    assert [issue.code for issue in pending.issues] == [NOT_ANALYSED]


def test_saving_again_replaces_the_result(store: StudyStore) -> None:
    store.save_tube(TUBES[0], failed("P02/d30/1"))
    store.save_tube(TUBES[0], result_of("P02/d30/1", events=7))
    assert store.tube_result("P02/d30/1") == result_of("P02/d30/1", events=7)
    assert len(store.study().tubes) == 3


def test_plots_can_be_left_out(store: StudyStore) -> None:
    result = result_of("P02/d30/1")
    store.save_tube(TUBES[0], result)
    assert result.plots
    assert store.result(plots=False).tubes[0] == result.model_copy(update={"plots": ()})


def test_an_upload_of_a_new_patient_comes_after_the_sheet(store: StudyStore) -> None:
    uploaded = Tube(tube="P00/d14/1", patient="P00", day=14)
    store.save_patient(Patient(patient="P00", age_years=8.0))
    store.save_tube(uploaded, result_of("P00/d14/1"))
    added = Tube(tube="P01/d60/1", patient="P01", day=60, row=5)
    store.save_tube(added, result_of("P01/d60/1"))
    study = store.study()
    assert [patient.patient for patient in study.patients] == ["P02", "P01", "P00"]
    assert [tube.tube for tube in study.tubes] == [
        "P02/d30/1",
        "P01/d30/1",
        "P01/d-7/1",
        "P01/d60/1",
        "P00/d14/1",
    ]
    assert study.tubes[-1] == uploaded


def test_saving_a_known_patient_replaces_what_is_known(store: StudyStore) -> None:
    store.save_patient(Patient(patient="P02", age_years=42.0))
    assert store.study().patients == (Patient(patient="P02", age_years=42.0), STUDY.patients[1])


def test_done_names_finished_tubes_with_the_hash_of_their_file(store: StudyStore) -> None:
    assert store.done() == {}
    store.save_tube(TUBES[0], result_of("P02/d30/1", sha256="1" * 64))
    store.save_tube(TUBES[1], failed("P01/d30/1"))
    store.save_tube(TUBES[2], result_of("P01/d-7/1", sha256="2" * 64))
    store.remove_tube("P01/d-7/1", reason="clotted")
    assert store.done() == {"P01/d-7/1": "2" * 64, "P02/d30/1": "1" * 64}


def test_a_removed_tube_is_out_of_the_study_until_it_is_restored(store: StudyStore) -> None:
    result = result_of("P01/d30/1")
    store.save_tube(TUBES[1], result)
    store.remove_tube("P01/d30/1", reason="clotted")
    without = store.result()
    assert [tube.tube for tube in without.study.tubes] == ["P02/d30/1", "P01/d-7/1"]
    assert [tube.tube for tube in without.tubes] == ["P02/d30/1", "P01/d-7/1"]
    assert store.removed() == (TUBES[1],)
    assert store.tube_result("P01/d30/1") == result
    store.restore_tube("P01/d30/1")
    assert [tube.tube for tube in store.study().tubes] == ["P02/d30/1", "P01/d30/1", "P01/d-7/1"]
    assert store.result().tubes[1] == result
    assert store.removed() == ()


def test_analysing_a_removed_tube_again_does_not_bring_it_back(store: StudyStore) -> None:
    store.remove_tube("P01/d30/1", reason="clotted")
    store.save_tube(TUBES[1], result_of("P01/d30/1"))
    assert store.removed() == (TUBES[1],)


def test_new_settings_replace_the_old(store: StudyStore) -> None:
    store.set_settings('{"transforms": {}}', reason="new batch")
    assert store.settings() == '{"transforms": {}}'


def test_the_revision_counts_changes_and_not_reads(store: StudyStore) -> None:
    assert store.revision() == 1
    store.save_tube(TUBES[0], result_of("P02/d30/1"))
    store.result(), store.study(), store.history()
    assert store.revision() == 2


def test_a_refused_change_leaves_no_trace(store: StudyStore) -> None:
    before = store.history()
    with pytest.raises(StoreError):
        store.save_tube(Tube(tube="P9/d1/1", patient="P9", day=1), result_of("P9/d1/1"))
    with pytest.raises(StoreError):
        store.remove_tube("P9/d1/1", reason="clotted")
    assert store.history() == before
    assert store.study() == without_paths(STUDY)


def test_a_study_without_tubes_can_be_kept(location: str) -> None:
    empty = Study(name="empty", patients=(), tubes=())
    with StudyStore.create(location, empty, "{}", software_version="0.1.0") as store:
        assert store.study() == empty
        assert store.result().tubes == ()


def test_exists_before_and_after(location: str) -> None:
    assert not StudyStore.exists(location)
    StudyStore.create(location, STUDY, SETTINGS, software_version="0.1.0").close()
    assert StudyStore.exists(location)


def test_documents_of_schema_1_can_be_read() -> None:
    """Fields may be added to a model with a default; what was stored before must still open."""
    tube = '{"tube":"P01/d30/1","patient":"P01","day":30}'
    assert from_text(TUBE, tube, subject="", field="") == Tube(tube="P01/d30/1", patient="P01", day=30)
    result = {
        "tube": "P01/d30/1",
        "status": "done",
        "n_events": 3,
        "channels": ["FITC-A"],
        "counts": [{"population": "B", "parent": "root", "status": "not_evaluable", "reason": "no CD19"}],
        "gates": [
            {"gate": "a", "parent": "root", "kind": "polygon", "status": "found", "vertices": [[0, 1]]}
        ],
        "issues": [{"code": "a.b", "severity": "warning", "subject": "s", "message": "m", "hint": ""}],
        "provenance": {"file_sha256": "0", "template": "tbnk"},
    }
    read = from_text(RESULT, json.dumps(result), subject="", field="")
    assert read.counts == (
        PopulationCount(population="B", parent="root", status="not_evaluable", reason="no CD19"),
    )
    assert read.gates[0].vertices == ((0.0, 1.0),)
    assert str(read.issues[0]) == "warning: s: m"


@given(
    st.lists(st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)), max_size=4),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.none() | st.integers(min_value=0),
)
def test_any_result_survives_as_a_document(
    vertices: list[tuple[float, float]], words: str, events: int | None
) -> None:
    result = result_of("P01/d30/1")
    gate = replace(result.gates[0], vertices=tuple(vertices), reason=words)
    count = replace(result.counts[0], events=events)
    changed = TubeResult.model_validate(
        result.model_copy(update={"gates": (gate,), "counts": (count,)}).model_dump()
    )
    assert from_text(RESULT, to_text(RESULT, changed), subject="", field="") == changed
