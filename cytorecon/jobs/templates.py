"""What a run does to results whose template, or its text, is another one than the sheet asks for now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.template import Template
from cytorecon.pipeline import Plan
from cytorecon.results import Provenance
from cytorecon.store import Origin
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult

_MOST_NAMES: Final = 30
_SHORT: Final = 8


def other_templates(
    tubes: Iterable[Tube], origins: Mapping[str, Origin], plan: Plan
) -> dict[str, tuple[str, str]]:
    """Return tube -> template it was gated by, and that which it is to be gated by, in words.

    Parameters
    ----------
    tubes : iterable of Tube
        Those that are asked about; only those are returned that have a result of another text.
    origins : mapping of str to Origin
        Of the stored results.
    plan : Plan
        Of the run.
    """
    found = {}
    for tube in tubes:
        origin, source = origins.get(tube.tube), plan.sources.get(tube.tube)
        if origin is None or source is None or origin.status != "done":
            continue
        if origin.provenance.template_sha256 != source.template.sha256:
            found[tube.tube] = _in_words(origin.provenance, source.template)
    return found


def _in_words(was: Provenance, now: Template) -> tuple[str, str]:
    if was.template != now.name:
        return f"{was.template} {was.template_version}", f"{now.name} {now.version}"
    if was.template_version != now.version:
        return f"{was.template} {was.template_version}", now.version
    return (
        f"{was.template} {was.template_version}, text {was.template_sha256[:_SHORT]}",
        f"text {now.sha256[:_SHORT]} of the same version",
    )


def said_of_templates(changed: Iterable[tuple[str, str]], *, waits: bool = False) -> tuple[Issue, ...]:
    """Return what to say of tubes that are analysed again because of their template.

    Parameters
    ----------
    changed : iterable of (str, str)
        Values of :func:`other_templates`.
    waits : bool
        Whether the tubes wait for shards.
    """
    return tuple(
        Issue(
            "batch.template_changed",
            Severity.WARNING,
            "batch",
            f"Template {was} -> {now}: {tubes} tube{'' if tubes == 1 else 's'} "
            f"{_waiting(tubes) if waits else 'analysed again'}.",
        )
        for (was, now), tubes in sorted(Counter(changed).items())
    )


def _waiting(tubes: int) -> str:
    return f"{'waits' if tubes == 1 else 'wait'} for --shard, to be analysed again"


def mixed_templates(result: StudyResult) -> tuple[Issue, ...]:
    """Return a remark on each template of which results of the study rest on several texts."""
    texts: dict[str, dict[tuple[str, str], list[str]]] = {}
    for outcome in result.tubes:
        made = outcome.provenance
        if outcome.status == "done" and made.template_sha256:
            text = made.template_version, made.template_sha256
            texts.setdefault(made.template, {}).setdefault(text, []).append(outcome.tube)
    return tuple(_mixed(name, groups) for name, groups in sorted(texts.items()) if len(groups) > 1)


def _mixed(name: str, groups: Mapping[tuple[str, str], list[str]]) -> Issue:
    most = max(groups, key=lambda text: len(groups[text]))
    versions = Counter(version for version, _ in groups)
    parts = []
    for (version, sha256), tubes in sorted(groups.items()):
        text = version if versions[version] == 1 else f"{version}, text {sha256[:_SHORT]}"
        names = "" if (version, sha256) == most else f": {_listed(tubes)}"
        parts.append(f"{text} ({len(tubes)} tube{'' if len(tubes) == 1 else 's'}{names})")
    return Issue(
        "batch.mixed_templates",
        Severity.WARNING,
        "batch",
        f"Results rest on several texts of template {name}: {'; '.join(parts)}.",
        "Their numbers need not be alike. List those tubes with files that can be read, to have them "
        "analysed by the same text; a locked patient has to be unlocked first.",
    )


def _listed(tubes: list[str]) -> str:
    return ", ".join(tubes[:_MOST_NAMES]) + (" …" if len(tubes) > _MOST_NAMES else "")
