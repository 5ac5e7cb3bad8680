"""``cytorecon override``: decide about gates of a study, list the decisions, take one back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon.cli.console import note, print_json, print_table
from cytorecon.cli.options import JsonOption, StudyArgument

if TYPE_CHECKING:
    from cytorecon.gating.overrides import Action, Override, Scope, Vertices
    from cytorecon.jobs.model import Job, Request
    from cytorecon.jobs.queue import JobQueue
    from cytorecon.store import StudyStore

override = typer.Typer(
    help="Decide about gates of a study; list, undo.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ByOption = Annotated[str, typer.Option("--by", metavar="INITIALS", help="Who decides; no e-mail.")]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="Reason.")]

_AGAIN = (
    "Numbers stay as they are until a batch with the same sheet analyses the tubes again; "
    "uploaded tubes must be listed in it for that."
)


@override.command("add")
def add(
    study: StudyArgument,
    gate: Annotated[str, typer.Argument(metavar="GATE", help="Gate, or part of it, as in the template.")],
    by: ByOption,
    why: WhyOption,
    tube: Annotated[
        str | None, typer.Option("--tube", metavar="TUBE", help="For one tube: P01/d30/1.")
    ] = None,
    batch: Annotated[str | None, typer.Option("--batch", metavar="BATCH", help="For a batch.")] = None,
    template: Annotated[
        str | None,
        typer.Option(
            "--template",
            metavar="NAME|PATH",
            help="For all tubes of it; with --tube or --batch, the file of a template of your own.",
        ),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option("--threshold", metavar="X", help="Position, on the transformed scale.")
    ] = None,
    polygon: Annotated[
        str | None,
        typer.Option("--polygon", metavar='"X,Y X,Y X,Y"', help="Corners, on the transformed scale."),
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="The automatic position is right.")] = False,
    exclude: Annotated[bool, typer.Option("--exclude", help="The gate cannot be evaluated.")] = False,
    seen: Annotated[
        str | None,
        typer.Option(
            "--seen",
            metavar="OVERRIDE",
            help="Decision you looked at, '' for the automatic position: refused when another holds by now.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Set, accept or exclude a gate by hand.

    It is for one tube, for a batch, or for all tubes of a template. The narrowest decision holds; of
    one scope, the latest.
    """
    from cytorecon.jobs import Wish, add_override, template_of
    from cytorecon.knowledge.templates import load_template
    from cytorecon.store import StudyStore

    action = _action(threshold, polygon, accept=accept, exclude=exclude)
    vertices = _corners(polygon) if polygon is not None else ()
    scope, target = _scope(tube, batch, template)
    with StudyStore.open(study) as store:
        loaded = load_template(template or template_of(store, scope, target))
        wish = Wish(action, gate, scope, target if scope != "template" else "", threshold, vertices, seen)
        record = add_override(store, wish, loaded, by=by, on=_today(), why=why)
        again = _again(store, study, record)
    _said(record, again, as_json=as_json)


@override.command("undo")
def undo(
    study: StudyArgument,
    record: Annotated[str, typer.Argument(metavar="OVERRIDE", help="Identifier, see: override list.")],
    by: ByOption,
    why: WhyOption,
    as_json: JsonOption = False,
) -> None:
    """Take a decision back; both stay in the list."""
    from cytorecon.jobs import undo_override
    from cytorecon.store import StudyStore

    with StudyStore.open(study) as store:
        added = undo_override(store, record, by=by, on=_today(), why=why)
        again = _again(store, study, added)
    _said(added, again, as_json=as_json)


@override.command("list")
def list_overrides(study: StudyArgument, as_json: JsonOption = False) -> None:
    """List all decisions, oldest first, and how many results rest on each."""
    from cytorecon.gating.overrides import standing
    from cytorecon.store import StudyStore

    with StudyStore.open(study) as store:
        records, result = store.overrides(), store.result(plots=False)
    stands = {place for place, _ in standing(records)}
    used: dict[str, int] = {}
    for outcome in result.tubes:
        for name in {found.override for found in outcome.gates if found.override}:
            used[name] = used.get(name, 0) + 1
    rows = [
        _row(record, stands=place in stands, used=used.get(record.id, 0))
        for place, record in enumerate(records)
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(_HEADER, [_shown(row) for row in rows])


def _today() -> date:
    return datetime.now().astimezone().date()


def _again(store: StudyStore, study: str, record: Override) -> str:
    """Have the tubes analysed again whose files are kept, and say what comes of the others."""
    from cytorecon.jobs.regating import regate_after

    if locked := store.locks():
        note(f"Tubes of locked patients stay as they are: {', '.join(locked)}.")
    with ExitStack() as stack:
        opened: list[JobQueue] = []

        def submit(request: Request, key: str) -> Job:
            from cytorecon.jobs.queue import JobQueue

            if not opened:  # it is slow to load, and most studies need none
                opened.append(stack.enter_context(JobQueue(study)))
            return opened[0].submit(request, key)

        regated = regate_after(store, record, submit)
    if not regated.jobs:
        return _AGAIN
    words = f"A worker analyses {', '.join(regated.tubes)} again; see: cytorecon jobs STUDY."
    return f"{words} Of the others: {_AGAIN}" if regated.without else words


def _said(record: Override, again: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_row(record, stands=record.action != "undo", used=0))
    else:
        print(record.id)
    note(again)


def _action(threshold: float | None, polygon: str | None, *, accept: bool, exclude: bool) -> Action:
    asked: dict[Action, bool] = {
        "set_threshold": threshold is not None,
        "set_polygon": polygon is not None,
        "accept_auto": accept,
        "exclude": exclude,
    }
    chosen = [action for action, is_asked in asked.items() if is_asked]
    if len(chosen) != 1:
        raise typer.BadParameter("Give one of --threshold, --polygon, --accept and --exclude.")
    return chosen[0]


def _scope(tube: str | None, batch: str | None, template: str | None) -> tuple[Scope, str]:
    if tube is not None and batch is not None:
        raise typer.BadParameter("Give --tube or --batch, not both.")
    if tube is not None:
        return "sample", tube
    if batch is not None:
        return "batch", batch
    if template is not None:
        return "template", template
    raise typer.BadParameter("Give --tube, --batch or --template: for what the decision holds.")


def _corners(text: str) -> Vertices:
    """Return the corners of ``X,Y X,Y X,Y``."""
    from cytorecon.gating.outline import read_corners

    corners = read_corners(text)
    if not corners:
        raise typer.BadParameter(
            f"'{text}' is not X,Y X,Y X,Y, e.g. 0.1,0.2 0.5,0.2 0.5,0.6.", param_hint="--polygon"
        )
    return corners


_HEADER = (
    "override",
    "decision",
    "gate",
    "scope",
    "for",
    "position",
    "automatic",
    "by",
    "day",
    "why",
    "state",
)


def _row(record: Override, *, stands: bool, used: int) -> dict[str, object]:
    state = "undo" if record.action == "undo" else "stands" if stands else "undone"
    # a polygon may be open towards infinity, which JSON writes as null
    content = json.loads(record.model_dump_json())
    return {"override": record.id, **content, "state": state, "results": used}


def _shown(row: Mapping[str, object]) -> Sequence[str]:
    undoes, results = row["undoes"], row["results"]
    cells = (
        row["override"],
        f"undo {undoes}" if undoes else str(row["action"]).replace("_", " "),
        row["gate"],
        row["scope"],
        row["target"] or row["template"],
        _position(row["threshold"], row["vertices"]),
        _position(row["base_threshold"], row["base_vertices"]),
        row["by"],
        row["on"],
        row["why"],
        f"{row['state']}, in {results} results" if row["state"] != "undo" else "",
    )
    return [str(cell) for cell in cells]


def _position(threshold: object, vertices: object) -> str:
    if isinstance(threshold, float):
        return f"{threshold:.4g}"
    corners = len(vertices) if isinstance(vertices, list) else 0
    return f"{corners} corners" if corners else ""
