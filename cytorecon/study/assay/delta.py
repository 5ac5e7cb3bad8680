"""Whether a count changes more since the visit before than noise, recovery and events explain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cytorecon.counts.intervals import poisson_ratio_interval
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.quality import BetweenTubesLimits
from cytorecon.results import PopulationCount
from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.visits import Visit
from cytorecon.study.model import ClinicalEvent

#: Lineages that neither come nor go within weeks without an event. B cells do.
LINEAGES = ("CD3_T", "CD4_T", "CD8_T", "NK")


def delta_checks(
    visits: Sequence[Visit], events: Sequence[ClinicalEvent], limits: BetweenTubesLimits
) -> Iterator[Finding]:
    """Yield a finding for each lineage that changes beyond the limit since the visit before.

    Parameters
    ----------
    visits : sequence of Visit
        Of one patient, in order.
    events : sequence of ClinicalEvent
        Of the patient; one that begins or ends between the visits, or shortly before, explains a change.
    limits : BetweenTubesLimits
        From ``quality.yaml``.
    """
    for name in LINEAGES:
        counted = [(visit, count) for visit in visits if (count := _concentration(visit, name)) is not None]
        for (before, earlier), (now, count) in pairwise(counted):
            days = now.tube.day - before.tube.day
            comparable = earlier.count_method == count.count_method
            if 0 < days <= limits.delta_days.value and comparable:
                yield from _change(before, earlier, now, count, events, limits)


def _concentration(visit: Visit, name: str) -> PopulationCount | None:
    count = visit.count(name)
    return count if count is not None and count.events and count.blood_ul_counted else None


def _change(
    before: Visit,
    earlier: PopulationCount,
    now: Visit,
    count: PopulationCount,
    events: Sequence[ClinicalEvent],
    limits: BetweenTubesLimits,
) -> Iterator[Finding]:
    blood, earlier_blood = count.blood_ul_counted or 1.0, earlier.blood_ul_counted or 1.0
    per_blood = earlier_blood / blood
    low, high = (
        limit * per_blood for limit in poisson_ratio_interval(count.events or 0, earlier.events or 0)
    )
    limit = limits.delta
    if not (low > limit.value or high < 1 / limit.value):
        return
    ratio = (count.events or 0) / (earlier.events or 1) * per_blood
    why = _explanation(before.tube.day - limits.delta_days.value, now.tube.day, events)
    factor = f"{ratio:.3g} times" if ratio > 1 else f"a {1 / ratio:.3g}th of"
    yield Finding(
        check="delta",
        tube=now.tube.tube,
        populations=(count.population,),
        value=ratio,
        limit=limit.value,
        unit=limit.unit,
        subject=count.population,
        message=(
            f"{load_populations().display_name(count.population)}: {factor} the count of day "
            f"{before.tube.day}; {limit.value:g} times beyond counting noise are allowed within "
            f"{limits.delta_days.value:g} days." + (f" Explained by: {why}." if why else "")
        ),
        causes="Tubes exchanged, another unit or bead lot, a failed stain, or an event that is not listed.",
        source=limit.source,
        explained=bool(why),
    )


def _explanation(begin: float, end: float, events: Sequence[ClinicalEvent]) -> str:
    """Return the kinds of events that begin or end in the time."""
    days = [(event.kind, (event.start_day, event.end_day)) for event in events]
    found = [kind for kind, both in days if any(day is not None and begin <= day <= end for day in both)]
    return ", ".join(dict.fromkeys(kind.replace("_", " ") for kind in found))
