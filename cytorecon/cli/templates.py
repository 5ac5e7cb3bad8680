"""``cytorecon templates``: which there are, what one of them does, whether one's own can be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon.cli.console import print_json, print_table
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.options import JsonOption
from cytorecon.errors import CytoreconError

if TYPE_CHECKING:
    from cytorecon.knowledge.references import References
    from cytorecon.knowledge.template import PopulationSpec, Template

templates = typer.Typer(
    help="List, explain and check gating templates.", no_args_is_help=True, rich_markup_mode=None
)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME|PATH", help="Packaged template, or a template file.")
]
PathArgument = Annotated[
    Path, typer.Argument(metavar="FOLDER|FILE", help="A template file, or a folder of them.")
]


@templates.command("list")
def list_templates(as_json: JsonOption = False) -> None:
    """List the packaged templates, with the markers they need."""
    from cytorecon.knowledge.templates import load_template, template_names

    loaded = [load_template(name) for name in template_names()]
    if as_json:
        print_json([_summary(template) for template in loaded])
        return
    header = ("template", "version", "title", "required", "optional", "populations")
    print_table(
        header,
        (
            (
                template.name,
                template.version,
                template.title,
                " ".join(template.required),
                " ".join(template.optional),
                " ".join(entry.population for entry in template.populations),
            )
            for template in loaded
        ),
    )


@templates.command("show")
def show_template(name: NameArgument, as_json: JsonOption = False) -> None:
    """Explain a template: its gates in words, its populations and their definitions, with sources."""
    from cytorecon.knowledge.templates import load_template

    template = load_template(name)
    if as_json:
        print_json(template.model_dump(mode="json"))
        return
    for line in _explanation(template):
        print(line)


@templates.command("check")
def check_templates(path: PathArgument, as_json: JsonOption = False) -> None:
    """Check template files of your own; every problem is named with its place and what is allowed."""
    from cytorecon.knowledge.template_check import check_template

    found = {str(file): check_template(file) for file in _files(path)}
    if as_json:
        print_json(
            [
                {"file": file, "problems": [_fields(problem) for problem in problems]}
                for file, problems in found.items()
            ]
        )
    else:
        for file, problems in found.items():
            print(f"{file}: {_number(problems)}")
            for problem in problems:
                print(f"  {problem}")
    failures = [Failure(file, _number(problems)) for file, problems in found.items() if problems]
    raise_for(failures, done=len(found) - len(failures))


def _number(problems: Sequence[CytoreconError]) -> str:
    return f"{len(problems)} problem{'s' * (len(problems) > 1)}" if problems else "ok"


def _files(path: Path) -> list[Path]:
    """Return the template files at `path`; of a knowledge folder those in its folder ``templates``."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise CytoreconError("There is no such file or folder.", subject=str(path))
    folder = path / "templates" if (path / "templates").is_dir() else path
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    if not files:
        raise CytoreconError("The folder holds no template.", subject=str(folder), allowed=".yaml files")
    return files


def _fields(problem: CytoreconError) -> dict[str, str]:
    return {
        "file": problem.subject,
        "field": problem.field,
        "message": problem.message,
        "found": problem.found,
        "allowed": problem.allowed,
        "hint": problem.hint,
    }


def _summary(template: Template) -> dict[str, object]:
    return {
        "name": template.name,
        "version": template.version,
        "title": template.title,
        "sha256": template.sha256,
        "required": list(template.required),
        "optional": list(template.optional),
        "populations": [entry.population for entry in template.populations],
    }


def _explanation(template: Template) -> Iterator[str]:
    from cytorecon.knowledge.template.words import gate_in_words

    yield f"{template.name} {template.version}: {template.title}"
    yield template.about.strip()
    yield f"Required: {', '.join(template.required) or 'nothing'}"
    yield f"Optional: {', '.join(template.optional) or 'nothing'}"
    if template.includes:
        yield f"Includes: {', '.join(template.includes)}"
    for shared in template.shared_channels:
        yield f"One channel for {' and '.join(shared.markers)}: {shared.why}{_cited(shared.source)}"
    yield f"SHA-256: {template.sha256}"
    yield "\nGates"
    for spec in template.gates:
        yield f"  {spec.gate}{f' ({spec.title})' if spec.title else ''}"
        yield f"    {gate_in_words(spec)}"
        if spec.why or spec.source:
            yield f"    {spec.why}{_cited(spec.source)}"
    yield "\nPopulations"
    yield from _populations(template)
    yield from _checks(template)
    yield from _criteria(template)


def _populations(template: Template) -> Iterator[str]:
    from cytorecon.knowledge.populations import load_populations
    from cytorecon.knowledge.references import load_references

    table, references = load_populations(), load_references()
    for entry in template.populations:
        row = table.find(entry.population)
        definition = entry.definition or (row.gate if row else "")
        name = f"{entry.population} ({table.display_name(entry.population)})"
        yield f"  {name}: {definition}{_cited(entry.source)}"
        yield f"    of {entry.parent}: {entry.where}"
        # A note on the definition of populations.csv says nothing about another one, such as a mouse's.
        if row and row.notes and entry.gate_definition in ("", row.gate_definition or entry.gate_definition):
            yield f"    {row.notes}"
        counted = _counted_as(entry) or ((row.gate_definition,) if row and row.gate_definition else ())
        if counted:
            where = " ([ ]: where the tube holds it)" if "[" in entry.gate_definition else ""
            yield f"    Counted as {entry.gate_definition or counted[0]}{where}"
            yield from _ranges(entry.population, counted, references)


def _counted_as(entry: PopulationSpec) -> tuple[str, ...]:
    """Return the gate definitions of a population, from a tube without optional markers to one with all."""
    variants = (entry.counted_as(lambda _: False), entry.counted_as(lambda _: True))
    return tuple(dict.fromkeys(variants)) if entry.gate_definition else ()


def _ranges(population: str, counted: Sequence[str], references: References) -> Iterator[str]:
    """Yield which reference ranges each definition has, and which there are of others."""
    for measure in dict.fromkeys(row.measure for row in references.ranges if row.population == population):
        words = measure.replace("_", " ").replace("cells per ul", "cells/µL")
        for definition in counted:
            which = f" for {definition}" if len(counted) > 1 else ""
            found = ", ".join(map(references.title, references.default_sets(population, measure)))
            refused = references.refusal(population, measure, definition)
            yield f"    Reference, {words}: {refused or found + which}"


def _checks(template: Template) -> Iterator[str]:
    from cytorecon.knowledge.template.words import check_in_words

    if template.checks:
        yield "\nChecks of labels"
    for spec in template.checks:
        yield f"  {spec.check}: {check_in_words(spec)}"
        yield f"    {spec.why}{_cited(spec.source)}"


def _criteria(template: Template) -> Iterator[str]:
    from cytorecon.knowledge.criteria import load_criteria

    for name in template.criteria:
        criteria = load_criteria(name)
        yield f"\nCriteria: {criteria.title}{_cited(criteria.source)}"
        for row in criteria.rows:
            limit = "" if row.limit is None else f"{row.rule.replace('_', ' ')} {row.limit:g} {row.unit}"
            yield f"  {row.criterion}: {limit or f'no limit, for {row.without_limit}'}"


def _cited(source: str) -> str:
    return f" [{source}]" if source else ""
