"""Store what a person decided about a gate on the gates page, or say why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from cytorecon.errors import CytoreconError
from cytorecon.gating.conflicts import OverrideConflictError
from cytorecon.gating.outline import read_corners
from cytorecon.gating.override_check import check_override
from cytorecon.gating.overrides import Action, Override, Scope, Vertices, gate_of
from cytorecon.jobs import Wish, add_override, undo_override
from cytorecon.jobs.regating import Regated
from cytorecon.knowledge.template import Template
from cytorecon.results import TubeResult
from dashboard.services.decisions import Kind, batch_of_tube, seen_key, template_of_result
from dashboard.services.hints import error_in_browser
from dashboard.services.study import StudyService
from dashboard.services.typed_numbers import read_typed

#: What the form calls its choices; a position is set as the gate's kind of shape asks for.
SET: Final = "set"
ACCEPT: Final = "accept_auto"
EXCLUDE: Final = "exclude"
SAMPLE: Final = "sample"
BATCH: Final = "batch"

_WHERE: Final[Mapping[Kind, str]] = {
    "threshold": "Say where the gate lies: move the line in the picture, or type the position.",
    "polygon": "Say where the gate lies: draw its outline in the picture, or type its corners.",
}
_BAD_CORNERS: Final = (
    "These are not corners. Write x,y pairs separated by spaces, e.g. 0.1,0.2 0.5,0.2 0.5,0.6."
)


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """What was chosen and typed.

    Parameters
    ----------
    tube, gate, kind : str
        About which gate, and its kind of shape.
    action : str
        :data:`SET`, :data:`ACCEPT` or :data:`EXCLUDE`.
    position : str
        Threshold or corners, as typed.
    scope : str
        :data:`SAMPLE` or :data:`BATCH`.
    by, why : str
        Initials and reason.
    """

    tube: str
    gate: str
    kind: Kind
    action: str = SET
    position: str = ""
    scope: str = SAMPLE
    by: str = ""
    why: str = ""

    @property
    def target_gate(self) -> str:
        """What the record is about: a gate is excluded as a whole."""
        return gate_of(self.gate) if self.action == EXCLUDE else self.gate

    @property
    def seen_key(self) -> str:
        """Under which key the page says what was seen."""
        return seen_key(self.scope, whole=self.action == EXCLUDE)


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of it: a record and what follows, a conflict, or a problem in words."""

    record: Override | None = None
    regated: Regated | None = None
    conflict: OverrideConflictError | None = None
    problem: str = ""


def who_and_why(by: str, why: str) -> str:
    """Return what is missing of who decides and why; empty when nothing is."""
    if not by.strip():
        return "Enter your initials."
    return "" if why.strip() else "Enter a reason: what you saw."


def position_problem(form: DecisionForm) -> str:
    """Return what is wrong with a typed position; empty when it can be read."""
    if form.kind == "polygon":
        return "" if read_corners(form.position) else _BAD_CORNERS
    return "".join(message for _, message in read_typed({"position": form.position}).problems)


def place_of(form: DecisionForm) -> tuple[float | None, Vertices]:
    """Return the position of a form; nothing where none is typed, or it cannot be read."""
    if form.action != SET or position_problem(form):
        return None, ()
    if form.kind == "polygon":
        return None, read_corners(form.position)
    return read_typed({"position": form.position}).values["position"], ()


def check(form: DecisionForm, template: Template, on: date) -> str:
    """Return what the rules for decisions have against a form, in words; empty when nothing."""
    threshold, vertices = place_of(form)
    record = Override(
        action=_action(form),
        template=template.name,
        gate=form.target_gate,
        scope="sample",
        target=form.tube,
        threshold=threshold,
        vertices=vertices,
        by=form.by.strip(),
        on=on,
        why=form.why.strip(),
    )
    try:
        check_override(record, template)
    except CytoreconError as error:
        return _in_words(error)
    return ""


def problem_of(form: DecisionForm, result: TubeResult, on: date) -> str:
    """Return why a form cannot be saved yet, in words; empty when it can.

    No message repeats what was typed, apart from numbers.
    """
    if form.action not in (SET, ACCEPT, EXCLUDE):
        return "Choose what is right."
    if form.action == SET and not form.position.strip():
        return _WHERE[form.kind]
    problem = position_problem(form) if form.action == SET else ""
    template = template_of_result(result)
    if not problem and template is not None:
        # what was done in the picture is looked at before who did it is asked
        signed = replace(form, by=form.by.strip() or "?", why=form.why.strip() or "?")
        problem = check(signed, template, on)
    return problem or who_and_why(form.by, form.why)


def decide(service: StudyService, form: DecisionForm, seen: str, on: date) -> Decided:
    """Store a decision and have the tubes analysed again that it concerns.

    Parameters
    ----------
    service : StudyService
        The study.
    form : DecisionForm
        As typed.
    seen : str
        Identifier of the decision that the page showed; empty for the automatic position.
    on : date
        Today.
    """
    result = service.store.tube_result(form.tube)
    template, batch = template_of_result(result), batch_of_tube(service, result)
    problem = problem_of(form, result, on)
    if form.scope == BATCH and not batch:
        problem = problem or "The batch of this tube is not known: it was learned again since."
    if problem or template is None:
        return Decided(problem=problem or "The template of this tube is not there.")
    threshold, vertices = place_of(form)
    scope: Scope = "batch" if form.scope == BATCH else "sample"
    target = batch if scope == "batch" else form.tube
    wish = Wish(_action(form), form.target_gate, scope, target, threshold, vertices, seen)
    try:
        record = add_override(service.store, wish, template, by=form.by.strip(), on=on, why=form.why.strip())
    except OverrideConflictError as conflict:
        return Decided(conflict=conflict)
    except CytoreconError as error:
        return Decided(problem=_in_words(error))
    return _followed(service, record)


def take_back(service: StudyService, record: str, *, by: str, why: str, on: date) -> Decided:
    """Take a decision back and have the tubes analysed again that it concerned.

    Parameters
    ----------
    service : StudyService
        The study.
    record : str
        Identifier of the decision.
    by, why : str
        Initials and reason, as typed.
    on : date
        Today.
    """
    problem = who_and_why(by, why)
    if problem:
        return Decided(problem=problem)
    try:
        undone = undo_override(service.store, record, by=by.strip(), on=on, why=why.strip())
    except CytoreconError as error:
        return Decided(problem=_in_words(error))
    return _followed(service, undone)


def _followed(service: StudyService, record: Override) -> Decided:
    try:
        return Decided(record, service.desk.regate(record))
    except CytoreconError as error:  # the decision is stored; only the analysis is not on its way
        return Decided(record, problem=f"Saved, but nothing is analysed again: {error_in_browser(error)}")


def _action(form: DecisionForm) -> Action:
    if form.action == EXCLUDE:
        return "exclude"
    if form.action == ACCEPT:
        return "accept_auto"
    return "set_polygon" if form.kind == "polygon" else "set_threshold"


def _in_words(error: CytoreconError) -> str:
    """Return an error without the place it is about: the page is about that gate."""
    found = f" Found: {error.found}." if error.found else ""
    allowed = f" Allowed: {error.allowed}." if error.allowed else ""
    return f"{error.message}{found}{allowed}"
