"""A gate as it was found in one tube."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cytorecon.gating.estimates import Evidence
from cytorecon.gating.prior import ThresholdPrior
from cytorecon.gating.shapes import Polygon, Shape

#: Both `passed_through` (looked for, nothing to take away) and `not_measured` (the tube lacks the channel
#: of an optional gate) keep every event; only the first says something about the cells.
GateStatus = Literal["found", "absent", "passed_through", "not_measured", "not_evaluable"]


@dataclass(frozen=True, slots=True)
class FoundPart:
    """One shape of a gate, and how its position came about.

    Parameters
    ----------
    part : str
        Gate, or gate and marker where one gate has two channels.
    shape : Threshold, Polygon or Likelier
        On the transformed scale.
    method : str
        ``own_valley``, ``shrunk_to_batch``, ``batch``, ``control_tail``, ``reference_tail``,
        ``fmo``, ``own_tail``, ``batch_tail``, ``bright_mode``, ``mirror``, ``anchor``, ``shifted``,
        ``robust_ratio``, ``seeded_cloud``, ``batch_cloud``, ``back_gated``, ``density_contour``,
        ``bright_in_all``, ``told_apart``, ``fixed`` or ``manual``.
    standard_error : float or None
        Of a threshold, transformed units.
    flags : tuple of str
        Codes that say it needs a look.
    alternative : float or None
        Where a threshold might as well lie: the tube's own valley where the batch's position was
        taken, the batch's where the tube's was, when the two are far apart.
    batch : ThresholdPrior or None
        What the batch teaches about a threshold.
    override : str
        Identifier of the record by which a person placed or accepted it.
    automatic : Threshold, Polygon, Likelier or None
        Of a part that a person placed: where the search had put it.
    by_halves : tuple of Polygon
        Of a region: the same by random halves of the events it was drawn around.
    """

    part: str
    shape: Shape
    method: str
    standard_error: float | None = None
    flags: tuple[str, ...] = ()
    alternative: float | None = None
    batch: ThresholdPrior | None = None
    override: str = ""
    automatic: Shape | None = None
    by_halves: tuple[Polygon, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundGate:
    """A gate in one tube. With several parts an event is inside when it is inside any of them.

    `flags` are the doubts about a gate that has no part. `evidence` is what this tube alone showed, by
    part; it is there also when no gate was found. `override` identifies the record by which a person
    excluded or accepted a gate that has no part; `accepted`: a person looked at the automatic position and
    took it over, so doubts about it are settled.
    """

    gate: str
    find_in: str
    status: GateStatus
    parts: tuple[FoundPart, ...] = ()
    reason: str = ""
    flags: tuple[str, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    events_in: int | None = None
    events_of_parent: int | None = None
    override: str = ""
    accepted: bool = False
