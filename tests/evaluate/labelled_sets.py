"""A small labelled set on disk, made by the simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from cytorecon.evaluate.scores import Score
from cytorecon.simulate import SimulatedTube, TubeSpec, simulate_tube, write_fcs

BLOOD = {
    "CD4_T": 700.0,
    "CD8_T": 400.0,
    "DN_T": 40.0,
    "B": 200.0,
    "NK": 200.0,
    "monocytes": 300.0,
    "granulocytes": 1500.0,
}
PLAN = {
    "plan_schema": 1,
    "name": "made",
    "title": "Made tubes",
    "about": "Simulated, written as files.",
    "template": "tbnk",
    "folder": "set",
    "truth": {
        "kind": "event_label",
        "column": "cell",
        "labels": {"lymphocytes": ["CD4_T", "CD8_T", "DN_T", "DP_T", "B", "NK"], "B": ["B"], "NK": ["NK"]},
    },
    "scored": [
        {"population": "lymphocytes"},
        {"population": "B", "parent": "lymphocytes"},
        {"population": "NK", "parent": "lymphocytes"},
    ],
    "baselines": {
        "inside": "lymphocytes",
        "markers": {"CD16_CD56": "CD16+CD56"},
        "populations": [
            {"population": "B", "parent": "lymphocytes", "where": "CD19 and not CD3"},
            {"population": "NK", "parent": "lymphocytes", "where": "CD16_CD56 and not (CD3 or CD19)"},
        ],
    },
}


def made_tube(seed: int, events: int = 6000) -> SimulatedTube:
    return simulate_tube(TubeSpec(concentrations=BLOOD, events=events, beads_per_tube=0), seed=seed)


def write_set(folder: Path, seeds: Sequence[int], *, events: int = 6000, **changed: object) -> Path:
    """Write FCS files, labels and a plan; return the plan's path."""
    (folder / "set").mkdir(parents=True)
    rows = []
    for seed in seeds:
        tube = made_tube(seed, events)
        write_fcs(tube, folder / "set" / f"t{seed}.fcs")
        pd.DataFrame({"cell": tube.labels}).to_csv(folder / "set" / f"t{seed}.csv", index=False)
        rows.append({"tube": f"t{seed}", "file": f"t{seed}.fcs", "labels": f"t{seed}.csv"})
    return write_plan(folder, {**PLAN, "tubes": rows, **changed})


def write_plan(folder: Path, fields: Mapping[str, object]) -> Path:
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(dict(fields)), encoding="utf-8")
    return path


def score(**changed: object) -> Score:
    """Return a score of 100 true B cells that were all found."""
    fields: dict[str, object] = {
        "dataset": "made",
        "batch": "1",
        "regime": "together",
        "method": "cytorecon",
        "tube": "a",
        "patient": "P01",
        "population": "B",
        "parent": "lymphocytes",
        "planted": None,
        "true": 100,
        "found": 100,
        "true_positives": 100,
        "true_parent": 1000,
        "found_parent": 1000,
        "status": "ok",
        "review": "",
        "instability": 0.0,
    }
    return Score(**{**fields, **changed})  # type: ignore[arg-type]  # fields by name


def nearly_equal(one: float, other: float) -> bool:
    return bool(np.isclose(one, other, rtol=1e-9, atol=1e-12))
