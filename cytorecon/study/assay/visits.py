"""Analysed tubes as the checks look at them."""

from __future__ import annotations

from dataclasses import dataclass

from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult


@dataclass(frozen=True, slots=True)
class Visit:
    """One analysed tube."""

    tube: Tube
    result: TubeResult

    @property
    def counts(self) -> tuple[PopulationCount, ...]:
        """Its counts."""
        return self.result.counts

    def count(self, population: str) -> PopulationCount | None:
        """Return the count of `population`; None when it has none or is not evaluable."""
        found = (count for count in self.counts if count.population == population)
        return next((count for count in found if count.status == "counted"), None)


def visits_of(result: StudyResult) -> dict[str, tuple[Visit, ...]]:
    """Return the analysed tubes of each patient by day, then name; cell products are left out."""
    results = {outcome.tube: outcome for outcome in result.tubes if outcome.status == "done"}
    visits: dict[str, list[Visit]] = {}
    for tube in sorted(result.study.tubes, key=lambda tube: (tube.day, tube.tube)):
        if tube.tube in results and not tube.is_product:
            visits.setdefault(tube.patient, []).append(Visit(tube, results[tube.tube]))
    return {patient: tuple(own) for patient, own in visits.items()}
