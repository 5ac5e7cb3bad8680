"""From percentages to cells per microlitre of blood, with interval and LLOQ."""

from __future__ import annotations

from collections.abc import Sequence

from cytorecon.counts.intervals import binomial_interval, poisson_interval, poisson_ratio_interval
from cytorecon.counts.method import MethodChoice, choose_method
from cytorecon.counts.quantities import CountMethodRequest, TubeQuantities
from cytorecon.knowledge.counting import CountingRules, load_counting_rules
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.results import PopulationCount


def absolute_counts(
    counts: Sequence[PopulationCount],
    quantities: TubeQuantities,
    *,
    method: CountMethodRequest = "auto",
    beads_review: Sequence[str] = (),
    rules: CountingRules | None = None,
    populations: Populations | None = None,
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

    Returns
    -------
    tuple of PopulationCount
        In the order given. Beads, cleaning steps (singlets, viable), what is not evaluable, and
        with a blood count what is not part of its denominator, have no concentration.

    Notes
    -----
    *Beads* (one platform): cells/µL = cells / bead events x beads per tube / blood volume x
    dilution; interval: exact ratio of two Poisson counts. *Volumetric*: cells x dilution / acquired
    volume; interval: exact Poisson. *Blood count* (two platforms): fraction of the lymphocytes
    (ALC) or leukocytes (WBC) x the count; interval: exact binomial of the fraction only. The error
    of the blood analyser, and of pipetting, is in none of them. The denominator itself is the
    analyser's number and has no interval.

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
    review = (*choice.review, *(_bead_review(counts, beads_review) if choice.method == "beads" else ()))
    return tuple(
        _with_concentration(count, counts, choice, limits.lloq_events(count.population), review)
        if known.kind_of(count.population) == "cells" and _has_concentration(count, choice)
        else count
        for count in counts
    )


def _reviewed(count: PopulationCount, review: Sequence[str]) -> PopulationCount:
    if count.status != "counted":
        return count
    return count.model_copy(update={"review": tuple(dict.fromkeys((*count.review, *review)))})


def _bead_review(counts: Sequence[PopulationCount], beads_review: Sequence[str]) -> tuple[str, ...]:
    gate = next((count.review for count in counts if count.population == "beads"), ())
    return (*gate, *beads_review)


def _has_concentration(count: PopulationCount, choice: MethodChoice) -> bool:
    if count.status != "counted" or count.events is None:
        return False
    # the upper end stands also where nothing was detected
    if choice.method == "blood_count_alc":
        return count.population == "lymphocytes" or count.percent_of_lymphocytes_high is not None
    if choice.method == "blood_count_wbc":
        return count.population == "leukocytes" or count.percent_of_leukocytes_high is not None
    return True


def _with_concentration(
    count: PopulationCount,
    counts: Sequence[PopulationCount],
    choice: MethodChoice,
    lloq_events: int,
    review: Sequence[str],
) -> PopulationCount:
    blood_ul = choice.blood_ul_counted
    assert blood_ul is not None
    assert count.events is not None
    below = count.events < lloq_events or count.detected is False
    low, high = _interval(count, counts, choice, blood_ul)
    if count.detected is False and low is not None:
        low = 0.0
    return _reviewed(count, review).model_copy(
        update={
            "cells_per_ul": None if below else count.events / blood_ul,
            "cells_per_ul_low": low,
            "cells_per_ul_high": high,
            "lloq_cells_per_ul": lloq_events / blood_ul,
            "below_lloq": below,
            "count_method": choice.method,
            "blood_ul_counted": blood_ul,
        }
    )


def _interval(
    count: PopulationCount, counts: Sequence[PopulationCount], choice: MethodChoice, blood_ul: float
) -> tuple[float | None, float | None]:
    events = count.events
    assert events is not None
    if choice.method == "beads":
        beads = choice.bead_events
        assert beads is not None
        ratio_low, ratio_high = poisson_ratio_interval(events, beads)
        cells_per_ratio = beads / blood_ul
        return ratio_low * cells_per_ratio, ratio_high * cells_per_ratio
    if choice.method == "volumetric":
        mean_low, mean_high = poisson_interval(events)
        return mean_low / blood_ul, mean_high / blood_ul
    denominator = "lymphocytes" if choice.method == "blood_count_alc" else "leukocytes"
    if count.population == denominator:
        return None, None
    whole = next(item.events for item in counts if item.population == denominator)
    assert whole is not None
    low, high = binomial_interval(events, whole)
    return low * whole / blood_ul, high * whole / blood_ul
