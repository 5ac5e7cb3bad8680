"""Reading again gives what a full reading gives, on each database; only texts that changed are read."""

from __future__ import annotations

from sqlalchemy import text

from cytorecon.store import StudyStore
from cytorecon.store.reading import ReadStudy
from tests.store.examples import TUBES, result_of


def analysed(store: StudyStore) -> ReadStudy:
    for tube in TUBES:
        store.save_tube(tube, result_of(tube.tube))
    return store.read()


def read_anew(before: ReadStudy, after: ReadStudy) -> set[str]:
    """Return the tubes whose results were not taken over."""
    return {tube for tube, stored in after.stored.items() if stored is not before.stored.get(tube)}


def test_only_a_result_that_changed_is_read_again(store: StudyStore) -> None:
    first = analysed(store)
    store.save_tube(TUBES[0], result_of(TUBES[0].tube, events=77))
    second = store.read(first)
    assert read_anew(first, second) == {TUBES[0].tube}
    assert second.result == store.result(plots=False) != first.result
    assert second.revision == store.revision() == first.revision + 1
    # what was taken over is known to the next one, too
    assert read_anew(second, store.read(second)) == set()


def test_tubes_and_patients_are_the_same_values(store: StudyStore) -> None:
    first = analysed(store)
    second = store.read(first)
    pairs = zip(
        (*first.result.study.tubes, *first.result.study.patients),
        (*second.result.study.tubes, *second.result.study.patients),
        strict=True,
    )
    assert all(one is other for one, other in pairs)


def test_a_removed_tube_goes_and_comes_back(store: StudyStore) -> None:
    first = analysed(store)
    store.remove_tube(TUBES[1].tube, reason="mixed up")
    second = store.read(first)
    assert [tube.tube for tube in second.removed] == [TUBES[1].tube]
    assert second.result == store.result(plots=False)
    store.restore_tube(TUBES[1].tube)
    assert store.read(second).result == store.result(plots=False) == first.result


def test_a_document_that_was_changed_by_other_means_is_read_again(store: StudyStore) -> None:
    """The revision and the history say nothing of it: what tells is the text itself."""
    first = analysed(store)
    with store._writing() as connection:
        changed = text("UPDATE results SET document = replace(document, :done, :failed) WHERE tube = :tube")
        connection.execute(changed, {"done": '"done"', "failed": '"failed"', "tube": TUBES[1].tube})
    second = store.read(first)
    assert second.revision == first.revision
    assert read_anew(first, second) == {TUBES[1].tube}
    assert second.result.tube(TUBES[1].tube).status == "failed"
