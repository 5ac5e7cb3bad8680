"""Where numbers come from, as a page shows it: hashes and versions, no file names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PureWindowsPath

import pandas as pd

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
    reference_sets: str
    software_version: str


def sources(
    tubes: Iterable[tuple[Tube, TubeResult]], trajectory: pd.DataFrame
) -> tuple[Source, ...]:
    """Return the provenance of analysed tubes.

    Parameters
    ----------
    tubes : iterable of (Tube, TubeResult)
        In the order of the page.
    trajectory : DataFrame
        ``TRAJECTORY_COLUMNS``: says which reference sets each tube's values were held against.
    """
    return tuple(_source(tube, result, trajectory) for tube, result in tubes if result.status == "done")


def _source(tube: Tube, result: TubeResult, trajectory: pd.DataFrame) -> Source:
    own = trajectory.loc[trajectory["tube"] == tube.tube, "reference_set"]
    sets = sorted({name for name in own if isinstance(name, str) and name})
    made = result.provenance
    return Source(
        tube=tube.tube,
        file_sha256=made.file_sha256 or "–",
        template=_template(made.template, made.template_version),
        template_sha256=made.template_sha256 or "–",
        gates_version=made.gates_version or "–",
        reference_sets=", ".join(name.replace("_", " ") for name in sets) or "–",
        software_version=made.software_version or "–",
    )


def _template(name: str, version: str) -> str:
    # A user's own template is given by path; folders stay out of a report. A Windows path knows
    # both kinds of slash.
    short = PureWindowsPath(name).name
    return f"{short} {version}".strip() or "–"
