"""What people decided about the gates of a tube, and whether one can decide here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cytorecon.errors import CytoreconError, KnowledgeError
from cytorecon.figures.gate import gate_titles
from cytorecon.gating.conflicts import in_force, position_in_words
from cytorecon.gating.override_check import kind_of
from cytorecon.gating.overrides import Override, concerning, decisions, gate_of, standing
from cytorecon.jobs.done import batch_of_result
from cytorecon.knowledge.template import Template
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import AnalysisSettings
from cytorecon.results import GateRecord, TubeResult
from dashboard.services.study import StudyService

Kind = Literal["threshold", "polygon"]

READ_ONLY: Final = "This study can only be read here, so nothing can be decided."
OLDER: Final = (
    "This study was written by an older version of cytorecon, so nothing can be decided. Ask the person who "
    "keeps it to run: cytorecon db upgrade."
)
OTHER_SETTINGS: Final = (
    "The settings of this study were written by another version, so nothing can be decided here."
)
OWN_TEMPLATE: Final = (
    "This tube was gated by a template of your own, which the dashboard does not have. Ask the person who "
    "runs the batch to use: cytorecon override add."
)
NO_SUCH_GATE: Final = "The template of today has no such gate. Analyse the tube again first."
NO_WORKER: Final = (
    "No worker is running: what is decided is kept, and the numbers follow once one is started."
)


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision about a tube, in words."""

    record: str
    gate: str
    what: str
    scope: str
    by: str
    day: str
    why: str
    state: str
    can_undo: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for a gate: ``automatic``, or a decision with who, when and why."""

    what: str
    by: str = ""
    day: str = ""
    why: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What the page of one gate needs to know for a decision.

    Parameters
    ----------
    tube, gate : str
        About which; the gate, or the part of it, as the template calls it.
    kind : str
        Shape of the gate.
    position : str
        Where a threshold lies in the numbers of the page, on the transformed scale; empty for other shapes.
    batch : str
        Batch of the tube; empty when it is not known.
    batch_tubes : int
        How many tubes of the study are of that batch.
    refusal : str
        Why nothing can be decided here; empty when something can.
    note : str
        What else to know before deciding.
    stands : Standing
        For this tube.
    stands_for_batch : Standing
        For the batch, leaving decisions for single tubes aside.
    seen : mapping of str to str
        What holds, by :func:`seen_key`: it is sent back with a decision.
    """

    tube: str
    gate: str
    kind: Kind
    position: str
    batch: str
    batch_tubes: int
    refusal: str
    note: str
    stands: Standing
    stands_for_batch: Standing
    seen: Mapping[str, str]


def seen_key(scope: str, *, whole: bool) -> str:
    """Return under which key :class:`DecisionView` says what holds for a scope.

    Parameters
    ----------
    scope : str
        ``sample`` or ``batch``.
    whole : bool
        Whether it is about the gate as a whole, as an exclusion is, or about one part of it.
    """
    return f"{scope}:{'whole' if whole else 'part'}"


def template_of_result(result: TubeResult) -> Template | None:
    """Return the template a tube was gated by; None when the program does not have it."""
    try:
        return load_template(result.provenance.template)
    except CytoreconError:
        return None


def batch_of_tube(service: StudyService, result: TubeResult) -> str:
    """Return the batch of an analysed tube; empty when it was learned again since, or is not known."""
    settings = _settings(service)
    return (batch_of_result(result.provenance, settings) or "") if settings is not None else ""


def decision_view(service: StudyService, result: TubeResult, gate: GateRecord) -> DecisionView:
    """Return what is known about decisions on one gate of an analysed tube.

    Parameters
    ----------
    service : StudyService
        The study.
    result : TubeResult
        Of the tube.
    gate : GateRecord
        The gate that is shown.
    """
    batch, template = batch_of_tube(service, result), template_of_result(result)
    spec = template.gate_by_name.get(gate_of(gate.gate)) if template is not None else None
    records = service.store.overrides()
    held = {
        (scope, whole): in_force(
            records,
            result.provenance.template,
            gate_of(gate.gate) if whole else gate.gate,
            scope=scope,
            target=result.tube if scope == "sample" else batch,
            batch=batch or None,
        )
        for scope in _SCOPES
        for whole in (False, True)
    }
    return DecisionView(
        tube=result.tube,
        gate=gate.gate,
        kind=kind_of(spec) if spec is not None else "threshold",
        position="" if gate.threshold is None else f"{gate.threshold:.4f}",
        batch=batch,
        batch_tubes=_tubes_of(service, batch) if batch else 0,
        refusal=_refusal(service, template, known=spec is not None),
        note="" if service.desk.has_worker() else NO_WORKER,
        stands=standing_of(held["sample", False]),
        stands_for_batch=standing_of(held["batch", False]),
        seen={
            seen_key(scope, whole=whole): record.id if record is not None else ""
            for (scope, whole), record in held.items()
        },
    )


_SCOPES: Final[tuple[Literal["sample"], Literal["batch"]]] = ("sample", "batch")


def decision_rows(service: StudyService, result: TubeResult) -> tuple[DecisionRow, ...]:
    """Return the decisions about a tube, the latest first."""
    records = service.store.overrides()
    batch = batch_of_tube(service, result)
    about = concerning(records, result.provenance.template, result.tube, batch or None)
    stands = {place for place, _ in standing(about)}
    template = template_of_result(result)
    held = decisions(about, template, result.tube, batch).by_gate if template is not None else {}
    holds = {decision.override.id for decision in held.values()}
    titles = gate_titles(result)
    rows = [
        _row(record, titles, stands=place in stands, holds=record.id in holds)
        for place, record in enumerate(about)
    ]
    return tuple(reversed(rows))


def follows_decisions(service: StudyService, result: TubeResult) -> bool:
    """Tell whether the numbers of a tube are those that the decisions of today give."""
    template, batch = template_of_result(result), batch_of_tube(service, result)
    if template is None or not batch:
        return True  # only a batch can tell
    held = decisions(service.store.overrides(), template, result.tube, batch)
    return held.sha256 == result.provenance.overrides_sha256


def _settings(service: StudyService) -> AnalysisSettings | None:
    """Return the settings of the study; None when another version wrote them, which :func:`_refusal` says."""
    try:
        return AnalysisSettings.from_json(service.store.settings())
    except KnowledgeError:
        return None


def _tubes_of(service: StudyService, batch: str) -> int:
    settings = _settings(service)
    if settings is None:
        return 0
    tubes = service.snapshot().result.tubes
    return sum(batch_of_result(tube.provenance, settings) == batch for tube in tubes)


def _refusal(service: StudyService, template: Template | None, *, known: bool) -> str:
    if not service.desk.may_write:
        return READ_ONLY
    if not service.store.is_current():
        return OLDER
    if _settings(service) is None:
        return OTHER_SETTINGS
    if template is None:
        return OWN_TEMPLATE
    return "" if known else NO_SUCH_GATE


def standing_of(record: Override | None) -> Standing:
    """Return a decision as something that stands; without one, the automatic position."""
    if record is None:
        return Standing("automatic")
    return Standing(
        position_in_words(record), record.by, record.on.isoformat(), record.why, scope_words(record)
    )


def scope_words(record: Override) -> str:
    """Return for what a decision holds, as the page says it."""
    return {"sample": "this tube", "batch": "the whole batch"}.get(record.scope, "all tubes of the template")


def _row(record: Override, titles: Mapping[str, str], *, stands: bool, holds: bool) -> DecisionRow:
    undo = record.action == "undo"
    state = "" if undo else "holds" if holds and stands else "replaced by another" if stands else "taken back"
    return DecisionRow(
        record=record.id,
        gate=_title(record.gate, titles),
        what="taken back" if undo else position_in_words(record),
        scope=scope_words(record),
        by=record.by,
        day=record.on.isoformat(),
        why=record.why,
        state=state,
        can_undo=stands and not undo,
    )


def _title(gate: str, titles: Mapping[str, str]) -> str:
    parts: Sequence[str] = [title for name, title in titles.items() if gate_of(name) == gate]
    return titles.get(gate) or (parts[0] if parts else gate)
