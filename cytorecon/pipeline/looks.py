"""The first look at files: which batch each belongs to. Those seen before are not read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cytorecon.pipeline.context import BatchContext
from cytorecon.pipeline.learn import Progress, survey_all
from cytorecon.pipeline.source import Source
from cytorecon.pipeline.steps import Survey
from cytorecon.running import Failure, Run


@dataclass(frozen=True)
class Seen:
    """What is known of a file once it was looked at.

    Parameters
    ----------
    sha256 : str
        Of its bytes.
    batch : str
        See :func:`~cytorecon.pipeline.source.batch_of`.
    """

    sha256: str
    batch: str


NOTHING_SEEN: Final[Mapping[str, Seen]] = {}


@dataclass(frozen=True)
class Looked:
    """Files by name of their source: what is known of them, and why others cannot be used.

    Parameters
    ----------
    seen : mapping of str to Seen
        Those that can be used.
    surveys : mapping of str to Survey
        Of those that were read now.
    failures : mapping of str to Failure
        The others.
    """

    seen: Mapping[str, Seen]
    surveys: Mapping[str, Survey]
    failures: Mapping[str, Failure]

    def surveyed(self, sources: Iterable[Source], run: Run) -> Looked:
        """Return the same with surveys of all `sources` that were not read yet."""
        missing = [source for source in sources if source.name not in self.surveys]
        if not missing:
            return self
        more = survey_all(missing, run, _silent)
        return replace(
            self,
            seen={name: seen for name, seen in self.seen.items() if name not in more.failures},
            surveys={**self.surveys, **more.surveys},
            failures={**self.failures, **more.failures},
        )


def with_the_template_wanted(
    seen: Mapping[str, Seen], sources: Mapping[str, Source], contexts: Mapping[str, BatchContext]
) -> dict[str, Seen]:
    """Return those of `seen` whose batch was learned with the text of the template that is wanted now."""
    return {
        name: one
        for name, one in seen.items()
        if name in sources
        and one.batch in contexts
        and contexts[one.batch].template_sha256 == sources[name].template.sha256
    }


def look(sources: Sequence[Source], known: Mapping[str, Seen], run: Run, progress: Progress) -> Looked:
    """Look at every source that is not known."""
    new = [source for source in sources if source.name not in known]
    before = len(sources) - len(new)

    def counted(stage: str, done: int, _total: int) -> None:
        progress(stage, before + done, len(sources))

    if before:
        progress("reading", before, len(sources))
    found = survey_all(new, run, counted)
    seen = {source.name: known[source.name] for source in sources if source.name in known}
    seen |= {name: Seen(survey.sha256, survey.batch) for name, survey in found.surveys.items()}
    return Looked(seen, found.surveys, found.failures)


def _silent(_stage: str, _done: int, _total: int) -> None:
    pass
