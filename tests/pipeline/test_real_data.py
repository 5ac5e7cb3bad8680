"""Real post-transplant files: expert labels, and a time course. The figures of the README."""

from __future__ import annotations

import csv
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
import pytest

import cytorecon as cr
from cytorecon.jobs import run_batch
from cytorecon.study import tidy_counts

#: FlowCAP-I GvHD: expert label of CD3+CD4+ and of CD3+CD8+ events, and the least median F1.
EXPERT = {"CD4_T": (1, 0.97), "CD8_T": (3, 0.89)}


def f1(mask: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float:
    return float(2 * (mask & truth).sum() / (mask.sum() + truth.sum()))


@pytest.mark.parametrize("together", [True, False])
def test_t_cells_agree_with_expert_labels(real_data: Path, together: bool) -> None:
    files = sorted((real_data / "flowcap1_gvhd").glob("*.fcs"))
    samples = [cr.read_fcs(file) for file in files]
    gated = cr.gate(samples, "t_cd4_cd8") if together else [cr.gate(one, "t_cd4_cd8") for one in samples]
    labels = [
        np.loadtxt(file.with_name(f"{file.stem}_labels.csv"), skiprows=1, dtype=np.int64) for file in files
    ]
    for population, (label, least) in EXPERT.items():
        agreement = [
            f1(one.mask(population), truth == label) for one, truth in zip(gated, labels, strict=True)
        ]
        assert median(agreement) >= least, (population, agreement)


def test_a_time_course_gives_fractions_for_every_patient_and_day(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "gvhd_longitudinal"
    with (source / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    manifest = tmp_path / "manifest.csv"
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "patient", "day", "visit", "panel"])
        for row in rows:
            path = (source / f"{row['name']}.fcs").resolve()
            writer.writerow(
                [path, f"GVHD{row['Patient']}", row["Days"], row["Visit"], "leukocyte_differential"]
            )
    table = tidy_counts(run_batch(manifest, tmp_path / "study"))
    for population in ("lymphocytes", "granulocytes"):
        course = table[table["population"] == population]
        assert len(course) == 21
        assert course["percent_of_leukocytes"].between(0, 100).all()
        assert (course["percent_of_leukocytes_low"] <= course["percent_of_leukocytes"]).all()
    assert table["cells_per_ul"].isna().all()
    # Conditioning clears granulocytes within a week of the transplant; lymphocytes are what is left.
    aplasia = table[table["days_after_transplant"].between(5, 12)].set_index("population")
    fractions = aplasia["percent_of_leukocytes"]
    assert max(fractions["granulocytes"]) < 10
    assert min(fractions["lymphocytes"]) > 60
