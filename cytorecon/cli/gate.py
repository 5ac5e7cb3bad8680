"""``cytorecon gate``: gate files without a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cytorecon.cli.console import note, print_json, print_table, progress_bar
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.options import FilesArgument, JsonOption

if TYPE_CHECKING:
    from cytorecon.gating.gated import GatedSample
    from cytorecon.pipeline import GatedFile
    from cytorecon.results import PopulationCount

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
    write = None if masks is None else _mask_writer(files, masks)
    with progress_bar() as advance:
        gated = gate_files(files, template, mapping=channels, use=write, progress=advance)
    if counts is not None:
        _write_counts(gated, counts)
    done = [item for item in gated if item.result.status == "done"]
    _show(done, as_json=as_json)
    failures = [
        Failure(str(item.path), item.result.error) for item in gated if item.result.status == "failed"
    ]
    raise_for(failures, done=len(done))


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


def _mask_writer(files: Sequence[Path], folder: Path) -> Callable[[Path, GatedSample], None]:
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    numbers = {path: number for number, path in enumerate(files, start=1)}

    def write(path: Path, found: GatedSample) -> None:
        file = folder / f"{numbers[path]:03d}-{found.sample.sha256[:12]}.npz"
        arrays: dict[str, Any] = {population: found.mask(population) for population in found.masks}
        np.savez_compressed(file, **arrays)

    return write


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
        for count in item.result.counts:
            values = {name: value for name, value in count.model_dump().items() if _without_volume(name)}
            values["review"] = ";".join(count.review)
            yield {"file": item.result.tube, "file_sha256": item.result.provenance.file_sha256, **values}


def _without_volume(name: str) -> bool:
    """Tell whether a field of PopulationCount means something when no volume of blood is known."""
    return "per_ul" not in name and name not in {"below_lloq", "count_method", "blood_ul_counted"}


def _show(gated: Sequence[GatedFile], *, as_json: bool) -> None:
    if as_json:
        # Pictures are for pages: they would be most of the text.
        print_json(
            [
                {"file": str(item.path), **item.result.model_dump(mode="json", exclude={"plots"})}
                for item in gated
            ]
        )
        return
    header = ("population", "events", "% of parent", "% of lymphocytes", "% of leukocytes", "note")
    for item in gated:
        title = f"{item.path}: {item.result.n_events} events"
        print_table(header, [_cells(count) for count in item.result.counts], title=title)
        for issue in item.result.issues:
            print(f"  {issue}")


def _cells(count: PopulationCount) -> tuple[str, ...]:
    percents = (count.percent_of_parent, count.percent_of_lymphocytes, count.percent_of_leukocytes)
    return (
        count.population,
        "" if count.events is None else str(count.events),
        *("" if percent is None else f"{percent:.2f}" for percent in percents),
        f"not evaluable: {count.reason}" if count.status == "not_evaluable" else ", ".join(count.review),
    )
