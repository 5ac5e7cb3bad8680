"""Control tubes beside the tubes of patients: they teach a batch, and have no result of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from cytorecon.errors import CytoreconError, Issue, Severity
from cytorecon.gating.control_of import ControlOf
from cytorecon.gating.controls import ControlEvidence, check_control, control_evidence, with_controls
from cytorecon.gating.prior import GatingPrior
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline.context import BatchContext
from cytorecon.pipeline.given import Given
from cytorecon.pipeline.learn import attempt
from cytorecon.pipeline.source import Source
from cytorecon.pipeline.steps import Survey, gate_prepared, prepare, survey
from cytorecon.running import Failure, Run
from cytorecon.sample import Sample
from cytorecon.study.model import ControlTube
from cytorecon.transforms import TransformSet


@dataclass(frozen=True)
class Control:
    """A control tube in memory, for :func:`~cytorecon.pipeline.gate_batch`.

    Parameters
    ----------
    sample : Sample
        On the linear scale, of the same cytometer and panel as the patients' tubes.
    kind : {"fmo", "without"}
        See :class:`~cytorecon.gating.controls.ControlOf`.
    name : str
        Marker it was stained without, or population it does not hold.
    """

    sample: Sample
    kind: str
    name: str

    @property
    def of(self) -> ControlOf:
        """What it is, checked.

        Raises
        ------
        CytoreconError
            If the kind is not known.
        """
        if self.kind == "fmo":
            return ControlOf(kind="fmo", name=self.name)
        if self.kind == "without":
            return ControlOf(kind="without", name=self.name)
        raise CytoreconError(
            "There is no such kind of control tube.",
            subject="controls",
            field="kind",
            found=self.kind,
            allowed="fmo, without",
        )


@dataclass(frozen=True)
class ControlSource:
    """Where the events of a control tube come from, and what it is."""

    source: Source
    of: ControlOf


@dataclass(frozen=True)
class ControlSources:
    """Control tubes of a study by batch, and why others could not be read.

    `patients_tubes`: tubes of patients whose file is given as a control, too, and what is wrong with that.
    """

    by_batch: Mapping[str, tuple[ControlSource, ...]]
    failures: tuple[Issue, ...] = ()
    patients_tubes: Mapping[str, Failure] = field(default_factory=dict)

    def of_batch(self, batch: str) -> tuple[ControlSource, ...]:
        """Return the controls of one batch."""
        return self.by_batch.get(batch, ())

    def remarks(self, batches: Collection[str]) -> Iterator[Issue]:
        """Yield what is worth knowing: controls that cannot be read, or belong to no batch of the study."""
        yield from self.failures
        for batch, controls in sorted(self.by_batch.items()):
            if batch not in batches:
                for control in controls:
                    message = (
                        "It taught nothing: no tube of the study has its cytometer, detectors and panel."
                    )
                    yield Issue("control.unused", Severity.WARNING, control.source.name, message)


#: SHA-256 of a file, and which of its data sets.
Content = tuple[str, int]


def content_of(sha256: str, dataset: int | None) -> Content:
    """Return what tells the content of tubes apart; a file's first data set is taken where none is named."""
    return sha256, dataset or 0


def survey_controls(
    tubes: Sequence[ControlTube], given: Given, run: Run, of_patients: Mapping[Content, str] | None = None
) -> ControlSources:
    """Look at every control tube of a study once.

    Parameters
    ----------
    tubes : sequence of ControlTube
        Of the manifest.
    given : Given
        What the user said about all files.
    run : callable
        ``map`` or an executor's.
    of_patients : mapping of (str, int) to str, optional
        Tubes of patients by their content. A file can be one or the other, and nothing says which: a tube
        stained without a marker would make a patient without such cells.
    """
    controls: list[ControlSource] = []
    failures: list[Issue] = []
    for tube in tubes:
        name = f"manifest row {tube.row}, control tube '{tube.of}'"
        template = attempt(load_template, str(tube.template_path or tube.template))
        if isinstance(template, Failure):
            failures.append(_failed(name, template))
            continue
        mapping, matrix = given.mapping_for(template), given.matrix()
        source = Source(name, template, tube.path, tube.dataset, mapping=mapping, spillover=matrix)
        controls.append(ControlSource(source, tube.of))
    by_batch: dict[str, tuple[ControlSource, ...]] = {}
    both: dict[str, Failure] = {}
    for control, answer in zip(controls, run(_surveyed, controls), strict=True):
        if isinstance(answer, Failure):
            failures.append(_failed(control.source.name, answer))
            continue
        patient = (of_patients or {}).get(content_of(answer.sha256, control.source.dataset), "")
        if patient:
            failures.append(_failed(control.source.name, _same_file(f"tube {patient}")))
            both[patient] = _same_file(control.source.name)
            continue
        by_batch[answer.batch] = (*by_batch.get(answer.batch, ()), control)
    return ControlSources(by_batch, tuple(failures), both)


def _same_file(other: str) -> Failure:
    return Failure(
        f"Its file holds the same bytes as that of {other}; a tube is a patient's or a control. Correct the "
        "sample sheet."
    )


def _surveyed(control: ControlSource) -> Survey | Failure:
    return attempt(_checked, control)


def _checked(control: ControlSource) -> Survey:
    check_control(control.of, control.source.template)
    return survey(control.source)


def _failed(name: str, failure: Failure) -> Issue:
    return Issue("control.failed", Severity.ERROR, name, f"It taught nothing: {failure.reason}")


@dataclass(frozen=True)
class Taught:
    """A batch with what its control tubes taught it, and which of them taught nothing."""

    context: BatchContext
    unused: tuple[Issue, ...] = ()


def taught_by(context: BatchContext, controls: Sequence[ControlSource], run: Run) -> Taught:
    """Return `context` with what control tubes of its batch teach.

    Parameters
    ----------
    context : BatchContext
        Of the batch.
    controls : sequence of ControlSource
        Of the same batch; one that cannot be used is noted with the batch, and an issue.
    run : callable
        ``map`` or an executor's.
    """
    if not controls:
        return Taught(context)
    look = partial(attempt, partial(_look, scales=context.transforms, prior=context.prior))
    shown: list[ControlEvidence] = []
    notes, unused = list(context.notes), []
    for control, answer in zip(controls, run(look, controls), strict=True):
        if isinstance(answer, Failure):
            notes.append(f"The control tube '{control.of}' was not used: {answer.reason}")
            unused.append(_failed(control.source.name, answer))
            continue
        shown.append(answer)
        taught = ", ".join([*answer.references, *answer.backgrounds])
        notes.append(f"The control tube '{control.of}' taught {taught}.")
    learned = {"prior": with_controls(context.prior, shown), "notes": tuple(dict.fromkeys(notes))}
    return Taught(context.model_copy(update=learned), tuple(unused))


def _look(control: ControlSource, *, scales: TransformSet, prior: GatingPrior) -> ControlEvidence:
    prepared = prepare(control.source, scales)
    gated = gate_prepared(prepared, control.source, prior)
    return control_evidence(gated, prepared.axes, control.of, load_quality_limits().controls)
