"""``cytorecon gate``: gate files without a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cytorecon.cli.console import note, print_json, print_table, progress_bar
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.given import read_given
from cytorecon.cli.options import FilesArgument, JsonOption, MapOption, SpilloverOption
from cytorecon.cli.output import check_folder, check_table, write_masks, write_table

if TYPE_CHECKING:
    from cytorecon.counts import CriterionResult
    from cytorecon.gating.gated import GatedSample
    from cytorecon.knowledge.criteria import CriteriaSet
    from cytorecon.pipeline import GatedFile
    from cytorecon.results import PopulationCount

TemplateOption = Annotated[
    str, typer.Option("--template", metavar="NAME|PATH", help="Packaged template, or a template file.")
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
    spillover: SpilloverOption = None,
    counts: CountsOption = None,
    masks: MasksOption = None,
    as_json: JsonOption = False,
) -> None:
    """Gate FCS files and count populations, without a study.

    Without a study there are no cells/µL. In what is written, and in JSON, a file is named by its
    place on the command line and its SHA-256, not by its name.
    """
    from cytorecon.pipeline import gate_files

    given = read_given(mapping, spillover)
    if counts is not None:
        check_table(counts, _columns(), option="--counts")
    write = None if masks is None else _mask_writer(files, masks)
    with progress_bar() as advance:
        gated = gate_files(
            files, template, mapping=given.mapping, spillover=given.spillover, use=write, progress=advance
        )
    if counts is not None:
        _write_counts(gated, counts)
    done = [item for item in gated if item.result.status == "done"]
    if as_json:
        print_json([_as_json(item, template) for item in done])
    else:
        _show(done)
        _show_criteria(done, template)
    failures = [
        Failure(str(item.path), item.result.error) for item in gated if item.result.status == "failed"
    ]
    raise_for(failures, done=len(done))


def _mask_writer(files: Sequence[Path], folder: Path) -> Callable[[Path, GatedSample], None]:
    import numpy as np

    check_folder(folder, option="--masks")
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {path: number for number, path in enumerate(files, start=1)}

    def write(path: Path, found: GatedSample) -> None:
        file = folder / f"{numbers[path]:03d}-{found.sample.sha256[:12]}.npz"
        arrays: dict[str, Any] = {
            population: found.mask(population)
            for population in found.masks
            if population not in found.reasons
        }
        write_masks(file, lambda handle: np.savez_compressed(handle, **arrays), option="--masks")

    return write


def _write_counts(gated: Sequence[GatedFile], file: Path) -> None:
    import pandas as pd

    from cytorecon.study import csv_text

    table = pd.DataFrame(list(_rows(gated)), columns=_columns(), dtype=object)
    write_table(file, csv_text(table), option="--counts")
    note(f"{len(table)} rows: {file}")


def _columns() -> list[str]:
    from cytorecon.results import PopulationCount
    from cytorecon.tables import NOT_IN_TABLES

    columns = [one.name for one in fields(PopulationCount) if one.name not in NOT_IN_TABLES]
    return ["file", "file_sha256", *filter(_without_volume, columns)]


def _rows(gated: Sequence[GatedFile]) -> Iterator[Mapping[str, object]]:
    for item in gated:
        for count in item.result.counts:
            values = {name: value for name, value in asdict(count).items() if _without_volume(name)}
            values |= {"status": count.verdict, "review": ";".join(count.review)}
            values["overrides"] = ";".join(count.overrides)
            yield {"file": item.result.tube, "file_sha256": item.result.provenance.file_sha256, **values}


def _without_volume(name: str) -> bool:
    """Tell whether a field of PopulationCount means something when no volume of blood is known."""
    return "per_ul" not in name and name not in {"below_lloq", "count_method", "blood_ul_counted"}


def _as_json(item: GatedFile, template: str) -> dict[str, object]:
    """Return one file's result without pictures: they are for pages, and would be most of the text."""
    document = item.result.model_dump(mode="json", exclude={"plots"})
    counts = [
        {**row, "status": count.verdict}
        for row, count in zip(document["counts"], item.result.counts, strict=True)
    ]
    source = {"file": item.result.tube, "file_sha256": item.result.provenance.file_sha256}
    result = {**source, **document, "counts": counts}
    judged = {
        criteria.criteria: [{**row.model_dump(mode="json"), "text": row.text} for row in rows]
        for criteria, rows in _judged(item, template)
    }
    return {**result, "criteria": judged} if judged else result


def _judged(item: GatedFile, template: str) -> Iterator[tuple[CriteriaSet, tuple[CriterionResult, ...]]]:
    """Yield the sets of criteria that belong to the template, and how the file meets them."""
    from cytorecon.counts import judge_criteria
    from cytorecon.knowledge.criteria import load_criteria
    from cytorecon.knowledge.templates import load_template

    for name in load_template(template).criteria:
        criteria = load_criteria(name)
        yield criteria, judge_criteria(item.result.counts, criteria)


def _show(gated: Sequence[GatedFile]) -> None:
    wholes = [f"% of {whole} (95 %)" for whole in ("parent", "lymphocytes", "leukocytes")]
    header = ("population", "events", *wholes, "status", "note")
    for item in gated:
        title = f"{item.path}: {item.result.n_events} events"
        print_table(header, [_cells(count) for count in item.result.counts], title=title)
        for issue in item.result.issues:
            print(f"  {issue}")


def _show_criteria(gated: Sequence[GatedFile], template: str) -> None:
    header = ("criterion", "value (95 %)", "limit", "verdict", "note")
    for item in gated:
        for criteria, rows in _judged(item, template):
            title = f"{item.path}: {criteria.title} ({criteria.source})"
            print_table(header, map(_criterion_cells, rows), title=title)


def _criterion_cells(row: CriterionResult) -> tuple[str, ...]:
    from cytorecon.knowledge.review_flags import flag_in_short

    notes = [row.reason, "the interval holds the limit" if row.verdict == "not decided" else ""]
    return (
        row.criterion,
        row.value_text,
        "none" if row.limit is None else f"{'≥' if row.rule == 'at_least' else '≤'} {row.limit:g}",
        row.verdict,
        "; ".join(filter(None, (*notes, *map(flag_in_short, row.review)))),
    )


def _cells(count: PopulationCount) -> tuple[str, ...]:
    percents = (
        (count.percent_of_parent, count.percent_of_parent_low, count.percent_of_parent_high),
        (count.percent_of_lymphocytes, count.percent_of_lymphocytes_low, count.percent_of_lymphocytes_high),
        (count.percent_of_leukocytes, count.percent_of_leukocytes_low, count.percent_of_leukocytes_high),
    )
    return (
        count.population,
        "" if count.events is None else str(count.events),
        *(_percent(*percent) for percent in percents),
        count.verdict,
        _note(count),
    )


def _percent(value: float | None, low: float | None, high: float | None) -> str:
    """Return a percentage with its interval; of what is not detected the interval alone."""
    interval = "" if low is None or high is None else f"({low:.1f}–{high:.1f})"
    return " ".join(filter(None, ("" if value is None else f"{value:.2f}", interval)))


def _note(count: PopulationCount) -> str:
    from cytorecon.figures.format import is_not_assessed
    from cytorecon.knowledge.review_flags import flag_in_short

    if count.status != "not_evaluable":
        return "; ".join(flag_in_short(code) for code in count.review)
    # "not assessed: ..." says by itself what it is
    return count.reason if is_not_assessed(count.reason) else f"not evaluable: {count.reason}"
