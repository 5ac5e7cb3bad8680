"""One self-contained page with the figures of an evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import pandas as pd
import plotly.graph_objects as go

from cytorecon.evaluate.evaluation import Tables
from cytorecon.evaluate.output.picture import COLOURS

#: First bytes of the page; a folder with it is one of ours.
MARK = '<meta name="generator" content="cytorecon evaluate">'

_STYLE = (
    "body{font-family:sans-serif;max-width:1100px;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;font-size:13px}td,th{padding:2px 8px;border-bottom:1px solid #ddd}"
)


def page(tables: Tables, *, version: str) -> str:
    """Return the page: what was reached, then figures whose every point names its tube."""
    figures = list(_figures(tables))
    drawn = [
        figure.to_html(full_html=False, include_plotlyjs=number == 0, config={"displaylogo": False})
        for number, (_, figure) in enumerate(figures)
    ]
    parts = [f"<h2>{escape(title)}</h2>\n{html}" for (title, _), html in zip(figures, drawn, strict=True)]
    return "\n".join(
        [
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">{MARK}',
            f"<title>cytorecon evaluate</title><style>{_STYLE}</style></head><body>",
            f"<h1>Accuracy</h1><p>cytorecon {escape(version)}. Research use only.</p>",
            "<h2>What has to be reached</h2>",
            _reached(tables.targets),
            *parts,
            "</body></html>\n",
        ]
    )


def _reached(targets: pd.DataFrame) -> str:
    shown = targets.round(4).assign(met=targets["met"].map({True: "met", False: "not met"}))
    return str(shown.to_html(index=False, na_rep="", border=0, escape=True))


def _figures(tables: Tables) -> Iterator[tuple[str, go.Figure]]:
    scores = tables.scores
    for dataset, mine in scores.groupby("dataset", sort=False):
        yield f"{dataset}: F1 of each tube", _f1(mine)
        if mine["planted"].notna().any():
            yield f"{dataset}: few cells, or none", _planted(mine)
    yield "Wrong results among those accepted", _risk(tables.risk)


def _f1(scores: pd.DataFrame) -> go.Figure:
    shown = scores[(scores["regime"] == "together") & scores["has_f1"]]
    figure = go.Figure()
    for (method, group), colour in zip(shown.groupby("method", sort=False), COLOURS, strict=False):
        figure.add_box(
            x=group["population"],
            y=group["f1"],
            name=str(method),
            text=group["batch"] + " " + group["tube"],
            customdata=group[["true", "found", "status", "review"]].astype(str).to_numpy(),
            hovertemplate="%{text}<br>F1 %{y:.3f}, true %{customdata[0]}, found %{customdata[1]}"
            "<br>%{customdata[2]} %{customdata[3]}",
            boxpoints="all",
            pointpos=0,
            jitter=0.4,
            marker={"size": 3, "color": colour},
        )
    order = {"categoryorder": "array", "categoryarray": list(dict.fromkeys(scores["population"]))}
    figure.update_layout(boxmode="group", height=480, yaxis_title="F1", yaxis_range=[0, 1.02], xaxis=order)
    return figure


def _planted(scores: pd.DataFrame) -> go.Figure:
    shown = scores[scores["planted"].notna() & scores["found"].notna()]
    shown = shown.sort_values(["population", "planted"], kind="stable")
    figure = go.Figure()
    for method, colour in zip(dict.fromkeys(scores["method"]), COLOURS, strict=False):
        group = shown[shown["method"] == method]
        figure.add_box(
            x=group["population"] + ", " + group["planted"].astype(str) + " true",
            y=group["found"].astype(float) + 1,
            name=str(method),
            text=group["batch"] + " " + group["tube"],
            hovertemplate="%{text}<br>found + 1: %{y}",
            boxpoints="all",
            pointpos=0,
            jitter=0.4,
            marker={"size": 3, "color": colour},
        )
    figure.update_layout(boxmode="group", height=480, yaxis_title="cells found + 1", yaxis_type="log")
    return figure


def _risk(risk: pd.DataFrame) -> go.Figure:
    figure = go.Figure()
    for (dataset, regime), group in risk.groupby(["dataset", "regime"], sort=False):
        figure.add_scatter(
            x=100 * group["accepted_share"],
            y=100 * group["wrong_share"],
            name=f"{dataset}, {regime}",
            mode="lines",
            line={"shape": "hv"},
        )
    figure.update_layout(
        height=420, xaxis_title="% of results accepted, surest first", yaxis_title="% wrong among them"
    )
    return figure
