"""The Markdown document of an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from cytorecon.evaluate.evaluation import Evaluation, Tables
from cytorecon.evaluate.output.cells import (
    fraction,
    markdown_table,
    percent,
    points,
    spread,
    text,
    whole,
    yes_or_no,
)
from cytorecon.evaluate.targets import COUNTED
from cytorecon.knowledge.evaluation import EvaluationRules

#: Shares of results that are accepted, at which the risk is given.
_COVERAGE = (0.5, 0.8, 0.9, 0.95, 1.0)
#: So many of the worst results behind a target are in the document; ``missed.csv`` has more.
_SHOWN = 3
_REGIMES = {
    "together": "tubes gated together",
    "alone": "each tube gated alone",
    "left_out": "each group gated by what the other groups taught",
    "diluted": "one tube diluted among the others",
}

RISK = """\
Share of wrong results among those accepted, when results are accepted from the surest to the least sure
(those without a review code first, each part by instability):"""

METHODS = """\
* *F1* of events: 2 TP / (true + found); 1 when both are 0. Medians are over tubes with at least {least} true
  cells, with 95 % intervals from {draws} draws of whole patients; p10 is the 10th percentile. A
  population that was not evaluable has no F1: how often that was stands beside it.
* *Bias* is in percentage points of the parent (found of found parent, minus true of true parent).
* *Wrong*: a count off by more than 10 % of the truth **and** by more than 3 sqrt(n) + 3 cells.
* *Accepted*: nobody is asked to look (`ok`, `not_detected` or `below_lloq`, and no review code).
* *Planted* cells: a known small number in a simulated tube, or what is left of a real one after all
  others were taken out at random; the whole batch is gated again each time. Real labels have doubts of
  their own: cells that an expert left out stay in the tube and can be found.
* Intervals of shares are Clopper-Pearson's and treat results as independent.
* Baselines place each threshold by their own rule inside **our** parents, so that only the rule differs:
  the lowest density between the two highest peaks (as openCyto's mindensity: one peak means that all is
  positive), the same with a shoulder instead (as mindensity2), a mixture of two normal components per
  tube (scikit-learn), and one pooled threshold per marker for the whole batch. They are our own versions
  with default settings, not templates that somebody tuned."""


def document(
    evaluations: Sequence[Evaluation],
    tables: Tables,
    *,
    command: str,
    version: str,
    rules: EvaluationRules,
    picture: str,
) -> str:
    """Return the document.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        What was judged.
    tables : Tables
        What came out.
    command : str
        That makes this document.
    version : str
        Of the program.
    rules : EvaluationRules
        What it was measured by.
    picture : str
        Name of the picture beside it.
    """
    parts = [
        "# Accuracy",
        "Made by one command, which writes it anew. Research use only.",
        f"```\n{command}\n```",
        _sets(evaluations, version),
        f"![F1 of each population, and cells found where there are none]({picture})",
        *_reached(tables.targets),
        "## Agreement with the truth",
        *_by_set(tables.agreement, evaluations, _agreement),
        "## Few cells, or none",
        *_by_set(tables.detection, evaluations, _detection),
        "## What somebody has to look at",
        markdown_table(list(_review(tables.review))),
        RISK,
        markdown_table(list(_risk(tables.risk))),
        "## The worst results behind each target that was missed",
        markdown_table(list(_missed(tables.missed))),
        *_failures(evaluations),
        "## How it is measured",
        METHODS.format(draws=f"{rules.bootstrap_draws.value:,.0f}", least=f"{rules.f1_least_cells.value:g}"),
    ]
    return "\n\n".join(parts) + "\n"


def _sets(evaluations: Sequence[Evaluation], version: str) -> str:
    lines = [
        f"* **{one.title}** (`{one.dataset}`, template {one.template}). {' '.join(one.about.split())}"
        for one in evaluations
    ]
    return "\n".join([f"cytorecon {version}.", "", *lines])


def _reached(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the section of targets; none for plans that state none."""
    rows = list(_targets(table))
    return ("## What has to be reached", markdown_table(rows)) if rows else ()


def _targets(table: pd.DataFrame) -> Iterator[dict[str, str]]:
    for row in table.to_dict("records"):
        form = percent if "share" in row["measure"] else (whole if row["measure"] == COUNTED else fraction)
        yield {
            "set": f"{row['dataset']}, {row['regime']}",
            "measure": row["measure"],
            "population": row["population"],
            "true cells": text(row["cells"]),
            "results": whole(row["results"]),
            "target": row["target"],
            "measured": form(row["measured"]),
            "p10": fraction(row["p10"]),
            "worst": fraction(row["worst"]),
            "": yes_or_no(row["met"]),
        }


def _by_set(
    table: pd.DataFrame,
    evaluations: Sequence[Evaluation],
    rows: Callable[[pd.DataFrame], Iterator[dict[str, str]]],
) -> Iterator[str]:
    for one in evaluations:
        mine = table[table["dataset"] == one.dataset]
        for regime, group in mine.groupby("regime", sort=False):
            yield f"**{one.title}**, {_REGIMES[str(regime)]}"
            yield markdown_table(list(rows(group)))


def _agreement(table: pd.DataFrame) -> Iterator[dict[str, str]]:
    for row in table.sort_values("population", key=_order(table), kind="stable").to_dict("records"):
        interval = spread(row["f1_low"], row["f1_high"], fraction)
        yield {
            "population": row["population"],
            "method": row["method"],
            "tubes": f"{row['f1_results']} of {row['results']}",
            "F1 median": f"{fraction(row['f1_median'])}{interval}",
            "p10": fraction(row["f1_p10"]),
            "worst": f"{fraction(row['f1_worst'])} {text(row['worst_tube'])}",
            "precision": fraction(row["precision_median"]),
            "recall": fraction(row["recall_median"]),
            "log10 ratio": points(row["log10_ratio_median"]),
            "bias": points(row["bias_of_parent_median"]),
            "wrong": percent(row["percent_wrong"] / 100),
            "not evaluable": whole(row["not_evaluable"]),
        }


def _detection(table: pd.DataFrame) -> Iterator[dict[str, str]]:
    ordered = table.sort_values("cells", kind="stable")
    for row in ordered.sort_values("population", key=_order(table), kind="stable").to_dict("records"):
        shares = {
            title: f"{percent(row[name])}{spread(row[f'{name}_low'], row[f'{name}_high'], percent)}"
            for name, title in [
                ("detected", "detected"),
                ("not_detected", "'not detected'"),
                ("close", "within 2 sqrt(n) + 3"),
            ]
        }
        yield {
            "population": row["population"],
            "true cells": whole(row["cells"]),
            "method": row["method"],
            "results": whole(row["results"]),
            **shares,
            "found, median": whole(row["found_median"]),
            "furthest": f"{whole(row['found_worst'])} {text(row['worst_tube'])}",
        }


def _review(table: pd.DataFrame) -> Iterator[dict[str, str]]:
    for row in table.to_dict("records"):
        accepted = spread(row["accepted_low"] / 100, row["accepted_high"] / 100, percent)
        risk = spread(row["wrong_accepted_low"] / 100, row["wrong_accepted_high"] / 100, percent)
        yield {
            "set": f"{row['dataset']}, {row['regime']}",
            "results": whole(row["results"]),
            "evaluable": whole(row["evaluable"]),
            "accepted": f"{percent(row['percent_accepted'] / 100)}{accepted}",
            "wrong": whole(row["wrong"]),
            "wrong among accepted": whole(row["wrong_accepted"]),
            "share of accepted": f"{percent(row['percent_wrong_accepted'] / 100)}{risk}",
        }


def _risk(table: pd.DataFrame) -> Iterator[dict[str, str]]:
    for (dataset, regime), group in table.groupby(["dataset", "regime"], sort=False):
        row = {"set": f"{dataset}, {regime}"}
        for coverage in _COVERAGE:
            reached = group[group["accepted_share"] >= coverage - 1e-9]
            row[f"{coverage:.0%} accepted"] = percent(
                reached["wrong_share"].iloc[0] if len(reached) else None
            )
        yield row


def _missed(table: pd.DataFrame) -> Iterator[dict[str, str]]:
    shown = table.groupby(["dataset", "regime", "measure", "population"], sort=False).head(_SHOWN)
    for row in shown.to_dict("records"):
        yield {
            "set": f"{row['dataset']}, {row['regime']}",
            "measure": row["measure"],
            "population": row["population"],
            "tube": f"{row['batch']} {row['tube']}",
            "true": whole(row["true"]),
            "found": whole(row["found"]),
            "F1": fraction(row["f1"]),
            "status": row["status"],
            "review": text(row["review"]),
            "instability": fraction(row["instability"]),
        }


def _failures(evaluations: Sequence[Evaluation]) -> Iterator[str]:
    failed = [(tube, why) for one in evaluations for tube, why in one.failures.items()]
    if failed:
        yield "## Tubes that could not be judged"
        yield markdown_table([{"tube": tube, "reason": why} for tube, why in failed])


def _order(table: pd.DataFrame) -> Callable[[pd.Series[str]], pd.Series[int]]:
    """Return a key that keeps populations in the order in which they were asked for."""
    place = {name: number for number, name in enumerate(dict.fromkeys(table["population"]))}
    return lambda column: column.map(place)
