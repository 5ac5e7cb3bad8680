"""Decide about a gate on the gates page: what stands, what is missing, what is stored, what conflicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cytorecon.gating.overrides import Override
from cytorecon.gating.prior import GatingPrior
from cytorecon.jobs.model import Job, Outcome, Request
from cytorecon.jobs.regating import Regated
from cytorecon.pipeline import AnalysisSettings, BatchContext
from cytorecon.results import GateRecord
from cytorecon.transforms import TransformSet
from dashboard.services.deciding import (
    ACCEPT,
    BATCH,
    EXCLUDE,
    SET,
    DecisionForm,
    decide,
    place_of,
    problem_of,
    take_back,
)
from dashboard.services.decisions import (
    NO_SUCH_GATE,
    NO_WORKER,
    OLDER,
    OTHER_SETTINGS,
    OWN_TEMPLATE,
    READ_ONLY,
    DecisionView,
    Standing,
    decision_rows,
    decision_view,
    follows_decisions,
)
from dashboard.services.regating import STAYS, followed_in_words, regate_progress
from dashboard.services.study import StudyService
from tests.builders import study
from tests.dashboard.analysis import InstantDesk

TUBE, OTHER = "P01/d30/1", "P01/d60/1"
ON = date(2026, 5, 4)
CD3 = DecisionForm(TUBE, "CD3", "threshold", SET, "0.5", by="AB", why="valley")
BATCH_NAME = "tbnk-1"


def with_batch(service: StudyService) -> None:
    """Say that two tubes were gated as one batch that the study knows."""
    context = BatchContext(
        batch=BATCH_NAME,
        template="tbnk",
        template_version="1",
        template_sha256="cd" * 32,
        scales=TransformSet(()).to_json(),
        prior=GatingPrior(),
    )
    settings = AnalysisSettings(software_version="0.1.0", batches={BATCH_NAME: context})
    service.store.set_settings(settings.model_dump_json())
    hashes = {"prior_sha256": context.prior.sha256, "transforms_sha256": context.transforms.sha256}
    for tube in service.store.study().tubes:
        if tube.tube in (TUBE, OTHER):
            result = service.store.tube_result(tube.tube)
            provenance = result.provenance.model_copy(update=hashes)
            service.store.save_tube(tube, result.model_copy(update={"provenance": provenance}))


def gate(service: StudyService, name: str) -> GateRecord:
    return next(one for one in service.store.tube_result(TUBE).gates if one.gate == name)


def view(service: StudyService, name: str = "CD3") -> DecisionView:
    return decision_view(service, service.store.tube_result(TUBE), gate(service, name))


def stored(service: StudyService, form: DecisionForm = CD3) -> Override:
    outcome = decide(service, form, view(service, form.gate).seen[form.seen_key], ON)
    assert outcome.record is not None, outcome.problem
    return outcome.record


def desk(service: StudyService) -> InstantDesk:
    assert isinstance(service.desk, InstantDesk)
    return service.desk


def test_what_stands_is_the_automatic_position_until_somebody_decides(service: StudyService) -> None:
    assert view(service).stands == Standing("automatic")
    record = stored(service)
    assert (record.threshold, record.base_threshold, record.target) == (0.5, 0.45, TUBE)
    stands = Standing("set to 0.5", "AB", "2026-05-04", "valley", "this tube")
    assert view(service).stands == stands
    assert view(service).seen["sample:part"] == record.id
    assert view(service, "CD19").stands == Standing("automatic")
    (row,) = decision_rows(service, service.store.tube_result(TUBE))
    assert (row.gate, row.what, row.by, row.state, row.can_undo) == ("CD3", "set to 0.5", "AB", "holds", True)


def test_a_batch_is_decided_about_from_one_of_its_tubes(service: StudyService) -> None:
    with_batch(service)
    assert (view(service).batch, view(service).batch_tubes) == (BATCH_NAME, 2)
    record = stored(service, replace(CD3, scope=BATCH))
    assert (record.scope, record.target) == ("batch", BATCH_NAME)
    assert view(service).stands == view(service).stands_for_batch
    stored(service, replace(CD3, position="0.6"))
    assert view(service).stands.what == "set to 0.6"
    assert view(service).stands_for_batch.what == "set to 0.5"
    assert [row.state for row in decision_rows(service, service.store.tube_result(TUBE))] == [
        "holds", "replaced by another",
    ]  # fmt: skip


def test_a_batch_that_is_not_known_is_not_decided_about(service: StudyService) -> None:
    outcome = decide(service, replace(CD3, scope=BATCH), "", ON)
    assert outcome.problem == "The batch of this tube is not known: it was learned again since."
    assert service.store.overrides() == ()


def test_an_exclusion_is_about_the_whole_gate_and_sees_its_parts(service: StudyService) -> None:
    form = DecisionForm(TUBE, "CD19.APC-A", "threshold", EXCLUDE, by="AB", why="stain")
    assert (form.target_gate, form.seen_key) == ("CD19", "sample:whole")
    assert replace(form, action=ACCEPT).target_gate == "CD19.APC-A"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"action": ""}, "Choose what is right."),
        ({"position": " "}, "Say where the gate lies: move the line in the picture, or type the position."),
        (
            {"position": "0,5"},
            (
                "This is not a number. Found: 0,5. Allowed: a number. Write the number with a decimal point "
                "and no separator of thousands."
            ),
        ),
        (
            {"position": "7", "by": ""},
            (
                "The position lies outside of the axis. Found: 7. Allowed: -0.25 to 1.15, on the transformed "
                "scale."
            ),
        ),
        (
            {"kind": "polygon", "gate": "NK_cloud", "position": ""},
            "Say where the gate lies: draw its outline in the picture, or type its corners.",
        ),
        (
            {"kind": "polygon", "gate": "NK_cloud", "position": "0.1,0.2 Muster"},
            "These are not corners. Write x,y pairs separated by spaces, e.g. 0.1,0.2 0.5,0.2 0.5,0.6.",
        ),
        (
            {"kind": "polygon", "gate": "NK_cloud", "position": "0.1,0.2 0.2,0.2"},
            "These points enclose nothing. Found: 2 points. Allowed: 3 points or more.",
        ),
        ({"by": " "}, "Enter your initials."),
        (
            {"by": "ab@clinic.example"},
            "It must be said who decides. Allowed: initials, 1 to 12 characters, no e-mail.",
        ),
        ({"why": ""}, "Enter a reason: what you saw."),
        ({"action": ACCEPT, "position": "nonsense"}, ""),
        ({"action": EXCLUDE}, ""),
        ({}, ""),
    ],
)
def test_what_is_missing_is_said_in_words(service: StudyService, change: dict[str, Any], said: str) -> None:
    form = replace(CD3, **change)
    assert problem_of(form, service.store.tube_result(TUBE), ON) == said
    if said:
        assert decide(service, form, "", ON).problem == said
        assert service.store.overrides() == ()


def test_a_position_is_read_only_where_one_is_set() -> None:
    assert place_of(CD3) == (0.5, ())
    assert place_of(replace(CD3, action=ACCEPT)) == (None, ())
    assert place_of(replace(CD3, kind="polygon", position="0,0 1,0 1,1")) == (None, ((0, 0), (1, 0), (1, 1)))


def test_of_two_who_decide_the_second_is_told_and_can_decide_on_top(service: StudyService) -> None:
    seen = view(service).seen[CD3.seen_key]
    first = stored(service, replace(CD3, by="CD"))
    outcome = decide(service, replace(CD3, position="0.6"), seen, ON)
    assert outcome.conflict is not None
    assert (outcome.conflict.seen, outcome.conflict.stands) == (None, first)
    assert service.store.overrides() == (first,)
    assert decide(service, replace(CD3, position="0.6"), first.id, ON).record is not None


def test_a_decision_is_taken_back_with_initials_and_a_reason(service: StudyService) -> None:
    record = stored(service)
    assert take_back(service, record.id, by="", why="no", on=ON).problem == "Enter your initials."
    assert take_back(service, record.id, by="EF", why="", on=ON).problem == "Enter a reason: what you saw."
    undone = take_back(service, record.id, by="EF", why="another tube", on=ON)
    assert undone.record is not None
    assert undone.record.undoes == record.id
    assert view(service).stands == Standing("automatic")
    rows = decision_rows(service, service.store.tube_result(TUBE))
    assert [(row.what, row.state, row.can_undo) for row in rows] == [
        ("taken back", "", False),
        ("set to 0.5", "taken back", False),
    ]
    again = take_back(service, record.id, by="EF", why="another tube", on=ON)
    assert again.problem.startswith("No record that stands has this identifier.")
    assert [entry.who for entry in service.store.history()[-2:]] == ["AB", "EF"]


def test_what_cannot_work_is_not_offered(service: StudyService, monkeypatch: pytest.MonkeyPatch) -> None:
    assert view(service).refusal == ""
    assert view(service, "lymphocytes").refusal == NO_SUCH_GATE
    service.store.set_settings("{}")
    assert view(service).refusal == OTHER_SETTINGS
    result = service.store.tube_result(TUBE)
    own = result.provenance.model_copy(update={"template": "ours"})
    service.store.set_settings(AnalysisSettings(software_version="0.1.0").model_dump_json())
    mine = decision_view(service, result.model_copy(update={"provenance": own}), gate(service, "CD3"))
    assert mine.refusal == OWN_TEMPLATE
    monkeypatch.setattr(type(service.store), "is_current", lambda _store: False)
    assert view(service).refusal == OLDER
    desk(service).may_write = False
    assert view(service).refusal == READ_ONLY


def test_without_a_worker_the_page_says_that_numbers_wait(service: StudyService) -> None:
    assert view(service).note == ""
    desk(service).worker = False
    assert view(service).note == NO_WORKER


def test_how_far_the_new_analysis_is(service: StudyService) -> None:
    with_batch(service)
    assert regate_progress(service, TUBE).message == ""
    desk(service).kept = (TUBE,)
    record = stored(service)
    assert not follows_decisions(service, service.store.tube_result(TUBE))
    queued = regate_progress(service, TUBE)
    assert (queued.message, queued.is_busy) == ("This tube waits to be analysed again.", True)
    desk(service).worker = False
    assert regate_progress(service, TUBE).message == f"This tube waits to be analysed again. {NO_WORKER}"
    (job,) = desk(service).jobs()
    assert job.request.by == record.by
    said = {
        "running": ("A worker analyses this tube again: gating.", True),
        "failed": ("The new analysis of this tube failed, and its earlier numbers stand: No CD3.", False),
        "cancelled": ("The new analysis of this tube was cancelled, and its earlier numbers stand.", False),
    }
    for state, (message, is_busy) in said.items():
        outcome = Outcome(done=False, message="No CD3.") if state == "failed" else None
        changed = job.model_copy(update={"state": state, "stage": "gating", "outcome": outcome})
        desk(service).put(changed)
        progress = regate_progress(service, TUBE)
        assert (progress.message, progress.is_busy) == (message, is_busy)
    desk(service).taken = []
    assert regate_progress(service, TUBE).message == STAYS


def test_what_follows_for_the_other_tubes() -> None:
    def job(tube: str) -> Job:
        (own,) = [one for one in study().tubes if one.tube == tube]
        return Job(id=tube, request=Request(kind="regate", tube=own), state="queued")

    here, there = job(TUBE), job(OTHER)
    assert followed_in_words(Regated((here,)), TUBE) == "A worker analyses this tube again."
    assert followed_in_words(Regated((here, there)), TUBE) == (
        "A worker analyses this tube again and 1 other tube."
    )
    assert followed_in_words(Regated((there,), (TUBE,)), TUBE) == (
        "A worker analyses 1 other tube again. Of 1 tube the file is not kept with the study: those numbers "
        "stay until the next batch."
    )
    assert followed_in_words(Regated(), TUBE) == ""
