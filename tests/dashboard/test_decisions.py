"""Decide about a gate on the gates page: what stands, what is missing, what is stored, what conflicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from dash import Dash, no_update
from dash._callback_context import context_value
from dash._utils import AttributeDict
from dash.exceptions import PreventUpdate

from cytorecon.gating.overrides import Override
from cytorecon.gating.prior import GatingPrior
from cytorecon.jobs.model import Job, Outcome, Request
from cytorecon.jobs.regating import Regated
from cytorecon.pipeline import AnalysisSettings, BatchContext
from cytorecon.results import GateRecord
from cytorecon.transforms import TransformSet
from dashboard import ids
from dashboard.callbacks.decisions import follow, save, show_position, take_position, tell_missing
from dashboard.pages.gates import layout
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
from dashboard.services.study import StudyService, current_study
from tests.dashboard.analysis import InstantDesk
from tests.dashboard.rendered import by_id, of_type, parts, text

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
        from tests.builders import study

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


# the page


@pytest.fixture
def on_page(app: Dash) -> Iterator[StudyService]:
    with app.server.test_request_context():
        yield current_study()


@pytest.fixture
def trigger() -> Iterator[Callable[[str], None]]:
    token = context_value.set(AttributeDict(triggered_inputs=[]))

    def used(prop_id: str) -> None:
        context_value.set(AttributeDict(triggered_inputs=[{"prop_id": prop_id}]))

    yield used
    context_value.reset(token)


def shown(name: str = "CD3") -> dict[str, Any]:
    data: dict[str, Any] = by_id(layout(tube=TUBE, gate=name), ids.DECIDE_ABOUT).data
    return data


FILLED = (SET, "0.5", "sample", "AB", "valley")


@pytest.mark.usefixtures("on_page")
def test_the_form_has_labels_and_a_button_that_waits() -> None:
    page = layout(tube=TUBE, gate="CD3")
    labels = [by_id(page, name).label for name in (ids.DECIDE_POSITION, ids.DECIDE_BY, ids.DECIDE_WHY)]
    assert labels == ["Position", "Your initials", "Reason"]
    assert by_id(page, ids.DECIDE_SAVE).disabled
    assert by_id(page, ids.DECIDE_BY).persistence_type == "session"
    assert "the automatic position; nobody has decided" in text(page)
    assert [radio.label for radio in of_type(page, "Radio")] == [
        "The gate lies elsewhere",
        "The automatic position is right",
        "The gate cannot be evaluated",
        "this tube",
    ]


def test_where_nothing_can_be_decided_there_is_no_form(on_page: StudyService) -> None:
    stored(on_page)
    desk(on_page).may_write = False
    page = layout(tube=TUBE, gate="CD3")
    assert f"✕ {READ_ONLY}" in text(page)
    names = {
        getattr(part, "id", None) for part in parts(page) if not isinstance(getattr(part, "id", 0), dict)
    }
    assert not names & {ids.DECIDE_SAVE, ids.DECIDE_POSITION, ids.DECIDE_BY}
    assert "valley" in text(page)  # what was decided is told all the same
    assert "Take back" not in text(page)
    assert "edits" not in by_id(page, ids.GATES_FIGURE).config


@pytest.mark.usefixtures("on_page")
def test_a_line_that_was_moved_is_the_position(trigger: Callable[[str], None]) -> None:
    about = shown()
    figure = by_id(layout(tube=TUBE, gate="CD3"), ids.GATES_FIGURE).figure
    (handle,) = [place for place, shape in enumerate(figure.layout.shapes) if shape.type == "line"]
    told = {f"shapes[{handle}].x0": 0.52, f"shapes[{handle}].x1": 0.54, f"shapes[{handle}].y0": 0.1}
    assert take_position(told, about, None) == ("0.5300", SET)
    assert take_position({f"shapes[{handle}].x0": 7.0, f"shapes[{handle}].x1": 7.0}, about, None) == (
        "1.0000", SET,
    )  # fmt: skip
    for nothing in (None, {"autosize": True}, {"shapes[99].x0": 0.5}):
        assert take_position(nothing, about, None) == (no_update, no_update)
    patch = show_position("0.61", about).to_plotly_json()["operations"]
    (shapes,) = [one["params"]["value"] for one in patch if one["location"] == ["layout", "shapes"]]
    assert [shape["x0"] for shape in shapes if shape["type"] == "line"] == [0.61]


@pytest.mark.usefixtures("on_page")
def test_an_outline_that_was_drawn_is_the_corners() -> None:
    about = shown() | {"kind": "polygon"}
    path = "M0.1,0.1L0.3,0.1001L0.5,0.1L0.5,0.6L1e-1,0.6Z"
    corners = "0.100,0.100 0.500,0.100 0.500,0.600 0.100,0.600"
    assert take_position({"shapes": [{"type": "path", "path": path}]}, about, None) == (corners, SET)
    assert take_position({"shapes[1].path": path}, about, corners) == (corners, SET)
    assert take_position({"shapes": []}, about, None) == (no_update, no_update)
    assert take_position({"shapes": [{"path": "M0,0L1,1Z"}]}, about, None) == (no_update, no_update)


@pytest.mark.usefixtures("on_page")
def test_buttons_are_told_whether_the_form_is_complete() -> None:
    about = shown()
    button = [{"type": ids.TAKE_BACK, "record": "ab"}]
    assert tell_missing(*FILLED, about, button) == (False, "", False, [False])
    said = "Enter your initials."
    assert tell_missing(ACCEPT, None, "sample", None, None, about, button) == (True, said, True, [True])


def test_a_decision_is_saved_and_followed(on_page: StudyService, trigger: Callable[[str], None]) -> None:
    with_batch(on_page)
    desk(on_page).kept = (TUBE,)
    trigger(f"{ids.DECIDE_SAVE}.n_clicks")
    about = shown()
    message, stands, history, after, why, position, progress, is_off = save(1, [], [], *FILLED, about)
    assert "Saved A worker analyses this tube again." in text(message)
    assert "set to 0.5, for this tube, by AB on " in text(stands)
    assert "Take back" in text(history)
    (record,) = on_page.store.overrides()
    assert isinstance(after, dict)
    assert after["seen"] == about["seen"] | {"sample:part": record.id, "sample:whole": record.id}
    assert (why, position, is_off) == ("", "", False)
    assert "waits to be analysed" in text(progress)
    assert follow(1, about, "")[1:] == (no_update, no_update, no_update, no_update, False)
    desk(on_page).taken = []
    words, _, gates, picture, numbers, ended = follow(2, about, "0.7")
    assert STAYS in text(words)
    assert ended
    assert "CD3" in text(gates)
    figure = by_id(picture, ids.GATES_FIGURE).figure
    assert [shape.x0 for shape in figure.layout.shapes if shape.type == "line"] == [0.7]  # typed meanwhile
    assert "Populations" in text(numbers)


def test_a_conflict_shows_both_versions_and_leaves_the_form(
    on_page: StudyService, trigger: Callable[[str], None]
) -> None:
    about = shown()
    theirs = stored(on_page, replace(CD3, by="CD", position="0.61", why="one cloud more"))
    trigger(f"{ids.DECIDE_SAVE}.n_clicks")
    message, *rest = save(1, [], [], *FILLED, about)
    assert rest == [no_update] * 7
    words = text(message)
    for version in (
        "set to 0.61, for this tube, by CD on 2026-05-04: one cloud more",
        "the automatic position; nobody has decided",
        "set to 0.5, for this tube, by AB on ",
    ):
        assert version in words
    (button,) = of_type(message, "Button")
    assert button.id == {"type": ids.DECIDE_ON_TOP, "seen": theirs.id}
    trigger(f'{{"seen":"{theirs.id}","type":"{ids.DECIDE_ON_TOP}"}}.n_clicks')
    message, *_ = save(1, [1], [], *FILLED, about)
    assert "Saved" in text(message)
    assert [record.by for record in on_page.store.overrides()] == ["CD", "AB"]


def test_take_back_on_the_page(on_page: StudyService, trigger: Callable[[str], None]) -> None:
    record = stored(on_page)
    about = shown()
    trigger(f'{{"record":"{record.id}","type":"{ids.TAKE_BACK}"}}.n_clicks')
    with pytest.raises(PreventUpdate):  # only drawn
        save(None, [], [None], *FILLED, about)
    message, *_ = save(None, [], [1], SET, None, "sample", "", "", about)
    assert text(message) == "Nothing was saved Enter your initials."
    message, stands, *_ = save(None, [], [1], SET, None, "sample", "EF", "no", about)
    assert "Saved" in text(message)
    assert "the automatic position" in text(stands)
