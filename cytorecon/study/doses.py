"""Doses of the cell products of a study: one row per tube of a product and population that is dosed."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from cytorecon.counts import ProductDose, dose_text, product_dose
from cytorecon.knowledge.product_doses import DoseRules, load_dose_rules
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult
from cytorecon.study.table import tubes_in_order
from cytorecon.tables import PRODUCT_DOSE_COLUMNS


def product_doses(result: StudyResult, *, rules: DoseRules | None = None) -> pd.DataFrame:
    """Return the doses of a study's cell products.

    Parameters
    ----------
    result : StudyResult
        A study with its results.
    rules : DoseRules, optional
        What is dosed; the packaged file by default.

    Returns
    -------
    DataFrame
        Columns ``tables.PRODUCT_DOSE_COLUMNS``, in the order of :func:`tidy_counts`. Only tubes whose row
        gives `product_volume_ml` or `recipient_weight_kg`: blood has no dose. Where one of the two, or a
        concentration, is missing, `reason` names it and there is no number.

    Examples
    --------
    >>> from cytorecon.study.model import Patient, Study
    >>> tube = Tube(tube="P01/d0/1", patient="P01", day=0, template="cd34", product_volume_ml=200.0)
    >>> count = PopulationCount(population="CD34_ISHAGE", parent="leukocytes", status="counted", events=900,
    ...                         cells_per_ul=1800.0, below_lloq=False)
    >>> study = Study(name="s", patients=(Patient(patient="P01"),), tubes=(tube,))
    >>> outcome = TubeResult(tube="P01/d0/1", status="done", counts=(count,))
    >>> product_doses(StudyResult(study=study, tubes=(outcome,)))["reason"].tolist()
    ['the sheet does not give recipient_weight_kg']
    """
    known = rules or load_dose_rules()
    rows = [
        _row(tube, outcome, count, dose)
        for tube, outcome in tubes_in_order(result)
        if tube.is_product
        for count, dose in _doses(tube, outcome, known)
    ]
    return typed_frame(rows, PRODUCT_DOSE_COLUMNS)


def doses_in_words(doses: pd.DataFrame) -> tuple[str, ...]:
    """Return one line for each row of :func:`product_doses`: dose, interval, unit and number of cells.

    Examples
    --------
    >>> row = dict.fromkeys(PRODUCT_DOSE_COLUMNS) | {
    ...     "tube": "P01/d0/1", "cells": "CD34+ cells", "dose": 5.0, "dose_low": 4.67, "dose_high": 5.35,
    ...     "unit": "10^6/kg", "reported": "5.00", "events": 900, "living_only": True, "reason": ""}
    >>> doses_in_words(pd.DataFrame([row]))
    ('P01/d0/1: 5.00 x 10^6/kg CD34+ cells (95 % interval 4.67 to 5.35; n = 900)',)
    """
    return tuple(_in_words(row) for _, row in doses.iterrows())


def _doses(
    tube: Tube, outcome: TubeResult, rules: DoseRules
) -> Iterator[tuple[PopulationCount, ProductDose]]:
    viable = next((count for count in outcome.counts if count.population == "viable"), None)
    for count in outcome.counts:
        rule = rules.find(count.population)
        if rule is not None:
            yield (
                count,
                product_dose(
                    count,
                    rule,
                    product_volume_ml=tube.product_volume_ml,
                    recipient_weight_kg=tube.recipient_weight_kg,
                    # Without a dye the population of living cells is "not assessed".
                    living_only=viable is not None and viable.status == "counted",
                ),
            )


def _row(tube: Tube, outcome: TubeResult, count: PopulationCount, dose: ProductDose) -> dict[str, Cell]:
    return {
        "patient": tube.patient,
        "days_after_transplant": tube.day,
        "visit": tube.visit,
        "tube": tube.tube,
        **dose.model_dump(exclude={"review"}),
        "cells_per_ul": count.cells_per_ul,
        "cells_per_ul_low": count.cells_per_ul_low,
        "cells_per_ul_high": count.cells_per_ul_high,
        "product_volume_ml": tube.product_volume_ml,
        "recipient_weight_kg": tube.recipient_weight_kg,
        "review": ";".join(dose.review),
        "template": outcome.provenance.template,
        "template_version": outcome.provenance.template_version,
    }


def _in_words(row: pd.Series) -> str:
    if row["reason"]:
        return f"{row['tube']}: no dose of {row['cells']}: {row['reason']}"
    notes = []
    if pd.notna(row["dose_low"]) and pd.notna(row["dose_high"]):
        notes.append(f"95 % interval {dose_text(row['dose_low'])} to {dose_text(row['dose_high'])}")
    notes.append(f"n = {row['events']}")
    if not row["living_only"]:
        notes.append("without a viability dye: living and dead cells")
    return f"{row['tube']}: {row['reported']} x {row['unit']} {row['cells']} ({'; '.join(notes)})"
