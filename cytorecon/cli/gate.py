"""``cytorecon gate``: gate files without a study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon.cli.console import note, print_json, print_table, progress_bar
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.options import FilesArgument, JsonOption

if TYPE_CHECKING:
    from cytorecon.errors import Issue
    from cytorecon.gating import GatedSample
    from cytorecon.results import GateRecord, PopulationCount

TemplateOption = Annotated[
    str, typer.Option("--template", metavar="NAME|PATH", help="Packaged template, or a template file.")
]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="MARKER=CHANNEL", help="Which channel carries a marker; may be repeated."),
]
CountsOption = Annotated[
    Path | None, typer.Option("--counts", metavar="FILE.csv", help="Write the counts too.")
]
MasksOption = Annotated[
    Path | None,
    typer.Option("--masks", metavar="DIR", help="Write one .npz per file: a bool per event and population."),
]


@dataclass(frozen=True, slots=True)
class GatedFile:
    """What is kept of one gated file; its events are not.

    Parameters
    ----------
    number : int
        Place on the command line, from 1. It names the file in what is written, because a file's
        name may name a patient.
    path : Path
        As given.
    sha256 : str
        Of the file.
    n_events : int
        Events in it.
    counts, gates, issues
        As the pipeline gives them; no cells/µL without a study.
    """

    number: int
    path: Path
    sha256: str
    n_events: int
    counts: tuple[PopulationCount, ...]
    gates: tuple[GateRecord, ...]
    issues: tuple[Issue, ...]


def gate(
    files: FilesArgument,
    template: TemplateOption,
    mapping: MapOption = None,
    counts: CountsOption = None,
    masks: MasksOption = None,
    as_json: JsonOption = False,
) -> None:
    """Gate FCS files and count populations, without a study.

    Without a study there are no cells/µL. In what is written, a file is named by its place on the
    command line and its SHA-256, not by its name.
    """
    from cytorecon.pipeline import gate_files

    channels = parse_mapping(mapping or ())
    numbers = {path: number for number, path in enumerate(files, start=1)}
    gated: list[GatedFile] = []

    def keep(path: Path, found: GatedSample) -> None:
        gated.append(_kept(numbers[path], path, found))
        if masks is not None:
            _write_masks(found, masks / f"{numbers[path]:03d}-{found.sample.sha256[:12]}.npz")

    if masks is not None:
        masks.mkdir(parents=True, exist_ok=True)
    with progress_bar() as advance:
        outcomes = gate_files(files, template, mapping=channels, use=keep, progress=advance)
    if counts is not None:
        _write_counts(gated, counts)
    _show(gated, as_json=as_json)
    raise_for(
        [Failure(str(outcome.path), outcome.failure) for outcome in outcomes if outcome.failure],
        done=len(gated),
    )


def parse_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """Return marker -> channel of ``MARKER=CHANNEL`` words.

    Raises
    ------
    typer.BadParameter
        If a word has no marker or no channel, or a marker is given twice.
    """
    mapping: dict[str, str] = {}
    for pair in pairs:
        marker, _, channel = (part.strip() for part in pair.partition("="))
        if not marker or not channel:
            raise typer.BadParameter(f"'{pair}' is not MARKER=CHANNEL, e.g. CD3=FITC-A.", param_hint="--map")
        if marker in mapping:
            raise typer.BadParameter(f"The marker {marker} is given twice.", param_hint="--map")
        mapping[marker] = channel
    return mapping


def _kept(number: int, path: Path, found: GatedSample) -> GatedFile:
    from cytorecon.counts import count_populations

    return GatedFile(
        number=number,
        path=path,
        sha256=found.sample.sha256,
        n_events=found.sample.n_events,
        counts=tuple(count_populations(found.tallies())),
        gates=found.records(),
        issues=found.issues,
    )


def _write_masks(found: GatedSample, file: Path) -> None:
    import numpy as np

    np.savez_compressed(file, **{population: found.mask(population) for population in found.masks})


def _write_counts(gated: Sequence[GatedFile], file: Path) -> None:
    import pandas as pd

    from cytorecon.results import PopulationCount
    from cytorecon.study import csv_text

    columns = [
        "file",
        "file_sha256",
        *(name for name in PopulationCount.model_fields if _without_volume(name)),
    ]
    table = pd.DataFrame(list(_rows(gated)), columns=columns, dtype=object)
    file.write_text(csv_text(table), encoding="utf-8", newline="")
    note(f"{len(table)} rows: {file}")


def _rows(gated: Sequence[GatedFile]) -> Iterator[Mapping[str, object]]:
    for item in gated:
        for count in item.counts:
            values = {name: value for name, value in count.model_dump().items() if _without_volume(name)}
            values["review"] = ";".join(count.review)
            yield {"file": item.number, "file_sha256": item.sha256, **values}


def _without_volume(name: str) -> bool:
    """Tell whether a field of PopulationCount means something when no volume of blood is known."""
    return "per_ul" not in name and name not in {"below_lloq", "count_method", "blood_ul_counted"}


def _show(gated: Sequence[GatedFile], *, as_json: bool) -> None:
    if as_json:
        print_json([_plain(item) for item in gated])
        return
    header = ("population", "events", "% of parent", "% of lymphocytes", "% of leukocytes", "note")
    for item in gated:
        print_table(
            header, [_cells(count) for count in item.counts], title=f"{item.path}: {item.n_events} events"
        )
        for issue in item.issues:
            print(f"  {issue}")


def _plain(item: GatedFile) -> Mapping[str, object]:
    from pydantic import RootModel

    return {
        "file": str(item.path),
        "sha256": item.sha256,
        "n_events": item.n_events,
        "counts": [count.model_dump(mode="json") for count in item.counts],
        "gates": [record.model_dump(mode="json") for record in item.gates],
        "issues": [RootModel(issue).model_dump(mode="json") for issue in item.issues],
    }


def _cells(count: PopulationCount) -> tuple[str, ...]:
    percents = (count.percent_of_parent, count.percent_of_lymphocytes, count.percent_of_leukocytes)
    return (
        count.population,
        "" if count.events is None else str(count.events),
        *("" if percent is None else f"{percent:.2f}" for percent in percents),
        f"not evaluable: {count.reason}" if count.status == "not_evaluable" else ", ".join(count.review),
    )
