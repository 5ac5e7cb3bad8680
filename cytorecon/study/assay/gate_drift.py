"""Whether a gate wanders over the visits of a patient beyond the spread of its batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cytorecon.knowledge.quality import BetweenTubesLimits
from cytorecon.results import GateRecord
from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.visits import Visit

#: Makes a median of absolute deviations a standard deviation.
_TO_SD = 1.4826
#: Visits at each end whose median is compared.
_AT_EACH_END = 3


def gate_drifts(visits: Mapping[str, Sequence[Visit]], limits: BetweenTubesLimits) -> Iterator[Finding]:
    """Yield a finding at the last visit for each gate that wanders.

    The median of the first three visits is held against that of the last three; the unit is the spread of
    the batch around each patient's own median, so that patients who differ do not hide one who drifts.

    Parameters
    ----------
    visits : mapping of str to sequence of Visit
        By patient, in order.
    limits : BetweenTubesLimits
        From ``quality.yaml``.
    """
    batches: dict[tuple[str, ...], dict[str, list[tuple[Visit, float]]]] = {}
    for patient, own in visits.items():
        for visit in own:
            for gate in visit.result.gates:
                if gate.threshold is not None and gate.status == "found":
                    key = _key(visit, gate)
                    batches.setdefault(key, {}).setdefault(patient, []).append((visit, gate.threshold))
    for key in sorted(batches):
        yield from _of_gate(key[0], list(batches[key].values()), limits)


def _key(visit: Visit, gate: GateRecord) -> tuple[str, ...]:
    """Return gate and scale: positions are comparable only on one scale."""
    provenance = visit.result.provenance
    return gate.gate, provenance.template_sha256, provenance.transforms_sha256, *gate.channels


def _of_gate(
    gate: str, patients: Sequence[Sequence[tuple[Visit, float]]], limits: BetweenTubesLimits
) -> Iterator[Finding]:
    positions = [np.array([position for _, position in own]) for own in patients]
    around = np.concatenate([own - np.median(own) for own in positions])
    if len(around) < limits.drift_tubes.value:
        return
    for own, at in zip(patients, positions, strict=True):
        others = np.concatenate([own_ - np.median(own_) for own_ in positions if own_ is not at] or [around])
        spread = _TO_SD * float(np.median(np.abs(others)))
        if len(at) < limits.drift_visits.value or spread == 0 or len(others) < limits.drift_tubes.value:
            continue
        moved = float(np.median(at[-_AT_EACH_END:]) - np.median(at[:_AT_EACH_END])) / spread
        if abs(moved) > limits.drift_spreads.value:
            yield _finding(gate, own, moved, limits)


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
