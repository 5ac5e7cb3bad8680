"""What a control tube is: said in the sample sheet, used by gating; imports nothing of gating."""

from __future__ import annotations

from typing import Literal

from cytorecon.values import Frozen

ControlKind = Literal["fmo", "without"]


class ControlOf(Frozen):
    """What a control tube is.

    Parameters
    ----------
    kind : {"fmo", "without"}
        ``fmo``: stained with all but one marker (or with its isotype control). ``without``: fully
        stained, and known to hold no cell of one population (depleted).
    name : str
        Marker of an ``fmo``, population of a ``without``.
    """

    kind: ControlKind
    name: str

    def __str__(self) -> str:
        """Return it as a sheet says it: ``fmo CD19``."""
        return f"{self.kind} {self.name}"
