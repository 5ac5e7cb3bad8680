"""Whether tubes of the same blood agree in their share of T cells."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from cytorecon.knowledge.quality import BetweenTubesLimits
from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.visits import Visit

#: Of the difference of two shares, two-sided 95 %.
_NORMAL = 1.96


def replicate_cd3(visits: Sequence[Visit], limits: BetweenTubesLimits) -> Iterator[Finding]:
    """Yield a finding for each of two tubes of one day that differ in CD3 by more than chance.

    Parameters
    ----------
    visits : sequence of Visit
        Of one patient.
    limits : BetweenTubesLimits
        From ``quality.yaml``.
    """
    for one, other in combinations(visits, 2):
        if one.tube.day != other.tube.day:
            continue
        shares = [_share(one), _share(other)]
        if shares[0] is None or shares[1] is None:
            continue
        (first, first_of), (second, second_of) = shares[0], shares[1]
        noise = _NORMAL * math.sqrt(first * (1 - first) / first_of + second * (1 - second) / second_of)
        difference = abs(first - second)
        if 100 * (difference - noise) > limits.replicate_CD3.value:
            yield _finding(one, other, 100 * first, 100 * second, limits)
            yield _finding(other, one, 100 * second, 100 * first, limits)


def _share(visit: Visit) -> tuple[float, int] | None:
    """Return T cells as a fraction of lymphocytes, and the lymphocytes."""
    t_cells, lymphocytes = visit.count("CD3_T"), visit.count("lymphocytes")
    if t_cells is None or lymphocytes is None or t_cells.events is None or not lymphocytes.events:
        return None
    return min(1.0, t_cells.events / lymphocytes.events), lymphocytes.events


def _finding(visit: Visit, other: Visit, own: float, others: float, limits: BetweenTubesLimits) -> Finding:
    limit = limits.replicate_CD3
    return Finding(
        check="replicate_CD3",
        tube=visit.tube.tube,
        populations=("CD3_T",),
        value=abs(own - others),
        limit=limit.value,
        unit=limit.unit,
        subject="CD3_T",
        message=(
            f"T cells are {own:.1f} % of the lymphocytes here and {others:.1f} % in tube "
            f"{other.tube.tube} of the same day; {limit.value:g} {limit.unit} beyond counting noise "
            "are allowed."
        ),
        causes="One tube was stained, mixed or gated otherwise, or holds other blood.",
        source=limit.source,
    )
