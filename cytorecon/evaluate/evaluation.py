"""What an evaluation says: scores of each set, and the tables made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cytorecon.evaluate.scores import Score, score_table
from cytorecon.evaluate.summary import agreement_table, detection_table, review_table, risk_coverage
from cytorecon.evaluate.targets import missed_table, target_table
from cytorecon.knowledge.evaluation import EvaluationRules, Target, load_evaluation_rules
from cytorecon.knowledge.template import Template


@dataclass(frozen=True)
class Evaluation:
    """Scores of one set of tubes.

    Parameters
    ----------
    dataset, title, about : str
        Name in tables, heading, and what its truth is worth.
    template : str
        Name, version and beginning of the hash of the template it was gated by.
    scores : tuple of Score
        Ours and those of the baselines.
    targets : tuple of Target
        What has to be reached.
    failures : mapping of str to str
        Tubes that could not be judged, and why.
    """

    dataset: str
    title: str
    about: str
    template: str
    scores: tuple[Score, ...]
    targets: tuple[Target, ...]
    failures: Mapping[str, str]


@dataclass(frozen=True)
class Tables:
    """Everything an evaluation says, as tables; columns are named where each is made."""

    scores: pd.DataFrame
    agreement: pd.DataFrame
    detection: pd.DataFrame
    review: pd.DataFrame
    risk: pd.DataFrame
    targets: pd.DataFrame
    missed: pd.DataFrame


def tables_of(evaluations: Sequence[Evaluation], rules: EvaluationRules | None = None) -> Tables:
    """Return the tables of several evaluations, each held against its own targets."""
    rules = rules or load_evaluation_rules()
    parts = [(score_table(one.scores, rules), one.targets) for one in evaluations]
    scores = pd.concat([table for table, _ in parts], ignore_index=True)
    return Tables(
        scores=scores,
        agreement=agreement_table(scores, rules),
        detection=detection_table(scores),
        review=review_table(scores, rules),
        risk=risk_coverage(scores),
        targets=pd.concat([target_table(table, targets) for table, targets in parts], ignore_index=True),
        missed=pd.concat([missed_table(table, targets) for table, targets in parts], ignore_index=True),
    )


def cited(template: Template) -> str:
    """Return how a template is named in a document: the file's hash says which it was.

    Examples
    --------
    >>> from cytorecon.knowledge.templates import load_template
    >>> cited(load_template("t_cd4_cd8")).split(" (")[0].split()[0]
    't_cd4_cd8'
    """
    return f"{template.name} {template.version} ({template.sha256[:12]})"
