"""Real post-transplant files: expert labels, and a time course. The figures of the README."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
import pytest

import cytorecon as cr
from cytorecon.jobs import run_batch
from cytorecon.sample import Sample
from cytorecon.study import tidy_counts
from cytorecon.transforms import Logicle

#: FlowCAP-I GvHD: expert label of CD3+CD4+ and of CD3+CD8+ events, and the least median F1.
EXPERT = {"CD4_T": (1, 0.97), "CD8_T": (3, 0.89)}


#: HIPC T cells, four files of two centres: our population, the central expert's label, least median F1.
MEMORY = {
    "CD4_naive": ("CD4 Naive", 0.97),
    "CD4_CM": ("CD4 Central Memory", 0.93),
    "CD4_EM": ("CD4 Effector Memory", 0.90),
    "CD8_naive": ("CD8 Naive", 0.97),
    "CD8_CM": ("CD8 Central Memory", 0.84),
    "CD8_EM": ("CD8 Effector Memory", 0.84),
    "CD8_TEMRA": ("CD8 Effector", 0.91),
}
#: Mouse spleen, one tube: our population, label of the FlowJo gates, least F1.
MOUSE = {
    "B": ("B cells", 0.97),
    "CD4_T": ("CD4 T cells", 0.98),
    "CD8_T": ("CD8 T cells", 0.97),
    "gdT": ("gd T cells", 0.97),
    "NK": ("NK cells", 0.95),
    "NKT_like": ("NK T cells", 0.91),
}


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


def hipc(real_data: Path) -> list[tuple[Sample, npt.NDArray[np.str_]]]:
    files = sorted((real_data / "hipc_tcell").glob("*.fcs"))
    assert len(files) == 4
    labels = [file.with_name(f"{file.stem}_labels.csv").read_text(encoding="utf-8") for file in files]
    return [
        (cr.read_fcs(file), np.array(text.splitlines()[1:])) for file, text in zip(files, labels, strict=True)
    ]


def test_memory_subsets_agree_with_expert_labels(real_data: Path) -> None:
    tubes = hipc(real_data)
    gated = cr.gate([sample for sample, _ in tubes], "t_memory_scaled")
    for population, (label, least) in MEMORY.items():
        agreement = [
            f1(one.mask(population), truth == label) for one, (_, truth) in zip(gated, tubes, strict=True)
        ]
        assert median(agreement) >= least, (population, agreement)


def test_a_tube_on_a_display_scale_learns_nothing_from_the_others(real_data: Path) -> None:
    samples = [sample for sample, _ in hipc(real_data)][:2]
    together, _ = cr.gate(samples, "t_memory_scaled")
    alone = cr.gate(samples[0], "t_memory_scaled")
    assert all(np.array_equal(alone.mask(name), together.mask(name)) for name in MEMORY)


@pytest.mark.parametrize("kept", [0, 20])
def test_naive_cells_taken_out_are_not_invented(real_data: Path, kept: int) -> None:
    """What is left are activated cells (a label of their own) and neighbours beyond the expert's line."""
    sample, truth = hipc(real_data)[0]
    gone = [np.flatnonzero(truth == f"{lineage} Naive")[kept:] for lineage in ("CD4", "CD8")]
    rest = np.setdiff1d(np.arange(truth.size), np.concatenate(gone))
    gated = cr.gate(replace(sample, events=sample.events[rest]), "t_memory_scaled")
    for name in ("CD4_naive", "CD8_naive"):
        assert int(gated.mask(name).sum()) < 120 + kept
    for name in ("CD4_CM", "CD4_EM", "CD8_CM", "CD8_EM", "CD8_TEMRA"):
        assert f1(gated.mask(name), truth[rest] == MEMORY[name][0]) > 0.78, name


@pytest.mark.parametrize(("marker", "gain"), [("CCR7", 2.0), ("CD45RA", 0.5)])
def test_naive_cells_never_vanish_in_silence(real_data: Path, marker: str, gain: float) -> None:
    """The detector's gain, as far as a display scale lets one undo it."""
    scale = Logicle(262_144, 0.8, 4.5)
    for sample, truth in hipc(real_data)[::2]:
        (index,) = [channel.index for channel in sample.channels if marker in channel.markers]
        events = sample.events.copy()
        events[:, index] = 4096 * scale.apply(gain * scale.inverse(events[:, index] / 4096))
        gated = cr.gate(replace(sample, events=events), "t_memory_scaled")
        assert f1(gated.mask("CD4_naive"), truth == "CD4 Naive") > 0.9
        assert f1(gated.mask("CD8_naive"), truth == "CD8 Naive") > 0.9


def mouse(real_data: Path) -> tuple[Sample, npt.NDArray[np.str_]]:
    source = real_data / "flowsom_mouse_tbnk"
    with (source / "event_labels.csv").open(encoding="utf-8", newline="") as file:
        labels = [row["label_R_FlowSOM"] for row in csv.DictReader(file)]
    return cr.read_fcs(source / "68983.fcs"), np.array(labels)


def test_a_mouse_spleen_agrees_with_the_experts_gates(real_data: Path) -> None:
    sample, truth = mouse(real_data)
    gated = cr.gate(sample, "mouse_tbnk")
    for population, (label, least) in MOUSE.items():
        assert f1(gated.mask(population), truth == label) >= least, population


@pytest.mark.parametrize(("population", "most"), [("B", 30), ("NK", 60)])
def test_a_population_taken_out_of_a_mouse_tube_leaves_only_what_the_expert_left_ungated(
    real_data: Path, population: str, most: int
) -> None:
    """B cells beside the expert's rectangle, and cells dim for NK1.1: no threshold gone astray."""
    sample, truth = mouse(real_data)
    rest = truth != MOUSE[population][0]
    gated = cr.gate(replace(sample, events=sample.events[rest]), "mouse_tbnk")
    assert int(gated.mask(population).sum()) <= most
    for other, (label, least) in MOUSE.items():
        if other != population:
            assert f1(gated.mask(other), truth[rest] == label) >= least - 0.01, other


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
        seen = course[course["status"] != "not_detected"]
        assert seen["percent_of_leukocytes"].between(0, 100).all()
        assert (seen["percent_of_leukocytes_low"] <= seen["percent_of_leukocytes"]).all()
        unseen = course[course["status"] == "not_detected"]
        assert unseen["percent_of_leukocytes"].isna().all()
        assert (100 * unseen["events"] / unseen["parent_events"]).between(0, 15).all()
        # the limit holds what the gates may be wrong by: more than counting where a stain shows no valley
        assert unseen["percent_of_leukocytes_high"].between(0, 30).all()
    assert table["cells_per_ul"].isna().all()
    # Conditioning clears granulocytes within a week of the transplant; lymphocytes are what is left.
    aplasia = table[table["days_after_transplant"].between(5, 12)].set_index("population")
    assert max((100 * aplasia["events"] / aplasia["parent_events"])["granulocytes"]) < 15
    assert min(aplasia["percent_of_leukocytes"]["lymphocytes"]) > 60
