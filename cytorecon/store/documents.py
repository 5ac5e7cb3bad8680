"""Values to JSON text and back."""

from __future__ import annotations

from typing import Final, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_json

from cytorecon.errors import Issue, StoreError
from cytorecon.gating.overrides import Override
from cytorecon.results import GatePlot, PopulationCount, Provenance, TubeResult
from cytorecon.study.model import ClinicalEvent, Patient, Readout, Tube

Value = TypeVar("Value")

PATIENT: Final = TypeAdapter(Patient)
TUBE: Final = TypeAdapter(Tube)
EVENT: Final = TypeAdapter(ClinicalEvent)
READOUT: Final = TypeAdapter(Readout)
RESULT: Final = TypeAdapter(TubeResult)
PLOTS: Final = TypeAdapter(tuple[GatePlot, ...])
OVERRIDE: Final = TypeAdapter(Override)
ISSUES: Final = TypeAdapter(tuple[Issue, ...])


class _FoundGate(BaseModel):
    gate: str
    status: str
    threshold: float | None = None
    channels: tuple[str, ...] = ()


class _Scale(BaseModel):
    template_sha256: str = ""
    transforms_sha256: str = ""


class GatesOnly(BaseModel):
    """Of a stored result where its gates lie: a third of the time that the whole one takes to read."""

    status: str
    gates: tuple[_FoundGate, ...] = ()
    provenance: _Scale = _Scale()


class Compared(BaseModel):
    """What is compared between patients: two thirds of the time that the whole result takes to read."""

    tube: str
    status: Literal["done", "failed"]
    error: str = ""
    n_events: int | None = None
    channels: tuple[str, ...] = ()
    counts: tuple[PopulationCount, ...] = ()
    gates: tuple[_FoundGate, ...] = ()
    issues: tuple[Issue, ...] = ()
    provenance: Provenance = Provenance()


GATES: Final = TypeAdapter(GatesOnly)
COMPARED: Final = TypeAdapter(Compared)


def to_text(document: TypeAdapter[Value], value: Value) -> str:
    """Return `value` as JSON; fields a model excludes (``Tube.path``) stay out.

    Infinity and NaN are kept as ``Infinity`` and ``NaN``: a polygon may be open towards
    infinity, and a model's own ``model_dump_json`` would turn both into null.

    Examples
    --------
    >>> to_text(TUBE, Tube(tube="P01/d30/1", patient="P01", day=30))[:40]
    '{"tube":"P01/d30/1","patient":"P01","day'
    """
    return to_json(document.dump_python(value), inf_nan_mode="constants").decode()


def from_text(document: TypeAdapter[Value], text: str, *, subject: str, field: str) -> Value:
    """Return the value that :func:`to_text` wrote.

    Raises
    ------
    StoreError
        If the text is damaged; it names the study (`subject`) and the place (`field`).
    """
    try:
        return document.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise StoreError(
            "A stored document cannot be read.",
            subject=subject,
            field=field,
            found=f"{place}: {first['msg']}" if place else first["msg"],
            allowed="a document written by this version of cytorecon",
            hint="Open the study with the version that wrote it, or restore it from a backup.",
        ) from None
