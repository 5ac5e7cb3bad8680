"""Whether a drug the patient was given hides a marker that cells are counted by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cytorecon.knowledge.drug_interference import HidingDrug
from cytorecon.knowledge.populations import load_populations
from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.visits import Visit
from cytorecon.study.model import ClinicalEvent


def hidden_markers(
    visit: Visit, events: Sequence[ClinicalEvent], drugs: Sequence[HidingDrug]
) -> Iterator[Finding]:
    """Yield a finding for each drug given so shortly before the visit that it may hide a marker.

    Parameters
    ----------
    visit : Visit
        One tube.
    events : sequence of ClinicalEvent
        Of its patient.
    drugs : sequence of HidingDrug
        From ``drug_interference.yaml``.
    """
    for drug in drugs:
        counted = tuple(count.population for count in visit.counts if count.population in drug.populations)
        given = [
            (_days_since(event, visit.tube.day), event, name)
            for event in events
            if event.kind in drug.kinds and (name := drug.named_in(event.label))
            if event.start_day <= visit.tube.day
        ]
        if not counted or not given:
            continue
        days, event, name = min(given, key=lambda each: each[0])
        if days <= drug.window_days:
            yield _finding(visit, drug, counted, days, event, name)


def _days_since(event: ClinicalEvent, day: int) -> int:
    """Return the days since it was last given; 0 while it goes on."""
    if event.ongoing:
        return 0
    return max(0, day - (event.start_day if event.end_day is None else event.end_day))


def _finding(
    visit: Visit,
    drug: HidingDrug,
    counted: tuple[str, ...],
    days: int,
    event: ClinicalEvent,
    name: str,
) -> Finding:
    names = load_populations()
    when = f"{days} days before" if days else "at the time of"
    return Finding(
        check="hidden_marker",
        tube=visit.tube.tube,
        populations=counted,
        value=days,
        limit=drug.window_days,
        unit="days",
        subject=drug.marker,
        message=(
            f"{name} was given {when} this visit (from day {event.start_day}) and hides {drug.marker} "
            f"for up to {drug.window_days} days: "
            f"{', '.join(names.display_name(each) for each in counted)} may be counted wrongly."
        ),
        causes=f"Use {drug.use}.",
        source=f"{drug.source}; {drug.window_source}",
    )
