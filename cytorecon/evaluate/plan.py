"""A plan: labelled files, what their labels mean, and which populations are compared.

A YAML file with a strict model. Files are named relative to a data folder, so that a plan can be
shared where its data may not be.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.labels import FileTube, Truth
from cytorecon.knowledge.evaluation import BaselineWords, Scored, Target
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.template import Template
from cytorecon.knowledge.templates import load_template
from cytorecon.values import Frozen


class PlanTube(Frozen):
    """One labelled file.

    Parameters
    ----------
    tube : str
        Name in tables.
    file, labels : str
        FCS file, and CSV file with its labels or counts.
    patient : str
        Whose blood it is; empty: nobody else's of the set.
    batch : str
        Tubes of one batch are gated together.
    group : str
        What is left out together (a centre); empty: the tube alone.
    """

    tube: Annotated[str, Field(min_length=1)]
    file: Annotated[str, Field(min_length=1)]
    labels: Annotated[str, Field(min_length=1)]
    patient: str = ""
    batch: str = "all"
    group: str = ""


class DilutionPlan(Frozen):
    """Which populations are removed down to how many cells, and how many times."""

    populations: Annotated[tuple[str, ...], Field(min_length=1)]
    cells: tuple[Annotated[int, Field(ge=0)], ...] = (0, 5, 20, 100)
    draws: Annotated[int, Field(ge=1)] = 1


class Plan(Frozen):
    """A labelled set of files.

    Parameters
    ----------
    plan_schema : int
        Version of this model.
    name, title, about : str
        Name in tables, heading, and what the labels are worth.
    template : str
        Name of a template.
    folder : str
        Where the files are, within the data folder.
    mapping : mapping of str to str
        Marker to ``$PnN``, where channel names do not say it.
    truth : EventLabel, EventColumns or CountRows
        What the label files mean.
    scored : tuple of Scored
        Populations that are compared, each with the parent its percentage is of.
    baselines : BaselineWords or None
        The same populations in the plainest words, for baselines.
    tubes : tuple of PlanTube
        The files.
    dilution : DilutionPlan or None
        Populations that are removed in silico.
    targets : tuple of Target
        What has to be reached.
    """

    plan_schema: Literal[1]
    name: Annotated[str, Field(min_length=1)]
    title: str
    about: str
    template: str
    folder: str = ""
    mapping: Mapping[str, str] = {}
    truth: Truth
    scored: Annotated[tuple[Scored, ...], Field(min_length=1)]
    baselines: BaselineWords | None = None
    tubes: Annotated[tuple[PlanTube, ...], Field(min_length=1)]
    dilution: DilutionPlan | None = None
    targets: tuple[Target, ...] = ()

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        known = set(self.truth.populations)
        wanted = [("scored", scored.population) for scored in self.scored]
        wanted += [("dilution", name) for name in (self.dilution.populations if self.dilution else ())]
        for field, name in wanted:
            if name not in known:
                raise ValueError(f"{field}: the labels say nothing of '{name}', only of {', '.join(known)}")
        names = [tube.tube for tube in self.tubes]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"tubes: {', '.join(sorted(twice))} is named twice")
        files = [tube.file for tube in self.tubes]
        if same := {file for file in files if files.count(file) > 1}:
            raise ValueError(
                f"tubes: {', '.join(sorted(same))} is listed twice, and would count as two tubes"
            )
        if self.dilution and self.truth.kind == "counts":
            raise ValueError("dilution: labels of single events are needed")
        return self


def load_plan(path: Path) -> Plan:
    """Return the plan in a YAML file.

    Raises
    ------
    CytoreconError
        If there is no such file.
    KnowledgeError
        If it is no plan, naming every field that is wrong.
    """
    if not path.is_file():
        raise CytoreconError("There is no such plan.", subject=path.name, allowed="a .yaml file")
    return validated(Plan, read_yaml(path.name, folder=path.parent), subject=path.name)


def template_of(plan: Plan) -> Template:
    """Return the template of a plan.

    Raises
    ------
    KnowledgeError
        If there is none of that name.
    CytoreconError
        If it does not have a population that the plan compares.
    """
    template = load_template(plan.template)
    known = template.population_by_name
    for field, name in [
        *(("scored", scored.population) for scored in plan.scored),
        *(("scored, parent", scored.parent) for scored in plan.scored if scored.parent != "root"),
        *([("baselines, inside", plan.baselines.inside)] if plan.baselines else []),
    ]:
        if name not in known:
            raise CytoreconError(
                "The template has no such population.",
                subject=f"plan {plan.name}",
                field=field,
                found=name,
                allowed=", ".join(known),
            )
    return template


def tubes_of(plan: Plan, data: Path) -> tuple[FileTube, ...]:
    """Return the tubes of a plan.

    Parameters
    ----------
    plan : Plan
        What is compared.
    data : Path
        Folder that the plan's `folder` is in.

    Raises
    ------
    CytoreconError
        If a file is missing.
    """
    tubes = tuple(
        FileTube(
            tube=row.tube,
            patient=row.patient or row.tube,
            group=row.group or row.tube,
            file=data / plan.folder / row.file,
            labels=data / plan.folder / row.labels,
            truth=plan.truth,
        )
        for row in plan.tubes
    )
    for tube in tubes:
        for path in (tube.file, tube.labels):
            if not path.is_file():
                raise CytoreconError(
                    "A file of the plan is missing.",
                    subject=f"plan {plan.name}, tube {tube.tube}",
                    found=str(path),
                    hint="Name the folder of the data with --data.",
                )
    return tubes
