"""Whether a sample bears a day after the patient's death."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.visits import Visit
from cytorecon.study.final import CHECK_BOTH_DAYS, FinalEvent


def after_the_end(visit: Visit, ends: Mapping[str, FinalEvent]) -> Iterator[Finding]:
    """Yield a finding when the tube of a visit bears a day after the final event of its patient.

    Parameters
    ----------
    visit : Visit
        One tube.
    ends : mapping of str to FinalEvent
        By patient.
    """
    tube = visit.tube
    final = ends.get(tube.patient)
    if final is None or tube.day <= final.day:
        return
    yield Finding(
        check="after_final_event",
        tube=tube.tube,
        populations=tuple(count.population for count in visit.counts),
        value=tube.day,
        limit=final.day,
        unit="day",
        subject=f"patient {tube.patient}",
        message=(
            f"The sample is of day {tube.day}, after {final.name} on day {final.day}. Curves end before it, "
            "and visit windows and registry sheets leave it out."
        ),
        causes=CHECK_BOTH_DAYS,
        source="event_kinds.yaml",
    )
