"""Decide about a gate: what stands now, the form, and the decisions about the tube."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from cytorecon.gating.override_check import LONGEST_INITIALS, LONGEST_REASON
from dashboard import ids
from dashboard.components.basics import TICK_MS, Child, data_table, section, with_aria
from dashboard.services.deciding import ACCEPT, BATCH, EXCLUDE, SAMPLE, SET
from dashboard.services.decisions import DecisionRow, DecisionView, Standing

#: What is typed is looked at after so long a rest, ms.
_REST_MS: Final = 400


def decision_section(view: DecisionView) -> html.Section:
    """Return the form that decides about one gate, or why there is none."""
    refusal = html.P(f"✕ {view.refusal}", className="hint") if view.refusal else None
    form = [] if view.refusal else _form(view)
    return section(
        "Decide about this gate",
        html.Div(stands_now(view), id=ids.DECIDE_STANDS),
        refusal,
        dcc.Store(id=ids.DECIDE_ABOUT, data=about(view)),
        *form,
    )


def about(view: DecisionView) -> dict[str, object]:
    """Return what the page sends back with a decision: which gate, and what it showed."""
    return {"tube": view.tube, "gate": view.gate, "kind": view.kind, "seen": dict(view.seen)}


def stands_now(view: DecisionView) -> list[Component]:
    """Return what stands for the gate now, for this tube and for its batch, and what else to know."""
    lines = [("Stands now", view.stands)]
    if view.stands_for_batch != view.stands and view.batch:
        lines.append(("For the batch", view.stands_for_batch))
    parts = [part for what, stands in lines for part in (html.Dt(what), html.Dd(standing_words(stands)))]
    note = [html.P(view.note, className="hint")] if view.note and not view.refusal else []
    return [html.Dl(parts, className="stands"), *note]


def standing_words(stands: Standing) -> str:
    """Return what stands in one line."""
    if not stands.by:
        return "the automatic position; nobody has decided"
    return f"{stands.what}, for {stands.scope}, by {stands.by} on {stands.day}: {stands.why}"


def _form(view: DecisionView) -> list[Component]:
    return [
        html.Div(
            [
                _choice(
                    ids.DECIDE_ACTION,
                    "What is right?",
                    [
                        (SET, "The gate lies elsewhere"),
                        (ACCEPT, "The automatic position is right"),
                        (EXCLUDE, "The gate cannot be evaluated"),
                    ],
                    SET,
                ),
                _choice(ids.DECIDE_SCOPE, "For", _scopes(view), SAMPLE),
            ],
            className="decide-choices",
        ),
        _position(view),
        _who_and_why(),
        with_aria(html.Div(id=ids.DECIDE_MESSAGE), live="polite"),
        html.Div(
            [
                dmc.Button("Save decision", id=ids.DECIDE_SAVE, disabled=True),
                with_aria(
                    html.Span(id=ids.DECIDE_MISSING, className="muted"),
                    live="polite",
                ),
            ],
            className="decide-save",
        ),
    ]


def _scopes(view: DecisionView) -> list[tuple[str, str]]:
    here = [(SAMPLE, "this tube")]
    if not view.batch:
        return here
    return [*here, (BATCH, f"the whole batch ({view.batch_tubes} tubes)")]


def _choice(name: str, label: str, options: Sequence[tuple[str, str]], value: str) -> dmc.RadioGroup:
    radios = [dmc.Radio(label=text, value=option, size="sm") for option, text in options]
    return dmc.RadioGroup(dmc.Stack(radios, gap=6), id=name, label=label, value=value, size="sm")


def _position(view: DecisionView) -> Component:
    if view.kind == "polygon":
        corners: Component = dmc.Textarea(
            id=ids.DECIDE_POSITION,
            label="Corners",
            description="Draw a closed outline in the picture, or type x,y pairs on the transformed scale: "
            "0.1,0.2 0.5,0.2 0.5,0.6",
            autosize=True,
            minRows=1,
            maxRows=4,
            debounce=_REST_MS,
            spellCheck=False,
        )
        return corners
    threshold: Component = dmc.TextInput(
        id=ids.DECIDE_POSITION,
        label="Position",
        description="Drag the line in the picture, or type it on the transformed scale "
        "(0 to 1 is the range of the detector)",
        autoComplete="off",
        debounce=_REST_MS,
        placeholder=f"now {view.position}" if view.position else None,
        inputProps={"inputMode": "decimal"},
        w=320,
    )
    return threshold


def _who_and_why() -> html.Div:
    return html.Div(
        [
            dmc.TextInput(
                id=ids.DECIDE_BY,
                label="Your initials",
                autoComplete="off",
                required=True,
                debounce=_REST_MS,
                # of this tab: the next gate is decided by the same person
                persistence=True,
                persistence_type="session",
                inputProps={"maxLength": LONGEST_INITIALS},
                w=120,
            ),
            dmc.TextInput(
                id=ids.DECIDE_WHY,
                label="Reason",
                autoComplete="off",
                required=True,
                debounce=_REST_MS,
                inputProps={"maxLength": LONGEST_REASON},
                className="decide-why",
            ),
        ],
        className="decide-who",
    )


def progress_part(message: str, *, is_busy: bool) -> html.Div:
    """Return the line that says how far the new analysis is, and the clock that asks."""
    return html.Div(
        [
            with_aria(html.Div(progress_words(message), id=ids.REGATE_PROGRESS), live="polite"),
            dcc.Interval(id=ids.REGATE_POLL, interval=TICK_MS, disabled=not is_busy),
        ]
    )


def progress_words(message: str) -> Child:
    """Return how far the new analysis is; nothing when there is none."""
    return html.Div(message, className="panel notes") if message else None


def saved(message: str) -> dmc.Alert:
    """Return the message after a decision was stored."""
    return dmc.Alert(message, title="Saved", color="teal")


def not_saved(message: str) -> dmc.Alert:
    """Return the message when nothing was stored."""
    return dmc.Alert(message, title="Nothing was saved", color="red")


def conflict_panel(stands: str, saw: str, yours: str, seen: str) -> dmc.Alert:
    """Return both versions side by side, after somebody else decided first.

    Parameters
    ----------
    stands, saw, yours : str
        In words: what stands now, what the person saw, what they wanted.
    seen : str
        Identifier of what stands now: saving on top of it says that it was looked at.
    """
    columns = [("Stands now", stands), ("You had seen", saw), ("Yours, not saved", yours)]
    return dmc.Alert(
        [
            html.Div(
                [
                    html.Div([html.Div(title, className="figure-title"), html.Div(text)])
                    for title, text in columns
                ],
                className="conflict-versions",
            ),
            html.Div("What you entered is still in the form.", className="small"),
            dmc.Button(
                "Save mine on top of it",
                id={"type": ids.DECIDE_ON_TOP, "seen": seen},
                size="compact-sm",
                variant="default",
                mt=6,
            ),
        ],
        title="Yours was not saved: somebody else decided about this gate meanwhile",
        color="orange",
        # the orange of the title alone is too pale on its ground
        styles={"title": {"color": "var(--watch)"}},
    )


def history_section(rows: Sequence[DecisionRow], *, may_undo: bool) -> html.Div:
    """Return the decisions about the tube, each that stands with a button to take it back."""
    if not rows:
        return html.Div()
    head = ("Gate", "Decision", "For", "By", "Day", "Why", "State", "")
    body = [
        (
            row.gate,
            row.what,
            row.scope,
            row.by,
            row.day,
            row.why,
            row.state,
            _undo_button(row) if may_undo and row.can_undo else "",
        )
        for row in rows
    ]
    hint = "To take a decision back, enter your initials and a reason above." if may_undo else None
    return html.Div(
        section(
            "Decisions about this tube",
            data_table("Decisions about this tube, the latest first", head, body, numeric=range(0)),
            html.P(hint, className="caption") if hint else None,
        )
    )


def _undo_button(row: DecisionRow) -> dmc.Button:
    return dmc.Button(
        "Take back",
        id={"type": ids.TAKE_BACK, "record": row.record},
        size="compact-xs",
        variant="default",
        disabled=True,
        **{"aria-label": f"Take back the decision on {row.gate} by {row.by}"},
    )
