"""What a person signs: everything the report of one patient rests on, as one document with one hash.

A signature is of exactly this document. Whatever changes in it later (a file, a gate, a count, an event, a
reference range, the software) gives another hash, and the signature stays with the old one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Final, Literal

from cytorecon.knowledge.files import sha256_of
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult
from cytorecon.values import Frozen

_KNOWLEDGE: Final[Mapping[str, tuple[str, ...]]] = {
    "references": (
        "reference_ranges.csv",
        "reference_strata.csv",
        "reference_medians.csv",
        "reference_defaults.yaml",
    ),
    "rules": ("milestones.yaml", "programmes.yaml", "readouts.yaml", "populations.csv"),
}
#: Where a row stands in its sheet says nothing about the tube.
_BESIDE_THE_FACTS: Final = {"row"}


class SignedTube(Frozen):
    """One tube of a signed document.

    Parameters
    ----------
    tube, status : str
        As in its result.
    facts_sha256 : str
        Of what the sheet says of it.
    file_sha256, template, template_version, template_sha256, gates_version, transforms_sha256, prior_sha256,
    overrides_sha256, spillover_source, software_version : str
        Where its numbers come from (:class:`~cytorecon.results.Provenance`).
    counts : tuple of PopulationCount
        Its numbers, with the marks of what needs a look.
    issues_sha256 : str
        Of all remarks.
    """

    tube: str
    status: str
    facts_sha256: str
    file_sha256: str
    template: str
    template_version: str
    template_sha256: str
    gates_version: str
    transforms_sha256: str
    prior_sha256: str
    overrides_sha256: str
    spillover_source: str
    software_version: str
    counts: tuple[PopulationCount, ...]
    issues_sha256: str


class SignedPatient(Frozen):
    """The document of one patient.

    Parameters
    ----------
    format : str
        Of the document.
    patient : str
        Pseudonym.
    facts_sha256, events_sha256, readouts_sha256 : str
        Of what the sheets say of the patient.
    tubes : tuple of SignedTube
        That are not removed, by name.
    references_sha256, rules_sha256 : str
        Of the packaged reference ranges, and of the rules of milestones and programmes.
    software_version : str
        Of the program that showed it.
    """

    format: Literal["cytorecon-signed-1"] = "cytorecon-signed-1"
    patient: str
    facts_sha256: str
    events_sha256: str
    readouts_sha256: str
    tubes: tuple[SignedTube, ...]
    references_sha256: str
    rules_sha256: str
    software_version: str

    @property
    def text(self) -> str:
        """The document as it is hashed and kept: JSON, keys sorted, no spaces."""
        # a field that later versions add, and nobody used, changes no document
        return _canonical(self.model_dump(mode="json", exclude_defaults=True) | {"format": self.format})

    @property
    def sha256(self) -> str:
        """What is signed."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


class Difference(Frozen):
    """One component of two documents that is not the same.

    Parameters
    ----------
    component : str
        ``"software"``, ``"P01/d30/1: gates"``, ``"P01/d30/1: CD4_T, events"`` …
    signed, now : str
        Value or hash in each; empty when there is none.
    """

    component: str
    signed: str
    now: str


def signed_patient(result: StudyResult, patient: str, *, software_version: str) -> SignedPatient:
    """Return the document of one patient as the study stands.

    Parameters
    ----------
    result : StudyResult
        With the results of all tubes of the study: checks between tubes mark counts.
    patient : str
        Pseudonym.
    software_version : str
        Of the program that shows it.

    Raises
    ------
    KeyError
        If the study has no such patient.
    """
    study = result.study
    known = {one.patient: one for one in study.patients}[patient]
    outcomes = {outcome.tube: outcome for outcome in result.tubes}
    tubes = sorted((tube for tube in study.tubes if tube.patient == patient), key=lambda tube: tube.tube)
    return SignedPatient(
        patient=patient,
        facts_sha256=_sha256(known.model_dump(mode="json")),
        events_sha256=_sha256(
            [event.model_dump(mode="json") for event in study.events if event.patient == patient]
        ),
        readouts_sha256=_sha256(
            [readout.model_dump(mode="json") for readout in study.readouts if readout.patient == patient]
        ),
        tubes=tuple(_signed_tube(tube, outcomes[tube.tube]) for tube in tubes),
        references_sha256=_knowledge_sha256("references"),
        rules_sha256=_knowledge_sha256("rules"),
        software_version=software_version,
    )


def differences(signed: SignedPatient, now: SignedPatient) -> tuple[Difference, ...]:
    """Return every component in which two documents of one patient differ, causes before numbers."""
    return (*_of_patient(signed, now), *_of_tubes(signed, now))


def _signed_tube(tube: Tube, result: TubeResult) -> SignedTube:
    return SignedTube(
        tube=tube.tube,
        status=result.status,
        facts_sha256=_sha256(tube.model_dump(mode="json", exclude=_BESIDE_THE_FACTS)),
        counts=result.counts,
        issues_sha256=_sha256(
            [[issue.code, issue.severity.value, issue.subject, issue.message] for issue in result.issues]
        ),
        **result.provenance.model_dump(include=_PROVENANCE),
    )


_PROVENANCE: Final = {
    "file_sha256",
    "template",
    "template_version",
    "template_sha256",
    "gates_version",
    "transforms_sha256",
    "prior_sha256",
    "overrides_sha256",
    "spillover_source",
    "software_version",
}
#: Causes in the order of the way of the data; what people call them.
_TUBE_COMPONENTS: Final = {
    "file_sha256": "file",
    "facts_sha256": "what the sheet says",
    "spillover_source": "spillover",
    "transforms_sha256": "transforms",
    "template": "template",
    "template_version": "version of the template",
    "template_sha256": "text of the template",
    "prior_sha256": "priors",
    "overrides_sha256": "decisions about gates",
    "software_version": "software that analysed it",
    "gates_version": "gates",
    "status": "status",
    "issues_sha256": "remarks",
}
_PATIENT_COMPONENTS: Final = {
    "facts_sha256": "patient",
    "events_sha256": "events",
    "readouts_sha256": "readouts",
    "references_sha256": "reference ranges",
    "rules_sha256": "rules",
    "software_version": "software",
}


def _of_patient(signed: SignedPatient, now: SignedPatient) -> Iterator[Difference]:
    for field, name in _PATIENT_COMPONENTS.items():
        yield from _compared(name, getattr(signed, field), getattr(now, field))


def _of_tubes(signed: SignedPatient, now: SignedPatient) -> Iterator[Difference]:
    before, after = ({tube.tube: tube for tube in one.tubes} for one in (signed, now))
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            yield from _compared(name, name if name in before else "", name if name in after else "")
            continue
        for field, component in _TUBE_COMPONENTS.items():
            yield from _compared(
                f"{name}: {component}", getattr(before[name], field), getattr(after[name], field)
            )
        yield from _of_counts(name, before[name].counts, after[name].counts)


def _of_counts(
    tube: str, signed: Iterable[PopulationCount], now: Iterable[PopulationCount]
) -> Iterator[Difference]:
    before, after = ({count.population: count for count in counts} for counts in (signed, now))
    for population in (*before, *(name for name in after if name not in before)):
        name = f"{tube}: {population}"
        one, other = before.get(population), after.get(population)
        if one is None or other is None:
            yield from _compared(name, "counted" if one else "", "counted" if other else "")
            continue
        for field in (own.name for own in fields(PopulationCount)):
            yield from _compared(
                f"{name}, {field}", _shown(getattr(one, field)), _shown(getattr(other, field))
            )


def _compared(component: str, signed: str, now: str) -> Iterator[Difference]:
    if signed != now:
        yield Difference(component=component, signed=signed, now=now)


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _knowledge_sha256(name: str) -> str:
    return _sha256([sha256_of(file) for file in _KNOWLEDGE[name]])


def _sha256(content: object) -> str:
    return hashlib.sha256(_canonical(content).encode("utf-8")).hexdigest()


def _canonical(content: object) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
