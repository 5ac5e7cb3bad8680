"""Values to JSON text and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, Protocol, TypeVar, cast

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


def from_text(document: TypeAdapter[Value], text: str | bytes, *, subject: str, field: str) -> Value:
    """Return the value that :func:`to_text` wrote, of its text or the UTF-8 of it.

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


class Reader(Protocol):
    """Reads a document, as :func:`from_text` does."""

    def __call__(self, document: TypeAdapter[Value], text: str, *, subject: str, field: str) -> Value:
        """Return the value of `text`."""


class SameTextSameValue:
    """Reads documents; a text that was read before gives the value it gave then.

    Parameters
    ----------
    earlier : SameTextSameValue, optional
        What was read before. Only texts that are read again are remembered on.

    Examples
    --------
    >>> first = SameTextSameValue()
    >>> text = to_text(PATIENT, Patient(patient="P01"))
    >>> patient = first(PATIENT, text, subject="s", field="f")
    >>> SameTextSameValue(first)(PATIENT, text, subject="s", field="f") is patient
    True
    """

    def __init__(self, earlier: SameTextSameValue | None = None) -> None:
        self._before: Mapping[tuple[object, str], object] = {} if earlier is None else earlier.values
        self.values: dict[tuple[object, str], object] = {}

    def __call__(self, document: TypeAdapter[Value], text: str, *, subject: str, field: str) -> Value:
        """Return the value of `text`."""
        key = (document, text)
        value = self._before.get(key)
        if value is None:
            value = from_text(document, text, subject=subject, field=field)
        self.values[key] = value
        return cast("Value", value)
