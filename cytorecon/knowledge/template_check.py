"""Everything that is wrong with a template file, one problem each, for people who write templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.criteria import load_criteria
from cytorecon.knowledge.files import in_words, read_yaml
from cytorecon.knowledge.markers import load_markers
from cytorecon.knowledge.template import AnyGate, MarkerAxis, ScatterAxis, Template, markers_of
from cytorecon.knowledge.template.consistency import ContradictionError
from cytorecon.knowledge.template.including import Addition
from cytorecon.knowledge.templates import load_template

_AXES: Mapping[object, type[BaseModel]] = {"MarkerAxis": MarkerAxis, "ScatterAxis": ScatterAxis}
#: The model of a gate, by its finder.
_GATES: Mapping[object, type[BaseModel]] = {
    get_args(gate.model_fields["finder"].annotation)[0]: gate for gate in get_args(get_args(AnyGate)[0])
}


def check_template(path: Path) -> tuple[KnowledgeError, ...]:
    """Return every problem of the template file at `path`; none when it can be used.

    Parameters
    ----------
    path : Path
        A ``.yaml`` file.

    Returns
    -------
    tuple of KnowledgeError
        Not raised: each names file, field, what was found, what is allowed, and what to try.
    """
    try:
        template = load_template(path)
    except KnowledgeError as error:
        cause = error.__cause__
        if isinstance(cause, ValidationError):
            return tuple(_problems(error.subject, cause, _gate_names(path, error.subject)))
        return (error,)
    return tuple(_unknown_names(path.name, template))


def _problems(file: str, invalid: ValidationError, names: Mapping[int, str]) -> Iterator[KnowledgeError]:
    for problem in _meant(invalid.errors(include_url=False)):
        contradiction = problem.get("ctx", {}).get("error")
        if isinstance(contradiction, ContradictionError):
            for text in contradiction.problems:
                yield KnowledgeError("The template contradicts itself.", subject=file, found=text)
            continue
        found = repr(problem["input"])
        yield KnowledgeError(
            "This cannot be used.",
            subject=file,
            field=_place(problem["loc"], names),
            found=found if len(found) <= 60 else f"{found[:57]}...",
            allowed=in_words(problem),
            hint=_hint(problem),
        )


def _meant(problems: Sequence[Any]) -> Iterator[Any]:
    """Yield the problems without those of the other kind of axis: without `scatter` a marker was meant."""
    lacking = {
        problem["loc"][:-2] for problem in problems if problem["loc"][-2:] == ("ScatterAxis", "scatter")
    }
    for problem in problems:
        place, kind = next(
            ((problem["loc"][:at], part) for at, part in enumerate(problem["loc"]) if part in _AXES), ((), "")
        )
        if not kind or (kind == "MarkerAxis") == (place in lacking):
            yield problem


def _place(loc: tuple[int | str, ...], names: Mapping[int, str]) -> str:
    """Return ``gate CD4, control_tail`` for ``gates.1.valley.control_tail``."""
    match loc:
        case ("gates", int(place), *rest) if place in names:
            words = [str(part) for part in rest if part not in _GATES and part not in _AXES]
            return ", ".join([f"gate {names[place]}", *([".".join(words)] if words else [])])
    return ".".join(map(str, loc)) or "(file)"


def _hint(problem: Mapping[str, Any]) -> str:
    """Return the nearest word that is allowed, for a word that is not."""
    if problem["type"] == "union_tag_invalid":
        word, known = str(problem["ctx"]["tag"]), [*map(str, _GATES)]
    elif problem["type"] == "extra_forbidden":
        word, known = str(problem["loc"][-1]), _fields(problem["loc"])
    else:
        return ""
    near = get_close_matches(word, known, n=1)
    return f"Did you mean '{near[0]}'?" if near else ""


def _fields(loc: tuple[int | str, ...]) -> list[str]:
    models = [
        *(_AXES[part] for part in loc if part in _AXES),
        *(_GATES[part] for part in loc if part in _GATES),
    ]
    model = models[0] if models else (Addition if len(loc) == 1 else None)
    return [*model.model_fields, *(Template.model_fields if len(loc) == 1 else ())] if model else []


def _gate_names(path: Path, subject: str) -> Mapping[int, str]:
    """Return the gates' names by place, where the file is the one that was asked about."""
    if subject != path.name:
        return {}
    content = read_yaml(path.name, folder=path.parent)
    gates = content.get("gates") if isinstance(content, dict) else None
    rows = gates if isinstance(gates, list) else []
    return {
        place: str(row["gate"]) for place, row in enumerate(rows) if isinstance(row, dict) and "gate" in row
    }


def _unknown_names(file: str, template: Template) -> Iterator[KnowledgeError]:
    """Yield markers and criteria that nothing knows, and markers no tube is asked for."""
    declared = (*template.required, *template.optional)
    for marker in declared:
        try:
            load_markers().canonical(marker)
        except KnowledgeError as error:
            yield KnowledgeError(
                "This is no marker we know by one meaning.",
                subject=file,
                field="required" if marker in template.required else "optional",
                found=marker,
                allowed=error.found,
                hint="Use a name of the column canonical of markers.csv, or a CD number.",
            )
    used = {marker: spec.gate for spec in template.gates for marker in markers_of(spec)}
    for marker, gate in used.items():
        if marker not in declared:
            yield KnowledgeError(
                "No tube is asked for this marker, so the gate could never be found.",
                subject=file,
                field=f"gate {gate}, axis.marker",
                found=marker,
                allowed=", ".join(declared),
                hint="List it under required or optional.",
            )
    for marker in template.required:
        if marker not in used:
            yield KnowledgeError(
                "No gate uses this marker, so tubes without it would be refused for nothing.",
                subject=file,
                field="required",
                found=marker,
                allowed=", ".join(used),
            )
    for name in template.criteria:
        try:
            load_criteria(name)
        except KnowledgeError as error:
            yield KnowledgeError(
                error.message, subject=file, field="criteria", found=name, allowed=error.allowed
            )
