"""What an analysis hands on: plain, frozen, JSON-ready values without a single raw event.

The store writes them, the report and the dashboard read them, and the tidy tables are made of
them, so the three doors cannot disagree.
"""

from __future__ import annotations

import math
from typing import Final, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from cytorecon.errors import Issue
from cytorecon.values import Frozen

# A cohort has hundreds of thousands of counts and gates: with slots they take far less memory than models
# (docs/decisions/0045). They are validated like one; ``dataclasses.replace`` makes a changed copy.
_STRICT: Final = ConfigDict(extra="forbid")

#: ``ok``: counted and without doubt. ``review``: counted, and somebody should look at it. ``not_detected``:
#: no more events than the background explains. ``below_lloq``: there, but too few to state a number. Where it
#: is in doubt whether a channel shows its marker, the last two are ``review``: cells may be there unseen.
Verdict = Literal["ok", "review", "not_detected", "below_lloq", "not_evaluable"]
CountMethod = Literal["beads", "blood_count_alc", "blood_count_wbc", "volumetric", "none"]


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class GateSpread:
    """How far a count would move with its gates: standard deviations of its natural logarithm.

    Parameters
    ----------
    events : float
        Of the events; 0 when no gate with a standard error changes them.
    of_parent, of_lymphocytes, of_leukocytes : float
        Of the share: a gate that moves both changes it less.
    """

    events: float = Field(default=0.0, ge=0)
    of_parent: float = Field(default=0.0, ge=0)
    of_lymphocytes: float = Field(default=0.0, ge=0)
    of_leukocytes: float = Field(default=0.0, ge=0)


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Uncertainty:
    """The parts of the uncertainty of one concentration: standard deviations of its natural logarithm.

    Parameters
    ----------
    counting : float
        Of the events, and of the beads or of what they are a share of.
    gate : float
        Of the positions of gates.
    volume : float
        Of pipetting, bead lot or blood count, as the sheet states them; 0 when it does not.

    Examples
    --------
    >>> Uncertainty(counting=0.04, gate=0.03, volume=0.0).shares["counting"]
    0.64
    """

    counting: float = Field(ge=0)
    gate: float = Field(ge=0)
    volume: float = Field(ge=0)

    @property
    def total(self) -> float:
        """Standard deviation of the natural logarithm, all parts together."""
        return math.hypot(self.counting, self.gate, self.volume)

    @property
    def shares(self) -> dict[str, float]:
        """Share of each part in the variance; they sum to 1, or are all 0."""
        whole = self.total**2
        parts = {"counting": self.counting, "gate": self.gate, "volume": self.volume}
        return {name: round(sd**2 / whole, 4) if whole else 0.0 for name, sd in parts.items()}


class PopulationTally(Frozen):
    """Events of one population, as gating hands them to counting.

    Parameters
    ----------
    population, parent : str
        Names of ``knowledge/populations.csv``; the parent of a top population is ``root``.
    status : {"counted", "not_evaluable"}
        ``not_evaluable`` when a gate it depends on could not be found.
    reason : str
        Why it is not evaluable; empty otherwise.
    events, parent_events : int or None
        Events in it and in its parent; None when not evaluable.
    lymphocytes, leukocytes : int or None
        Events of the lymphocyte and leukocyte populations, for populations that are part of
        them; None for a population that is not, or when that population is not evaluable.
    gate_definition : str
        What was counted, in the words that reference ranges are tied to; empty: as in ``populations.csv``.
    detected : bool or None
        Whether its events are more than the background explains; None when not tested.
    background_events : float or None
        Events expected in its gate were the population absent.
    gate_spread : GateSpread or None
        How far the count would move with its gates; None when that was not looked at.
    review : tuple of str
        Codes of the issues that say this population needs a look.
    overrides : tuple of str
        Identifiers of the records by which people decided about gates that it was found with.
    """

    population: str
    parent: str
    status: Literal["counted", "not_evaluable"]
    reason: str = ""
    events: int | None = None
    parent_events: int | None = None
    lymphocytes: int | None = None
    leukocytes: int | None = None
    gate_definition: str = ""
    detected: bool | None = None
    background_events: float | None = None
    gate_spread: GateSpread | None = None
    review: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class PopulationCount:
    """Counts of one population in one tube. None always means "not known", never zero.

    Parameters
    ----------
    population, parent : str
        Names of ``knowledge/populations.csv``; the parent of a top population is ``root``.
    status : {"counted", "not_evaluable"}
        ``not_evaluable`` when a gate it depends on could not be found.
    reason : str
        Why it is not evaluable; empty otherwise.
    gate_definition : str
        What was counted, in the words that reference ranges are tied to; empty: as in ``populations.csv``.
    events, parent_events : int or None
        Events counted. None when not evaluable.
    detected : bool or None
        Whether the events are more than the background explains (exact Poisson test); None when not
        tested. Of a population that is not detected there is no percentage and no concentration; the
        upper ends of the intervals say how many there may be at most.
    background_events : float or None
        Events expected in its gate were the population absent.
    percent_of_parent, percent_of_lymphocytes, percent_of_leukocytes : float or None
        Percent, each with a 95 % interval of counting and gate error in ``*_low``, ``*_high``.
    cells_per_ul : float or None
        Concentration in blood, cells/µL. None when there is no count method, or the count is
        below the LLOQ (then `below_lloq` is True and the interval still stands).
    cells_per_ul_low, cells_per_ul_high : float or None
        95 % interval of counting, gate and volume error, cells/µL (docs/decisions/0032).
    lloq_cells_per_ul : float or None
        Lower limit of quantification of this tube, cells/µL.
    lod_cells_per_ul : float or None
        Limit of detection of this tube, cells/µL: what would be told from the background with 95 % certainty.
    below_lloq : bool or None
        None when there is no count method or the population is not evaluable.
    count_method : str
        ``beads``, ``blood_count_alc``, ``blood_count_wbc``, ``volumetric`` or ``none``.
    blood_ul_counted : float or None
        Volume of blood the counted events stand for, µL: cells/µL = events / this.
    gate_spread : GateSpread or None
        How far the count would move with its gates; None when that was not looked at.
    uncertainty : Uncertainty or None
        What the interval of the concentration is made of; None without one, and at no events.
    review : tuple of str
        Codes of the issues that say this number needs a look; empty when none.
    overrides : tuple of str
        Identifiers of the records by which people placed, accepted or excluded gates that the number rests
        on, seeds and controls of those gates included; empty when all were found automatically.
    absence_in_doubt : bool
        Whether one of them says that cells may be there that are not seen (``cytorecon.counts.marked``).
    """

    population: str
    parent: str
    status: Literal["counted", "not_evaluable"]
    reason: str = ""
    gate_definition: str = ""
    events: int | None = None
    parent_events: int | None = None
    detected: bool | None = None
    background_events: float | None = None
    percent_of_parent: float | None = None
    percent_of_parent_low: float | None = None
    percent_of_parent_high: float | None = None
    percent_of_lymphocytes: float | None = None
    percent_of_lymphocytes_low: float | None = None
    percent_of_lymphocytes_high: float | None = None
    percent_of_leukocytes: float | None = None
    percent_of_leukocytes_low: float | None = None
    percent_of_leukocytes_high: float | None = None
    cells_per_ul: float | None = None
    cells_per_ul_low: float | None = None
    cells_per_ul_high: float | None = None
    lloq_cells_per_ul: float | None = None
    lod_cells_per_ul: float | None = None
    below_lloq: bool | None = None
    count_method: CountMethod = "none"
    blood_ul_counted: float | None = None
    gate_spread: GateSpread | None = None
    uncertainty: Uncertainty | None = None
    review: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    absence_in_doubt: bool = False

    @property
    def verdict(self) -> Verdict:
        """The result in one word: what it is worth, in the order in which a doubt outweighs the next."""
        if self.status == "not_evaluable":
            return "not_evaluable"
        if self.absence_in_doubt:
            return "review"
        if self.detected is False:
            return "not_detected"
        if self.below_lloq:
            return "below_lloq"
        return "review" if self.review else "ok"


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class GateRecord:
    """One gate as it was found in one tube: saved, shown, exported.

    Parameters
    ----------
    gate : str
        Identifier in the template.
    title : str
        What pages call it; empty where the template has no title for it.
    parent : str
        Population expression the gate was looked for in.
    kind : {"threshold", "polygon", "none"}
        Shape; ``none`` when not found or passed through.
    channels : tuple of str
        ``$PnN`` of the axes.
    status : {"found", "absent", "not_evaluable", "passed_through", "not_measured"}
        ``passed_through``: looked for, and there is nothing to take away. ``not_measured``: an
        optional gate whose channel the tube lacks. Both keep all events. ``absent``: looked for,
        and there is no such cloud (no counting beads in the tube).
    reason : str
        Why it was not found or passed through.
    method : str
        How its position came about: ``own_valley``, ``shrunk_to_batch``, ``batch``, ``manual`` …
    threshold : float or None
        Position on the transformed scale; with several channels every one must hold.
    keep : {"above", "below"}
        Which side of a threshold is inside.
    vertices : tuple of (x, y)
        Polygon on the transformed scale.
    standard_error : float or None
        Of the position, on the transformed scale.
    events_in, events_of_parent : int or None
        Events of the parent that are inside, and events of the parent.
    version : str
        Hash of shape and position: the version of this gate.
    override : str
        Identifier of the record by which a person placed, accepted or excluded it; empty when none did.
    automatic_threshold : float or None
        Of a gate that a person placed: where the search had put it.
    automatic_vertices : tuple of (x, y)
        The same for a polygon.
    """

    gate: str
    title: str = ""
    parent: str
    kind: Literal["threshold", "polygon", "none"]
    channels: tuple[str, ...] = ()
    status: Literal["found", "absent", "not_evaluable", "passed_through", "not_measured"]
    reason: str = ""
    method: str = ""
    threshold: float | None = None
    keep: Literal["above", "below"] = "above"
    vertices: tuple[tuple[float, float], ...] = ()
    standard_error: float | None = None
    events_in: int | None = None
    events_of_parent: int | None = None
    version: str = ""
    override: str = ""
    automatic_threshold: float | None = None
    automatic_vertices: tuple[tuple[float, float], ...] = ()


class AxisTick(Frozen):
    """One axis tick: position on the transformed scale, label on the linear one."""

    position: float
    label: str


class GatePlot(Frozen):
    """Picture of one gate, made where the events were: a density image, never events.

    Parameters
    ----------
    gate : str
        The gate it shows (``GateRecord.gate``).
    title : str
        For people, e.g. ``"lymphocytes in leukocytes"``.
    x_label, y_label : str
        Axis titles; `y_label` is empty for a one-dimensional gate (then the image is a histogram
        of 1 row).
    x_low, x_high, y_low, y_high : float
        Range of the image on the transformed scale.
    x_ticks, y_ticks : tuple of AxisTick
        Ticks labelled on the linear scale.
    rows, columns : int
        Size of the image.
    density : str
        Base64 of zlib of uint8 rows x columns, row 0 at `y_low`; 0 means no event, and 1-255 is
        proportional to the square root of the count.
    events_shown : int
        Events of the parent inside the image.
    """

    gate: str
    title: str
    x_label: str
    y_label: str = ""
    x_low: float
    x_high: float
    y_low: float = 0.0
    y_high: float = 1.0
    x_ticks: tuple[AxisTick, ...] = ()
    y_ticks: tuple[AxisTick, ...] = ()
    rows: int
    columns: int
    density: str
    events_shown: int


class Provenance(Frozen):
    """Where a tube's numbers come from.

    `overrides_sha256`: of what people decided about the gates of this tube; empty when they did not.
    """

    file_sha256: str = ""
    template: str = ""
    template_version: str = ""
    template_sha256: str = ""
    gates_version: str = ""
    transforms_sha256: str = ""
    prior_sha256: str = ""
    overrides_sha256: str = ""
    spillover_source: str = ""
    software_version: str = ""


class TubeResult(Frozen):
    """All that is known about one tube after analysis.

    Parameters
    ----------
    tube : str
        ``Tube.tube``.
    status : {"done", "failed"}
        ``failed`` when the file could not be read or lacks a required marker.
    error : str
        One clear message when failed.
    """

    tube: str
    status: Literal["done", "failed"]
    error: str = ""
    n_events: int | None = None
    channels: tuple[str, ...] = ()
    counts: tuple[PopulationCount, ...] = ()
    gates: tuple[GateRecord, ...] = ()
    plots: tuple[GatePlot, ...] = ()
    issues: tuple[Issue, ...] = ()
    provenance: Provenance = Provenance()
