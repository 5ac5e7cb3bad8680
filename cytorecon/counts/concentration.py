"""From percentages to cells per microlitre of blood, with interval and LLOQ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cytorecon.counts.counted import Counted, volume_spread
from cytorecon.counts.detection_limit import lod_events
from cytorecon.counts.intervals import CONFIDENCE
from cytorecon.counts.marked import marked
from cytorecon.counts.method import DENOMINATORS, MethodChoice, choose_method
from cytorecon.counts.quantities import CountMethodRequest, TubeQuantities
from cytorecon.knowledge.counting import CountingRules, load_counting_rules
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.results import GateSpread, PopulationCount

DENOMINATOR = "count.denominator"


def absolute_counts(
    counts: Sequence[PopulationCount],
    quantities: TubeQuantities,
    *,
    method: CountMethodRequest = "auto",
    beads_review: Sequence[str] = (),
    rules: CountingRules | None = None,
    populations: Populations | None = None,
    confidence: float = CONFIDENCE,
) -> tuple[PopulationCount, ...]:
    """Add cells/µL, interval and LLOQ to the counts of one tube.

    Parameters
    ----------
    counts : sequence of PopulationCount
        From :func:`count_populations`; with all populations of the tube.
    quantities : TubeQuantities
        What the sheet says about the tube.
    method : str
        See :func:`choose_method`, whose ``issues`` say what was passed over and why.
    beads_review : sequence of str
        Codes put on every concentration that rests on beads, beside those of the bead gate.
    rules : CountingRules, optional
        Limits; the packaged ones by default.
    populations : Populations, optional
        Which names are cells; the packaged table by default.
    confidence : float
        Coverage of the intervals, a fraction; 0.95 in every product.

    Returns
    -------
    tuple of PopulationCount
        In the order given. Beads, cleaning steps (singlets, viable), what is not evaluable, and
        with a blood count what is not part of its denominator, have no concentration.

    Notes
    -----
    *Beads* (one platform): cells/µL = cells / bead events x beads per tube / blood volume x
    dilution; counting error: exact ratio of two Poisson counts. *Volumetric*: cells x dilution / acquired
    volume; exact Poisson. *Blood count* (two platforms): fraction of the lymphocytes
    (ALC) or leukocytes (WBC) x the count; exact binomial of the fraction. Interval: the counting error
    with that of the gates (``gate_spread``) and of pipetting, bead lot or blood count as the sheet states
    them (:mod:`cytorecon.counts.combined`); `uncertainty` holds the parts. The denominator itself is the
    analyser's number and has an interval only where its CV is stated.

    LoD: the concentration that would be told from the background of this tube with 95 % certainty
    (:func:`~cytorecon.counts.detection_limit.lod_events`), where the background is known.
    LLOQ = LLOQ events / blood counted (µL). With fewer events, and for what is not detected,
    ``cells_per_ul`` is None and ``below_lloq`` True; the interval stands, from 0 on if not detected.

    Examples
    --------
    >>> beads = PopulationCount(population="beads", parent="root", status="counted", events=1000)
    >>> cd4 = PopulationCount(population="CD4_T", parent="CD3_T", status="counted", events=400)
    >>> tube = TubeQuantities(beads_per_tube=50000, blood_volume_ul=50)
    >>> result = absolute_counts([beads, cd4], tube)[1]
    >>> result.cells_per_ul, result.lloq_cells_per_ul, result.count_method
    (400.0, 50.0, 'beads')
    """
    limits = rules or load_counting_rules()
    known = populations or load_populations()
    choice = choose_method(counts, quantities, method=method, rules=limits)
    if choice.blood_ul_counted is None:
        return tuple(_reviewed(count, choice.review) for count in counts)
    volume = volume_spread(choice.method, quantities, limits)
    review = (*choice.review, *(_bead_review(counts, beads_review) if choice.method == "beads" else ()))
    return tuple(
        _with_concentration(
            count,
            _blood(count, counts, choice, volume),
            limits.lloq_events(count.population),
            (*review, *_denominator_review(count, counts, choice)),
            confidence,
        )
        if known.kind_of(count.population) == "cells" and _has_concentration(count, choice)
        else count
        for count in counts
    )


def _reviewed(count: PopulationCount, review: Sequence[str]) -> PopulationCount:
    if count.status != "counted":
        return count
    return marked(count, review)


def _bead_review(counts: Sequence[PopulationCount], beads_review: Sequence[str]) -> tuple[str, ...]:
    gate = next((count.review for count in counts if count.population == "beads"), ())
    return (*gate, *beads_review)


def _denominator_review(
    count: PopulationCount, counts: Sequence[PopulationCount], choice: MethodChoice
) -> tuple[str, ...]:
    """Return the code of a concentration whose denominator is in doubt for more than it is itself."""
    whole = next((item for item in counts if item.population == DENOMINATORS.get(choice.method)), None)
    return (DENOMINATOR,) if whole is not None and set(whole.review) - set(count.review) else ()


def _has_concentration(count: PopulationCount, choice: MethodChoice) -> bool:
    if count.status != "counted" or count.events is None:
        return False
    # the upper end stands also where nothing was detected
    if choice.method == "blood_count_alc":
        return count.population == "lymphocytes" or count.percent_of_lymphocytes_high is not None
    if choice.method == "blood_count_wbc":
        return count.population == "leukocytes" or count.percent_of_leukocytes_high is not None
    return True


def _blood(
    count: PopulationCount, counts: Sequence[PopulationCount], choice: MethodChoice, volume: float
) -> Counted:
    """Return what the events of `count` are held against."""
    blood_ul = choice.blood_ul_counted
    assert blood_ul is not None
    gates = count.gate_spread or GateSpread()
    if choice.method == "beads":
        return Counted(choice.method, blood_ul, choice.bead_events, gates.events, volume)
    if choice.method == "volumetric":
        return Counted(choice.method, blood_ul, None, gates.events, volume)
    of_lymphocytes = choice.method == "blood_count_alc"
    denominator = DENOMINATORS[choice.method]
    whole = next(item.events for item in counts if item.population == denominator)
    if count.population == denominator:
        return Counted(choice.method, blood_ul, whole, 0.0, volume, is_blood_count=True)
    spread = gates.of_lymphocytes if of_lymphocytes else gates.of_leukocytes
    return Counted(choice.method, blood_ul, whole, spread, volume)


def _with_concentration(
    count: PopulationCount, blood: Counted, lloq_events: int, review: Sequence[str], confidence: float
) -> PopulationCount:
    assert count.events is not None
    below = count.events < lloq_events or count.detected is False
    low, high = blood.interval(count.events, confidence=confidence)
    if count.detected is False and low is not None:
        low = 0.0
    return replace(
        _reviewed(count, review),
        cells_per_ul=None if below else count.events / blood.blood_ul,
        cells_per_ul_low=low,
        cells_per_ul_high=high,
        lloq_cells_per_ul=lloq_events / blood.blood_ul,
        lod_cells_per_ul=_lod(count, blood),
        below_lloq=below,
        count_method=blood.method,
        blood_ul_counted=blood.blood_ul,
        uncertainty=blood.uncertainty(count.events),
    )


def _lod(count: PopulationCount, blood: Counted) -> float | None:
    if count.background_events is None:
        return None
    significance = load_quality_limits().detection.significance.value
    return lod_events(count.background_events, significance) / blood.blood_ul
