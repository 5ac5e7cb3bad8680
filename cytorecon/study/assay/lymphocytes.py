"""Whether a tube holds enough lymphocytes for percentages of them."""

from __future__ import annotations

from collections.abc import Iterator

from cytorecon.knowledge.quality import BetweenTubesLimits
from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.visits import Visit


def few_lymphocytes(visit: Visit, limits: BetweenTubesLimits) -> Iterator[Finding]:
    """Yield a finding when fewer lymphocytes were counted than percentages need."""
    lymphocytes = visit.count("lymphocytes")
    limit = limits.fewest_lymphocytes
    if lymphocytes is None or lymphocytes.events is None or lymphocytes.events >= limit.value:
        return
    yield Finding(
        check="few_lymphocytes",
        tube=visit.tube.tube,
        populations=tuple(
            count.population
            for count in visit.counts
            if count.percent_of_lymphocytes is not None and count.population != "lymphocytes"
        ),
        value=lymphocytes.events,
        limit=limit.value,
        unit=limit.unit,
        subject="lymphocytes",
        message=f"{lymphocytes.events} lymphocytes were counted; {limit.value:g} are asked for.",
        causes="Few lymphocytes in the blood, or too little of it acquired; see the intervals.",
        source=limit.source,
    )
