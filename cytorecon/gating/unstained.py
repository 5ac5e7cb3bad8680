"""Cells that are not detected, and may be there without their stain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cytorecon.counts.assay import unnamed
from cytorecon.errors import Issue, Severity
from cytorecon.gating.certainty import Detection
from cytorecon.gating.expressions import required_names
from cytorecon.gating.gated import GatedSample
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.quality import SumRule
from cytorecon.knowledge.review_flags import load_review_flags

UNSTAINED = "gate.unstained"


@dataclass(frozen=True, slots=True)
class Unstained:
    """A population that may be there without its stain.

    Parameters
    ----------
    population, gate : str
        Which, and the gate that counts it.
    unnamed : int
        Events of `whole` that are none of the populations it is made of.
    whole : str
        Population that they all are part of.
    whole_events : int
        Its events.
    """

    population: str
    gate: str
    unnamed: int
    whole: str
    whole_events: int

    @property
    def code(self) -> str:
        """The review code."""
        return f"{UNSTAINED}:{self.gate}"

    @property
    def issue(self) -> Issue:
        """What was found, in words."""
        named = load_populations().display_name
        cells, whole = f"{named(self.population)} cells", named(self.whole).lower()
        message = (
            f"{cells} are not detected, and {self.unnamed} of {self.whole_events} {whole} carry no marker at "
            f"all: {cells} may be unstained."
        )
        return Issue(
            UNSTAINED, Severity.WARNING, f"gate {self.gate}", message, load_review_flags()[UNSTAINED].hint
        )


def unstained(
    gated: GatedSample, tested: Mapping[str, Detection], rules: Sequence[SumRule]
) -> Iterator[Unstained]:
    """Yield the populations that are not detected beside cells without any marker.

    Parameters
    ----------
    gated : GatedSample
        With masks.
    tested : mapping of str to Detection
        Of the same tube.
    rules : sequence of SumRule
        From ``quality.yaml``.

    Notes
    -----
    Cells that are not there leave nothing over; cells that lost their stain are lymphocytes still, and are
    neither T, B nor NK cells. A gate that a person looked at and accepted is believed.
    """
    doubtful = {found.gate for found in gated.gates if not found.accepted}
    for rule, left, whole in unnamed(gated.tallies(), rules):
        for part in dict.fromkeys(rule.parts):
            if part not in tested or tested[part].detected:
                continue
            for gate in required_names(gated.template.population_by_name[part].where):
                if gate in doubtful:
                    yield Unstained(part, gate, left, rule.whole, whole)
