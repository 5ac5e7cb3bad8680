"""Staining and detectors that fail: nothing positive that is not, and a flag where it can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from cytorecon.gating.gated import GatedSample
from cytorecon.pipeline import gate, gate_batch, learn_priors
from cytorecon.simulate import SimulatedTube, load_settings, simulate_tube, tube_spec
from tests.pipeline.tubes import (
    BLOOD,
    DETECTORS,
    JUDGED,
    events,
    flags,
    is_close,
    samples,
    statuses,
    swapped,
    tallies,
    tube,
    unstained,
)

Tubes = tuple[SimulatedTube, ...]
ODD_GAIN = {"CD3": "FITC-A", "CD4": "PE-Cy7-A", "forward scatter": "FSC-A"}
SWAPPED = [("CD3", "CD19"), ("CD3", "CD45")]


@pytest.fixture(scope="module")
def beside(usual_tubes: Tubes) -> Mapping[str, GatedSample]:
    """Return one tube for each failure, all of the same blood, gated as a batch with eight usual tubes."""
    good = usual_tubes[0].sample()
    odd = {f"without {marker}": unstained(good, marker) for marker in DETECTORS}
    odd |= {f"{one} for {other}": swapped(good, one, other) for one, other in SWAPPED}
    odd |= {
        f"bright {what}": tube(seed=500, detector_gain={channel: 5.0}).sample()
        for what, channel in ODD_GAIN.items()
    }
    odd |= {
        f"no beads, {dead:g} x dead": tube(seed=3, beads_per_tube=0, dead=dead).sample() for dead in (1, 20)
    }
    gated = gate([*odd.values(), *samples(usual_tubes)], "tbnk")
    return dict(zip(odd, gated, strict=False))


@pytest.mark.parametrize(
    ("marker", "populations"),
    [
        ("CD3", ("CD3_T", "CD4_T", "CD8_T")),
        ("CD4", ("CD4_T", "DP_T")),
        ("CD8", ("CD8_T", "DP_T")),
        ("CD19", ("B",)),
        ("CD16+CD56", ("NK", "NKT_like")),
        ("CD45", ("leukocytes", "lymphocytes", "CD3_T")),
    ],
)
def test_an_antibody_that_was_forgotten_is_never_positive(
    usual_tubes: Tubes, beside: Mapping[str, GatedSample], marker: str, populations: tuple[str, ...]
) -> None:
    """Beside stained tubes and alone: hardly an event, or not evaluable."""
    alone = gate(unstained(usual_tubes[0].sample(), marker), "tbnk")
    for gated in (beside[f"without {marker}"], alone):
        for population in populations:
            counted = tallies(gated)[population]
            assert counted.events is None or counted.events <= 3, population


@pytest.mark.parametrize("marker", ["CD3", "CD4", "CD8", "CD19", "CD16+CD56"])
def test_alone_a_forgotten_antibody_asks_for_a_look(usual_tubes: Tubes, marker: str) -> None:
    population = {"CD3": "CD3_T", "CD4": "CD4_T", "CD8": "CD8_T", "CD19": "B", "CD16+CD56": "NK"}[marker]
    alone = gate(unstained(usual_tubes[0].sample(), marker), "tbnk")
    assert "gate.control_tail" in flags(alone, population)


@pytest.mark.parametrize(
    "failure",
    [*(f"without {marker}" for marker in DETECTORS), *(f"{one} for {other}" for one, other in SWAPPED)],
)
def test_no_number_is_wrong_without_asking_for_a_look(
    usual_tubes: Tubes, beside: Mapping[str, GatedSample], failure: str
) -> None:
    """Beside stained tubes, where the batch says where a threshold lies and 0 would look like a count."""
    gated = beside[failure]
    wrong = {
        population
        for population in JUDGED
        if tallies(gated)[population].events is not None and not is_close(gated, usual_tubes[0], population)
    }
    assert {population for population in wrong if not flags(gated, population)} == set()
    without_result = {population for population in JUDGED if tallies(gated)[population].events is None}
    assert wrong or without_result == {*JUDGED}, "a failure that changes nothing tests nothing"


def with_dim_beads(factor: float, seed: int, *, events: int, **fields: object) -> SimulatedTube:
    """Return a tube whose beads have so much of the usual light."""
    settings = load_settings()
    light = settings.beads.light
    dim = light.model_copy(update={"values": {name: factor * value for name, value in light.values.items()}})
    beads = settings.beads.model_copy(update={"light": dim})
    spec = tube_spec(concentrations=BLOOD, events=events, **fields)
    return simulate_tube(spec, seed=seed, settings=settings.model_copy(update={"beads": beads}))


@pytest.mark.parametrize(("factor", "marked"), [(0.015, True), (1.0, False)])
def test_beads_too_dim_to_be_told_move_no_threshold_without_a_mark(factor: float, marked: bool) -> None:
    """They lay where monocytes are in CD4: one B cell in ten went with them."""
    truth = with_dim_beads(factor, 1, events=50_000)
    (gated,) = gate_batch([truth.sample()], "tbnk")
    assert ("beads" in gated.masks) is not marked
    assert (events(gated, "B") < 0.95 * truth.true("B").events) is marked
    assert ("gate.control_above" in flags(gated, "B")) is marked
    # NK cells are told by more than CD4
    assert is_close(gated, truth, "NK")


@pytest.mark.parametrize(("factor", "dead", "marked"), [(0.03, 5, True), (1.0, 20, False)])
def test_dead_cells_among_dim_beads_are_marked(factor: float, dead: float, marked: bool) -> None:
    """Beads are too many by them, and every concentration too low."""
    truth = with_dim_beads(factor, 502, events=20_000, dead=dead)
    (gated,) = gate_batch([truth.sample()], "tbnk")
    ratio = events(gated, "beads") / int(truth.mask("beads").sum())
    assert ratio > 1.05 if marked else 0.98 < ratio < 1.02
    for population in ("beads", "CD3_T", "B"):
        assert ("gate.bead_strays" in flags(gated, population)) is marked


@pytest.mark.parametrize("cells_per_ul", [40, 200])
def test_one_tube_without_cd19_is_told_from_one_without_b_cells(
    usual_tubes: Tubes, cells_per_ul: float
) -> None:
    priors = learn_priors(samples(usual_tubes), "tbnk")
    stained = tube({**BLOOD, "B": cells_per_ul}, seed=700).sample()
    absent = tube({**BLOOD, "B": 0}, seed=701).sample()
    failed, none = gate_batch([unstained(stained, "CD19"), absent], "tbnk", priors)
    assert (statuses(failed)["B"], statuses(none)["B"]) == ("review", "not_detected")
    assert {"gate.none_seen", "gate.unstained"} <= flags(failed, "B")
    assert flags(none, "B") == {"gate.none_seen"}


@pytest.mark.parametrize(("one", "other"), SWAPPED)
def test_swapped_labels_show_beside_other_tubes(
    beside: Mapping[str, GatedSample], one: str, other: str
) -> None:
    """CD4 and CD8 look alike: their exchange cannot be seen, and is not tested."""
    gated = beside[f"{one} for {other}"]
    assert flags(gated, "CD3_T")
    assert flags(gated, "B")


@pytest.mark.parametrize("marker", ["CD3", "CD4"])
def test_a_saturated_detector_still_separates(beside: Mapping[str, GatedSample], marker: str) -> None:
    """Positives at the end of the range are still positives; the reader is told."""
    gated, truth = beside[f"bright {marker}"], tube(seed=500)
    for population in ("CD3_T", "CD4_T", "CD8_T"):
        assert is_close(gated, truth, population)
    assert is_close(gated, truth, "B") or "gate.outlier" in flags(gated, "B")
    told = {issue.code for issue in gated.issues}.union(*(flags(gated, name) for name in gated.populations))
    assert "gate.outlier" in told


def test_forward_scatter_at_its_end_asks_for_a_look(beside: Mapping[str, GatedSample]) -> None:
    """Area saturates before height: their ratio no longer tells single cells."""
    gated = beside["bright forward scatter"]
    assert "quality.saturated" in {issue.code for issue in gated.issues}
    assert "gate.many_doublets" in flags(gated, "CD3_T")


@pytest.mark.parametrize("dead", [1, 20])
def test_no_beads_are_found_among_cells(beside: Mapping[str, GatedSample], dead: int) -> None:
    """Also where many dead cells glow in every channel."""
    gated = beside[f"no beads, {dead} x dead"]
    assert gated.reasons["beads"] == "no cloud of events bright in every channel"
    assert events(gated, "CD3_T") > 0


def test_events_that_are_no_numbers_are_left_out(usual_tubes: Tubes) -> None:
    sample = usual_tubes[0].sample()
    broken = sample.events.copy()
    broken[:30, sample.channel("FITC-A").index] = np.nan
    broken[30:60, sample.channel("SSC-A").index] = np.inf
    gated = gate(replace(sample, events=broken), "tbnk")
    for mask in gated.masks.values():
        assert not mask[:60].any()
    assert is_close(gated, usual_tubes[0], "CD3_T")


def with_large_nk_cells(factor: float, seed: int) -> SimulatedTube:
    """Return a tube whose NK cells have so many times the usual side scatter."""
    settings = load_settings()
    bodies = dict(settings.bodies.rows)
    nk_cell = bodies["nk_cell"]
    bodies["nk_cell"] = nk_cell.model_copy(update={"ssc": factor * nk_cell.ssc})
    changed = settings.model_copy(update={"bodies": settings.bodies.model_copy(update={"rows": bodies})})
    return simulate_tube(tube_spec(concentrations=BLOOD, events=20_000), seed=seed, settings=changed)


@pytest.mark.parametrize(("factor", "lost"), [(1.0, False), (2.0, True), (4.0, True)])
def test_nk_cells_lost_to_their_scatter_are_missing_from_the_lymphocytes(
    usual_tubes: Tubes, factor: float, lost: bool
) -> None:
    """Both are marked, however few are left to be counted; T and B cells are told without them."""
    truth = with_large_nk_cells(factor, 71)
    gated = gate([truth.sample(), *samples(usual_tubes)], "tbnk")[0]
    assert (events(gated, "NK") < 0.5 * truth.true("NK").events) is lost
    for population in ("NK", "lymphocytes"):
        assert (statuses(gated)[population] == "review") is lost, population
    for population in ("CD3_T", "CD4_T", "CD8_T", "B"):
        assert statuses(gated)[population] == "ok", population
