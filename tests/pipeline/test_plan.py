"""What a study's batches learn, and when they learn again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cytorecon.pipeline import AnalysisSettings, analyze_tubes, plan_study
from cytorecon.pipeline import study as study_module
from cytorecon.pipeline.context import BatchContext
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.study import load_study
from cytorecon.study.model import Study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return a study of ten tubes of one batch."""
    folder = tmp_path_factory.mktemp("cohort") / "c"
    write_cohort(simulate_cohort(patients=2, visits=5, events=3000, seed=5), folder)
    return load_study(folder / "manifest.csv")


def learned(study: Study, places: Sequence[int], known: AnalysisSettings | None = None) -> AnalysisSettings:
    """Return what is known after a run over some tubes of the study."""
    return plan_study(some(study, places), known=known).settings


def some(study: Study, places: Sequence[int]) -> Study:
    return study.model_copy(update={"tubes": tuple(study.tubes[place] for place in places)})


def only(settings: AnalysisSettings) -> BatchContext:
    (context,) = settings.batches.values()
    return context


def test_a_small_batch_is_provisional_and_learns_again_when_it_grows(study: Study) -> None:
    first = learned(study, range(4))
    assert not only(first).is_settled
    grown = learned(study, range(9), first)
    assert only(grown).is_settled
    assert only(grown).prior.tubes == 9
    assert only(grown) == only(learned(study, range(9)))


def test_a_small_batch_that_has_not_grown_stays_as_it_is(study: Study) -> None:
    """A run that is resumed, or has one file less, changes nothing that was given out."""
    first = learned(study, range(4))
    assert learned(study, range(4), first) == first
    assert learned(study, range(3), first) == first


def test_a_settled_batch_stays_as_it_is_until_somebody_asks(study: Study) -> None:
    first = learned(study, range(8))
    assert learned(study, range(10), first) == first
    again = plan_study(study, known=first, relearn=True).settings
    assert only(again).prior.tubes == 10
    assert again != first


def test_a_batch_that_has_doubled_is_worth_a_remark(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    first = learned(study, range(8))
    assert plan_study(study, known=first).remarks == ()
    monkeypatch.setattr(study_module, "GROWN", 1.25)
    (remark,) = plan_study(study, known=first).remarks
    assert str(remark) == (
        "info: batch: Gates of this tbnk batch lean on the 8 tubes it had at first; it has 10 now. "
        "--relearn lets all of them teach, and analyses every tube again; numbers given out may change."
    )


def test_numbers_of_a_provisional_batch_say_so_and_those_of_a_settled_one_do_not(study: Study) -> None:
    for places, said in ((range(4), True), (range(8), False)):
        chosen = some(study, places)
        for _, result in analyze_tubes(chosen.tubes, plan_study(chosen)):
            counted = [count for count in result.counts if count.status == "counted"]
            assert {"batch.few_tubes" in count.review for count in counted} == {said}
