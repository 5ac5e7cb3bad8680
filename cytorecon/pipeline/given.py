"""What the user says about all files of a run, where the files do not say it, or say it wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

import numpy as np
from pydantic import AfterValidator

from cytorecon.compensation import check_spillover
from cytorecon.errors import PanelError
from cytorecon.intake.names import hidden
from cytorecon.knowledge.markers import load_markers
from cytorecon.knowledge.template import Template
from cytorecon.sample import Spillover
from cytorecon.values import Frozen

HiddenName = Annotated[str, AfterValidator(hidden)]


class GivenSpillover(Frozen):
    """A spillover matrix as it is stored with a study."""

    channels: tuple[HiddenName, ...]
    rows: tuple[tuple[float, ...], ...]
    source: str


class Given(Frozen):
    """Said by the user, stored with the study, and used for tubes added later, too.

    Parameters
    ----------
    mapping : mapping of str to str
        Marker to ``$PnN``; it wins over the labels in the files. A name that could be a person's is
        hidden (:func:`~cytorecon.intake.names.hidden`): it is stored with the study.
    spillover : GivenSpillover or None
        In place of the matrices in the files.
    """

    mapping: Mapping[str, HiddenName] = {}
    spillover: GivenSpillover | None = None

    def changed(self, mapping: Mapping[str, str] | None, spillover: Spillover | None) -> Given:
        """Return the same with what is said anew; None says nothing.

        Raises
        ------
        CompensationError
            If the matrix cannot be used.
        KnowledgeError
            If a marker of `mapping` is no marker.
        """
        markers, matrix = self.mapping, self.spillover
        if mapping is not None:
            for marker in mapping:
                load_markers().canonical(marker)
            markers = mapping
        if spillover is not None:
            check_spillover(spillover)
            rows = tuple(tuple(map(float, row)) for row in spillover.matrix)
            matrix = GivenSpillover(channels=spillover.channels, rows=rows, source=spillover.source)
        return Given(mapping=dict(markers), spillover=matrix)

    def matrix(self) -> Spillover | None:
        """Return the matrix that was given."""
        if self.spillover is None:
            return None
        matrix = np.array(self.spillover.rows, dtype=np.float64)
        return Spillover(matrix, self.spillover.channels, self.spillover.source)

    def mapping_for(self, template: Template) -> dict[str, str]:
        """Return the part of the mapping that `template` asks for: other panels have other channels."""
        asked = markers_asked_for([template])
        return {marker: channel for marker, channel in self.mapping.items() if marker in asked}

    def check_asked_for(self, templates: Iterable[Template]) -> None:
        """Check that each marker of the mapping is asked for by one of `templates`.

        Raises
        ------
        PanelError
            If one is not.
        """
        asked = markers_asked_for(templates)
        for marker, channel in self.mapping.items():
            if marker not in asked:
                raise PanelError(
                    "No panel of the sample sheet asks for this marker.",
                    field=f"--map {marker}={channel}",
                    allowed=", ".join(sorted(asked)),
                )


def markers_asked_for(templates: Iterable[Template]) -> set[str]:
    """Return the markers of `templates`, those of a combination such as CD16+CD56 also one by one."""
    asked = {marker for template in templates for marker in (*template.required, *template.optional)}
    return asked | {part for marker in asked for part in marker.split("+")}
