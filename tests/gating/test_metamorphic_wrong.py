"""What is wrong with a batch and must never be called ok, on whole tubes, through the public door.

All tubes of the batch are wrong alike, so that nothing but knowledge of the cells can show it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

import cytorecon as cr
from cytorecon.counts import count_populations
from cytorecon.errors import PanelError
from cytorecon.gating.gated import GatedSample
from cytorecon.pipeline.context import BatchContext
from cytorecon.results import PopulationCount
from cytorecon.sample import Sample
from cytorecon.simulate import SimulatedTube
from tests.pipeline.tubes import (
    DETECTORS,
    is_close,
    samples,
    swapped,
    tallies,
    tube,
    unstained,
    without_channels,
)

TUBES, LOOKED_AT = 8, 2
CELLS = ("lymphocytes", "CD3_T", "CD4_T", "CD8_T", "DP_T", "DN_T", "NKT_like", "B", "NK")
JUDGED = ("lymphocytes", "CD3_T", "CD4_T", "CD8_T", "B", "NK")
#: Worth of a result that says: do not rely on me.
NOT_OK = {"review", "not_detected", "not_evaluable", "below_lloq"}
#: What may have happened to a spillover matrix.
MATRICES: dict[str, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {
    "half": lambda matrix: np.eye(len(matrix)) + 0.5 * (matrix - np.eye(len(matrix))),
    "double": lambda matrix: np.eye(len(matrix)) + 2.0 * (matrix - np.eye(len(matrix))),
    "transposed": lambda matrix: matrix.T.copy(),
    "none": lambda matrix: np.eye(len(matrix)),
}


@pytest.fixture(scope="module")
def tubes() -> tuple[SimulatedTube, ...]:
    return tuple(tube(seed=3000 + n, events=3000, beads_per_tube=15_000) for n in range(TUBES))


@pytest.fixture(scope="module")
def batch(tubes: tuple[SimulatedTube, ...]) -> list[Sample]:
    return samples(tubes)


@pytest.fixture(scope="module")
def priors(batch: list[Sample]) -> tuple[BatchContext, ...]:
    return cr.learn_priors(batch, "tbnk")


def counted(gated: GatedSample) -> dict[str, PopulationCount]:
    return {count.population: count for count in count_populations(gated.tallies())}


def verdicts(gated: GatedSample) -> set[str]:
    return {count.verdict for count in counted(gated).values()}


def gated_as_a_batch(batch: Sequence[Sample]) -> list[GatedSample]:
    """Return the first tubes, gated with what all of them taught."""
    return cr.gate_batch(batch[:LOOKED_AT], "tbnk", cr.learn_priors(batch, "tbnk"))


def wrong_but_ok(gated: GatedSample, truth: SimulatedTube) -> list[str]:
    """Return the populations that are called ok and neither within 10 % nor within chance of the truth."""
    table = counted(gated)
    called_ok = [name for name in JUDGED if table[name].verdict not in NOT_OK]
    return [name for name in called_ok if not is_close(gated, truth, name)]


def none_wrong_but_ok(batch: Sequence[Sample], tubes: Sequence[SimulatedTube]) -> None:
    for gated, truth in zip(gated_as_a_batch(batch), tubes, strict=False):
        assert wrong_but_ok(gated, truth) == []


def test_the_batch_as_it_is_is_ok(tubes: tuple[SimulatedTube, ...], batch: list[Sample]) -> None:
    """Else all that follows would mean nothing."""
    for gated, truth in zip(gated_as_a_batch(batch), tubes, strict=False):
        assert {counted(gated)[name].verdict for name in JUDGED} == {"ok"}
        assert wrong_but_ok(gated, truth) == []


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(DETECTORS, 2)))
def test_exchanged_labels_are_never_called_ok(
    one: str, other: str, tubes: tuple[SimulatedTube, ...], batch: list[Sample]
) -> None:
    none_wrong_but_ok([swapped(sample, one, other) for sample in batch], tubes)


@pytest.mark.parametrize("other", [marker for marker in DETECTORS if marker != "CD45"])
def test_cd45_exchanged_in_one_tube_of_a_batch_is_told(
    other: str, batch: list[Sample], priors: tuple[BatchContext, ...]
) -> None:
    """The batch's thresholds stand, so the tube has numbers; none may look right, or look like absence."""
    (gated,) = cr.gate_batch([swapped(batch[0], "CD45", other)], "tbnk", priors)
    assert {counted(gated)[name].verdict for name in CELLS} <= {"review", "not_evaluable"}
    assert any("lack CD45" in issue.message for issue in gated.issues)


def test_cd45_that_was_left_out_of_one_tube_is_told(
    batch: list[Sample], priors: tuple[BatchContext, ...]
) -> None:
    """Lymphocytes are not seen then, which must not read as their absence."""
    (gated,) = cr.gate_batch([unstained(batch[0], "CD45")], "tbnk", priors)
    assert "assay.labels" in counted(gated)["lymphocytes"].review
    assert {counted(gated)[name].verdict for name in CELLS} <= {"review", "not_evaluable"}


def scattering_more(sample: Sample, cells: npt.NDArray[np.bool_], factor: float) -> Sample:
    """Return the sample with so many times the side scatter of some cells, as activated ones have."""
    sides = [channel.index for channel in sample.channels if channel.name.upper().startswith("SSC")]
    events = sample.events.copy()
    for side in sides:
        events[cells, side] *= factor
    return replace(sample, events=events)


@pytest.mark.parametrize(("factor", "told"), [(1.0, False), (2.5, True)])
def test_t_cells_that_scatter_too_much_to_be_counted_are_told(
    factor: float,
    told: bool,
    tubes: tuple[SimulatedTube, ...],
    batch: list[Sample],
    priors: tuple[BatchContext, ...],
) -> None:
    """Half of the CD8 T cells were missing, and the rest called ok."""
    moved = scattering_more(batch[0], tubes[0].mask("CD8_T"), factor)
    (gated,) = cr.gate_batch([moved], "tbnk", priors)
    for name in ("lymphocytes", "CD3_T", "CD8_T"):
        assert ("assay.outside" in counted(gated)[name].review) is told
    assert is_close(gated, tubes[0], "CD8_T") is not told


def test_exchanged_cd4_and_cd8_are_told_in_words(batch: list[Sample]) -> None:
    for gated in gated_as_a_batch([swapped(sample, "CD4", "CD8") for sample in batch]):
        assert "assay.labels" in counted(gated)["CD4_T"].review
        assert "assay.labels" in counted(gated)["CD8_T"].review
        (issue,) = (issue for issue in gated.issues if issue.code == "assay.labels")
        assert issue.message.startswith("Monocytes are brighter in the channel of CD8 than in that of CD4: ")


@pytest.mark.parametrize("matrix", MATRICES)
def test_a_wrong_matrix_is_never_called_ok(
    matrix: str, tubes: tuple[SimulatedTube, ...], batch: list[Sample]
) -> None:
    wrong = []
    for sample in batch:
        assert sample.spillover is not None
        changed = replace(sample.spillover, matrix=MATRICES[matrix](sample.spillover.matrix))
        wrong.append(replace(sample, spillover=changed))
    none_wrong_but_ok(wrong, tubes)


def test_half_of_the_matrix_is_told_in_words(batch: list[Sample]) -> None:
    half = []
    for sample in batch:
        assert sample.spillover is not None
        changed = replace(sample.spillover, matrix=MATRICES["half"](sample.spillover.matrix))
        half.append(replace(sample, spillover=changed))
    for gated in gated_as_a_batch(half):
        (issue,) = (issue for issue in gated.issues if issue.code == "compensation.residual")
        told = re.fullmatch(
            r"Light of other dyes is left in channels of markers that cells lack: too little is taken away, "
            r"what is left is (\d+) % of what the matrix takes\.",
            issue.message,
        )
        assert told
        assert 80 < int(told[1]) < 120


@pytest.mark.parametrize("marker", DETECTORS)
def test_a_missing_channel_is_refused_by_name(marker: str, batch: list[Sample]) -> None:
    with pytest.raises(PanelError) as caught:
        cr.gate_batch([without_channels(sample, DETECTORS[marker]) for sample in batch], "tbnk")
    assert f"{marker} (not found" in str(caught.value)


@pytest.mark.parametrize("channel", ["FSC-A", "FSC-H", "SSC-A"])
def test_a_missing_scatter_channel_is_never_wrong_and_ok(
    channel: str, tubes: tuple[SimulatedTube, ...], batch: list[Sample]
) -> None:
    none_wrong_but_ok([without_channels(sample, channel) for sample in batch], tubes)


@pytest.mark.parametrize("learned", [False, True])
def test_a_batch_without_any_stain_has_no_cells_that_are_ok(
    learned: bool, batch: list[Sample], priors: tuple[BatchContext, ...]
) -> None:
    blank = batch
    for marker in DETECTORS:
        blank = [unstained(sample, marker) for sample in blank]
    for gated in cr.gate_batch(blank, "tbnk", priors if learned else None):
        assert {counted(gated)[name].verdict for name in CELLS} <= NOT_OK


def test_a_batch_of_one_is_never_ok(batch: list[Sample]) -> None:
    for sample in batch[:LOOKED_AT]:
        (gated,) = cr.gate_batch([sample], "tbnk")
        assert verdicts(gated) <= NOT_OK


@pytest.mark.parametrize("beads", [0, 15_000])
def test_two_hundred_events_are_never_ok(beads: int, priors: tuple[BatchContext, ...]) -> None:
    few = [tube(seed=70 + n, events=200, beads_per_tube=beads).sample() for n in range(TUBES)]
    alone = cr.gate_batch(few[:1], "tbnk")
    for gated in (*alone, *cr.gate_batch(few, "tbnk"), *cr.gate_batch(few, "tbnk", priors)):
        assert verdicts(gated) <= NOT_OK


@pytest.mark.parametrize("number", [0, 1, 5])
def test_next_to_no_events_are_no_error(
    number: int, batch: list[Sample], priors: tuple[BatchContext, ...]
) -> None:
    few = replace(batch[0], events=batch[0].events[:number].copy())
    for learned in (None, priors):
        (gated,) = cr.gate_batch([few], "tbnk", learned)
        assert verdicts(gated) <= NOT_OK
        assert {"events", "percent_of_parent"} <= set(gated.counts())
        assert all(tally.events in (None, 0) for tally in tallies(gated).values())
