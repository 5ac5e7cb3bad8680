"""The form on the gates page that decides about a gate, and its callbacks, called as functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from dash import Dash, no_update
from dash._callback_context import context_value
from dash._utils import AttributeDict
from dash.exceptions import PreventUpdate

from dashboard import ids
from dashboard.callbacks.decisions import follow, save, show_position, take_position, tell_missing
from dashboard.pages.gates import layout
from dashboard.services.deciding import ACCEPT, SET
from dashboard.services.decisions import READ_ONLY
from dashboard.services.regating import STAYS
from dashboard.services.study import StudyService, current_study
from tests.dashboard.rendered import by_id, of_type, parts, text
from tests.dashboard.test_decisions import CD3, TUBE, desk, stored, with_batch


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
