"""Whether a gate wanders over the visits of a patient beyond the spread of its batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cytorecon.knowledge.quality import BetweenTubesLimits
from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.visits import Visit

#: Makes a median of absolute deviations a standard deviation.
_TO_SD = 1.4826
#: Visits at each end whose median is compared.
_AT_EACH_END = 3


#: Gate on one scale -> patient -> positions.
Positions = dict[tuple[str, ...], dict[str, list[float]]]


def gate_drifts(
    visits: Mapping[str, Sequence[Visit]], limits: BetweenTubesLimits, batch: Positions | None = None
) -> Iterator[Finding]:
    """Yield a finding at the last visit for each gate that wanders.

    The median of the first three visits is held against that of the last three; the unit is the spread of
    the batch around each patient's own median, so that patients who differ do not hide one who drifts.

    Parameters
    ----------
    visits : mapping of str to sequence of Visit
        By patient, in order.
    limits : BetweenTubesLimits
        From ``quality.yaml``.
    batch : Positions, optional
        Where the gates of all patients of the study lie, where `visits` are those of some; by default those
        of `visits`.
    """
    own: dict[tuple[str, ...], dict[str, list[tuple[Visit, float]]]] = {}
    for patient, of_patient in visits.items():
        for visit in of_patient:
            source = visit.result.provenance
            for gate in visit.result.gates:
                if gate.threshold is not None and gate.status == "found":
                    key = position_key(
                        gate.gate, source.template_sha256, source.transforms_sha256, gate.channels
                    )
                    own.setdefault(key, {}).setdefault(patient, []).append((visit, gate.threshold))
    for key in sorted(own):
        everybody = (
            {patient: [position for _, position in seen] for patient, seen in own[key].items()}
            if batch is None
            else batch[key]
        )
        yield from _of_gate(key[0], own[key], everybody, limits)


def position_key(
    gate: str, template_sha256: str, transforms_sha256: str, channels: Sequence[str]
) -> tuple[str, ...]:
    """Return gate and scale: positions are comparable only on one scale."""
    return gate, template_sha256, transforms_sha256, *channels


def _of_gate(
    gate: str,
    own: Mapping[str, Sequence[tuple[Visit, float]]],
    everybody: Mapping[str, Sequence[float]],
    limits: BetweenTubesLimits,
) -> Iterator[Finding]:
    around = {patient: _around_median(positions) for patient, positions in everybody.items()}
    ordered = np.sort(np.concatenate(list(around.values())))
    if len(ordered) < limits.drift_tubes.value:
        return
    for patient, seen in own.items():
        at = np.array([position for _, position in seen])
        others = ordered if len(around) == 1 else without(ordered, around[patient])
        spread = _TO_SD * float(np.median(others))
        if len(at) < limits.drift_visits.value or spread == 0 or len(others) < limits.drift_tubes.value:
            continue
        moved = float(np.median(at[-_AT_EACH_END:]) - np.median(at[:_AT_EACH_END])) / spread
        if abs(moved) > limits.drift_spreads.value:
            yield _finding(gate, seen, moved, limits)


def _around_median(positions: Sequence[float]) -> npt.NDArray[np.float64]:
    at = np.array(positions)
    return np.asarray(np.abs(at - np.median(at)))


def without(ordered: npt.NDArray[np.float64], own: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return sorted values without some of them, one for each of `own`.

    Examples
    --------
    >>> without(np.array([1.0, 2.0, 2.0, 2.0, 5.0]), np.array([2.0, 5.0, 2.0]))
    array([1., 2.])
    """
    taken = np.sort(own)
    # of equal values one after the other
    nth = np.arange(len(taken)) - np.searchsorted(taken, taken)
    return np.delete(ordered, np.searchsorted(ordered, taken) + nth)


def _finding(
    gate: str, own: Sequence[tuple[Visit, float]], moved: float, limits: BetweenTubesLimits
) -> Finding:
    limit = limits.drift_spreads
    first, last = own[0][0].tube, own[-1][0].tube
    return Finding(
        check="gate_drift",
        tube=last.tube,
        populations=(),
        value=moved,
        limit=limit.value,
        unit=limit.unit,
        subject=f"gate {gate}",
        message=(
            f"The threshold moved {'up' if moved > 0 else 'down'} by {abs(moved):.1f} {limit.unit} "
            f"between day {first.day} and day {last.day}; {limit.value:g} are allowed."
        ),
        causes="Detector, laser or antibody lot change, or the cells of this patient do.",
        source=limit.source,
    )
