"""Site priors: what a laboratory's own tubes taught, in a file, for batches too small to teach themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from cytorecon import __version__
from cytorecon.errors import KnowledgeError, TransformError
from cytorecon.gating.prior import SETTLED_TUBES
from cytorecon.knowledge.template import Template
from cytorecon.pipeline.context import BatchContext
from cytorecon.pipeline.given import Given
from cytorecon.pipeline.learn import Progress, learn, survey_all
from cytorecon.pipeline.source import Source
from cytorecon.running import Failure, Run
from cytorecon.transforms import TransformSet
from cytorecon.values import Frozen

#: Field of the file that holds the hash of all others.
CHECKSUM: Final = "sha256"


class SitePriors(Frozen):
    """What a site's tubes taught, by cytometer and panel.

    Parameters
    ----------
    content : str
        What kind of file it is.
    software_version : str
        Of the program that learned them.
    contexts : tuple of BatchContext
        Scales and positions; no names, no dates.
    """

    content: Literal["cytorecon site priors, version 1"] = "cytorecon site priors, version 1"
    software_version: str = __version__
    contexts: tuple[BatchContext, ...]

    @property
    def sha256(self) -> str:
        """Hash of the content, by which a result names them."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Return the content as JSON that people can read."""
        content = {**json.loads(self.model_dump_json()), CHECKSUM: self.sha256}
        for context in content["contexts"]:
            context["scales"] = json.loads(context["scales"])
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> SitePriors:
        """Return what :meth:`to_json` wrote.

        Raises
        ------
        KnowledgeError
            If `text` is something else, or was changed since it was written.
        """
        try:
            content = json.loads(text)
            written = str(content.pop(CHECKSUM, "none"))
            for context in content["contexts"]:
                context["scales"] = TransformSet.from_json(json.dumps(context["scales"])).to_json()
            priors = cls.model_validate(content)
        except (ValueError, KeyError, TypeError, TransformError) as error:
            raise KnowledgeError(
                "These are no site priors.",
                found="other fields" if isinstance(error, ValidationError) else "other content",
                hint="Learn them: cytorecon priors learn FOLDER --out site.json",
            ) from error
        if priors.sha256 != written:
            raise KnowledgeError(
                "The site priors are not those that were learned: the file was changed.",
                field=CHECKSUM,
                found=written[:12],
                allowed=f"{priors.sha256[:12]}, that of the content",
                hint=(
                    "Learn them again: cytorecon priors learn FOLDER --out site.json. A position is decided "
                    "by hand with cytorecon override, which says who did it and why."
                ),
            )
        return priors

    @property
    def by_batch(self) -> Mapping[str, BatchContext]:
        """Contexts as a study takes them over: they say that they are the site's."""
        note = f"Positions lean on site priors {self.sha256[:12]}"
        return {
            context.batch: context.model_copy(
                update={
                    "prior": context.prior.of_the_site(),
                    "notes": (*context.notes, f"{note}, learned from {context.prior.tubes} tubes."),
                }
            )
            for context in self.contexts
        }


@dataclass(frozen=True)
class LearnedSite:
    """Site priors, and the files that taught nothing, by their place in the list."""

    priors: SitePriors | None
    failures: Mapping[int, Failure]
    too_small: tuple[BatchContext, ...]


def learn_site(
    paths: Sequence[Path], template: Template, given: Given, run: Run, progress: Progress
) -> LearnedSite:
    """Learn from files what a site's tubes look like.

    Parameters
    ----------
    paths : sequence of Path
        FCS files.
    template : Template
        What is looked for.
    given : Given
        What the user says about all files.
    run, progress : callable
        See :func:`~cytorecon.pipeline.learn.learn`.

    Returns
    -------
    LearnedSite
        ``priors`` is None when no cytometer and panel has enough tubes (``SETTLED_TUBES``).
    """
    sources = [
        Source(str(place), template, path, mapping=given.mapping, spillover=given.matrix())
        for place, path in enumerate(paths)
    ]
    surveyed = survey_all(sources, run, progress)
    members: dict[str, list[Source]] = {}
    for source in sources:
        if source.name in surveyed.surveys:
            members.setdefault(surveyed.surveys[source.name].batch, []).append(source)
    learned = [learn(batch, own, surveyed.surveys, run, progress) for batch, own in sorted(members.items())]
    enough = tuple(context for context in learned if context.prior.tubes >= SETTLED_TUBES)
    return LearnedSite(
        priors=SitePriors(contexts=enough) if enough else None,
        failures={int(name): failure for name, failure in surveyed.failures.items()},
        too_small=tuple(context for context in learned if context not in enough),
    )
