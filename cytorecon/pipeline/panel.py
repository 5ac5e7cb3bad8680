"""The panel of a tube, and another template where the one that was chosen is for another panel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cytorecon.errors import PanelError
from cytorecon.fcs import PanelMatch, resolve_panel
from cytorecon.knowledge.template import Template
from cytorecon.knowledge.templates import load_template, template_names
from cytorecon.sample import Sample


def panel_of(sample: Sample, template: Template, mapping: Mapping[str, str]) -> PanelMatch:
    """Find the channel of every marker of `template`.

    Parameters
    ----------
    sample : Sample
        As read.
    template : Template
        What is looked for.
    mapping : mapping of str to str
        Marker -> channel, as the user said.

    Raises
    ------
    PanelError
        As :func:`~cytorecon.fcs.resolve_panel`. When most of the required markers are missing and
        packaged templates find all of theirs, it names those: to say of each channel that it is
        another one would be the wrong thing to do.
    """
    shared = {frozenset(each.markers): each.told_apart_by for each in template.shared_channels}
    try:
        return resolve_panel(sample, template.required, template.optional, mapping, shared)
    except PanelError as error:
        if error.field:  # what the user said of a channel is wrong, whatever the panel
            raise
        lacking = sum(not _holds(sample, [marker], mapping) for marker in template.required)
        others = _others(sample, template, mapping) if 2 * lacking > len(template.required) else ()
        if not others:
            raise
        fits = "Another panel fits" if len(others) == 1 else "Other panels fit"
        raise PanelError(error.message, found=error.found, hint=f"{fits}: {', '.join(others)}.") from error


def _others(sample: Sample, template: Template, mapping: Mapping[str, str]) -> tuple[str, ...]:
    """Return the packaged templates whose required markers are all there: those that ask for most."""
    asked = {name: load_template(name).required for name in template_names() if name != template.name}
    fitting = [name for name, required in asked.items() if _holds(sample, required, mapping)]
    most = max((len(asked[name]) for name in fitting), default=0)
    return tuple(name for name in fitting if len(asked[name]) == most)


def _holds(sample: Sample, required: Iterable[str], mapping: Mapping[str, str]) -> bool:
    try:
        resolve_panel(sample, required, (), mapping)
    except PanelError:
        return False
    return True
