"""Whether a gate wanders over the visits of a patient beyond the spread of its batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cytorecon.knowledge.quality import BetweenTubesLimits
from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.visits import Visit
from cytorecon.study.model import Tube

#: Makes a median of absolute deviations a standard deviation.
_TO_SD = 1.4826
#: Visits at each end whose median is compared.
_AT_EACH_END = 3


Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
#: Gate on one scale -> patient -> positions.
Positions = dict[tuple[str, ...], dict[str, list[float]]]


@dataclass(frozen=True, slots=True)
class Course:
    """Where one gate of one patient lies over the visits.

    Parameters
    ----------
    tubes : list of Tube
        In which it was found, in order.
    positions : list of float
        Of the threshold, on one scale.
    """

    tubes: list[Tube]
    positions: list[float]


#: Gate on one scale -> course.
Courses = Mapping[tuple[str, ...], Course]


def courses_of(visits: Iterable[Visit]) -> Courses:
    """Return where the gates of one patient lie.

    Parameters
    ----------
    visits : iterable of Visit
        In order.
    """
    found: dict[tuple[str, ...], Course] = {}
    for visit in visits:
        source = visit.result.provenance
        scale = source.template_sha256, source.transforms_sha256
        for gate in visit.result.gates:
            if gate.threshold is not None and gate.status == "found":
                key = position_key(gate.gate, *scale, gate.channels)
                if (course := found.get(key)) is None:
                    course = found[key] = Course([], [])
                course.tubes.append(visit.tube)
                course.positions.append(gate.threshold)
    return found


def gate_drifts(
    courses: Mapping[str, Courses], limits: BetweenTubesLimits, batch: Positions | None = None
) -> Iterator[Finding]:
    """Yield a finding at the last visit for each gate that wanders.

    The median of the first three visits is held against that of the last three; the unit is the spread of
    the batch around each patient's own median, so that patients who differ do not hide one who drifts.

    Parameters
    ----------
    courses : mapping of str to Courses
        By patient.
    limits : BetweenTubesLimits
        From ``quality.yaml``.
    batch : Positions, optional
        Where the gates of all patients of the study lie, where `courses` are those of some; by default those
        of `courses`.
    """
    own: dict[tuple[str, ...], dict[str, Course]] = {}
    for patient, of_patient in courses.items():
        for key, course in of_patient.items():
            own.setdefault(key, {})[patient] = course
    for key in sorted(own):
        everybody = (
            {patient: course.positions for patient, course in own[key].items()}
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
    own: Mapping[str, Course],
    everybody: Mapping[str, Sequence[float]],
    limits: BetweenTubesLimits,
) -> Iterator[Finding]:
    sizes = np.array([len(positions) for positions in everybody.values()])
    at = np.array([position for positions in everybody.values() for position in positions])
    if len(at) < limits.drift_tubes.value:
        return
    around = np.abs(at - np.repeat(medians(at, sizes), sizes))
    spread = _TO_SD * medians_of_others(around, sizes)
    others = len(at) - sizes if len(sizes) > 1 else sizes
    asked = (
        (sizes >= limits.drift_visits.value) & (spread != 0) & (others >= limits.drift_tubes.value)
    ).tolist()
    moved = _moved(at, sizes)
    for place, patient in enumerate(everybody):
        if patient in own and asked[place]:
            spreads = float(moved[place]) / float(spread[place])
            if abs(spreads) > limits.drift_spreads.value:
                yield _finding(gate, own[patient], spreads, limits)


def medians(values: Numbers, sizes: Places) -> Numbers:
    """Return the median of each group of values that stand one after the other.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Group by group.
    sizes : ndarray of int, shape (g,)
        Values of each group, at least one.

    Examples
    --------
    >>> medians(np.array([3.0, 1.0, 2.0, 5.0, 6.0]), np.array([3, 2]))
    array([2. , 5.5])
    """
    ordered = values[np.lexsort((values, np.repeat(np.arange(len(sizes)), sizes)))]
    begins = np.cumsum(sizes) - sizes
    return np.asarray((ordered[begins + (sizes - 1) // 2] + ordered[begins + sizes // 2]) / 2)


def medians_of_others(values: Numbers, sizes: Places) -> Numbers:
    """Return for each group the median of the values of all other groups; a single group has itself.

    Examples
    --------
    >>> medians_of_others(np.array([3.0, 1.0, 2.0, 5.0, 6.0]), np.array([3, 2]))
    array([5.5, 2. ])
    """
    ordered = np.sort(values)
    rank = np.empty(len(values), dtype=np.intp)
    rank[np.argsort(values, kind="stable")] = np.arange(len(values))
    group = np.repeat(np.arange(len(sizes)), sizes)
    # the ranks of a group in a row of its own, in order; beyond its size, ranks that no value has
    taken = np.full((len(sizes), sizes.max()), len(values))
    taken[group, np.arange(len(values)) - np.repeat(np.cumsum(sizes) - sizes, sizes)] = rank
    taken.sort(axis=1)
    if len(sizes) == 1:
        taken[:] = len(values)
    left = len(values) - sizes if len(sizes) > 1 else sizes
    middle = np.stack([(left - 1) // 2, left // 2])
    for column in taken.T:
        middle += column <= middle
    return np.asarray(ordered[middle].sum(axis=0) / 2)


def _moved(at: Numbers, sizes: Places) -> Numbers:
    """Return how far the median of the last visits of each patient lies from that of the first."""
    few = np.minimum(sizes, _AT_EACH_END)
    begins = np.cumsum(sizes) - sizes
    step = np.arange(few.sum()) - np.repeat(np.cumsum(few) - few, few)
    first, last = (at[np.repeat(begin, few) + step] for begin in (begins, begins + sizes - few))
    return medians(last, few) - medians(first, few)


def _finding(gate: str, own: Course, moved: float, limits: BetweenTubesLimits) -> Finding:
    limit = limits.drift_spreads
    first, last = own.tubes[0], own.tubes[-1]
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
