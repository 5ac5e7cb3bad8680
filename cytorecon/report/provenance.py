"""Where numbers come from, as a page shows it: hashes and versions, no file names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from cytorecon.figures.format import population_label, reference_title
from cytorecon.figures.points import percentile_words
from cytorecon.report import words
from cytorecon.results import TubeResult
from cytorecon.study.model import Tube


@dataclass(frozen=True, slots=True)
class Source:
    """Provenance of one tube, ready to print; a dash where something is not known."""

    tube: str
    file_sha256: str
    template: str
    template_sha256: str
    gates_version: str
    software_version: str


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """One reference set that values of a page were held against."""

    name: str
    populations: str
    percentiles: str
    citation: str


def sources(tubes: Iterable[tuple[Tube, TubeResult]]) -> tuple[Source, ...]:
    """Return the provenance of analysed tubes, in the order given."""
    return tuple(_source(tube, result) for tube, result in tubes if result.status == "done")


def _source(tube: Tube, result: TubeResult) -> Source:
    made = result.provenance
    return Source(
        tube=tube.tube,
        file_sha256=made.file_sha256 or "–",
        template=f"{words.without_folder(made.template)} {made.template_version}".strip() or "–",
        template_sha256=made.template_sha256 or "–",
        gates_version=made.gates_version or "–",
        software_version=made.software_version or "–",
    )


def reference_sets(
    patient: str, trajectory: pd.DataFrame, citations: Mapping[str, str]
) -> tuple[ReferenceSet, ...]:
    """Return the reference sets of one patient's values, each with its citation.

    Parameters
    ----------
    patient : str
        Pseudonym.
    trajectory : DataFrame
        ``TRAJECTORY_COLUMNS``.
    citations : mapping of str to str
        Set -> source.
    """
    own = trajectory[(trajectory["patient"] == patient) & (trajectory["reference_set"] != "")]
    return tuple(
        ReferenceSet(
            name=reference_title(str(name)),
            populations=", ".join(map(population_label, dict.fromkeys(rows["population"]))),
            percentiles=", ".join(map(percentile_words, _percentiles(rows))) or "not stated",
            citation=citations.get(str(name), "–"),
        )
        for name, rows in own.groupby("reference_set")
    )


def _percentiles(rows: pd.DataFrame) -> list[str]:
    return [str(own) for own in dict.fromkeys(rows["reference_percentiles"]) if own]
