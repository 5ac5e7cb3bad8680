"""What a page shows, as it stands in the URL: every filter is a query parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qsl, urlencode

from cytorecon.figures.format import MEASURES
from cytorecon.figures.timeaxis import TimeScale


def query_string(parameters: Mapping[str, str]) -> str:
    """Return ``?a=b&c=d`` of the parameters that are not empty.

    Examples
    --------
    >>> query_string({"patient": "P01", "measure": ""})
    '?patient=P01'
    """
    given = {key: value for key, value in parameters.items() if value}
    return f"?{urlencode(given, safe=',/')}" if given else ""


def split_names(text: str | None) -> tuple[str, ...]:
    """Return the names of a comma-separated query parameter."""
    return tuple(name for name in (text or "").split(",") if name)


@dataclass(frozen=True, slots=True)
class TrajectorySelection:
    """What the patient or the cohort page shows.

    Parameters
    ----------
    measure : str
        A measure, or empty for the first the study has.
    time : {"sqrt", "linear"}
        Spacing of the days.
    populations : tuple of str
        Empty for the usual ones.
    patient : str
        Patient of the page, or the one highlighted in the cohort; may be empty.
    milestone : str
        Milestone of the overview; may be empty.
    band : bool
        Whether the band of the study's event-free patients is drawn.
    """

    measure: str = ""
    time: TimeScale = "sqrt"
    populations: tuple[str, ...] = ()
    patient: str = ""
    milestone: str = ""
    band: bool = True

    @property
    def search(self) -> str:
        """The selection as the query of a URL."""
        return query_string(
            {
                "patient": self.patient,
                "measure": self.measure,
                "time": self.time,
                "populations": ",".join(self.populations),
                "milestone": self.milestone,
                "band": "" if self.band else "off",
            }
        )


def selection_in_url(search: str | None) -> TrajectorySelection:
    """Return the selection of a URL's query, e.g. ``?patient=P01&time=linear``.

    Examples
    --------
    >>> selection_in_url("?patient=P01&time=linear&populations=B,NK").populations
    ('B', 'NK')
    """
    found = dict(parse_qsl((search or "").removeprefix("?")))
    return trajectory_selection(
        found.get("measure"),
        found.get("time"),
        found.get("populations"),
        found.get("patient"),
        found.get("milestone"),
        band=found.get("band") != "off",
    )


def tube_in_url(search: str | None) -> str:
    """Return the tube of a URL's query; empty when it names none.

    Examples
    --------
    >>> tube_in_url("?tube=P01/d30/1&gate=CD3")
    'P01/d30/1'
    """
    return dict(parse_qsl((search or "").removeprefix("?"))).get("tube", "")


def trajectory_selection(
    measure: str | None = None,
    time: str | None = None,
    populations: str | Sequence[str] | None = None,
    patient: str | None = None,
    milestone: str | None = None,
    *,
    band: bool = True,
) -> TrajectorySelection:
    """Return the selection for query parameters or control values; what is unknown is left out.

    Parameters
    ----------
    measure, time, patient, milestone : str or None
        As in the URL.
    populations : str or sequence of str or None
        Comma-separated, or as a control gives them.
    band : bool
        Whether the band of event-free patients is drawn.
    """
    names = split_names(populations) if isinstance(populations, str) else tuple(populations or ())
    known_measures = {known.name for known in MEASURES}
    return TrajectorySelection(
        measure=measure if measure in known_measures else "",
        time=cast(TimeScale, time) if time in ("sqrt", "linear") else "sqrt",
        populations=names,
        patient=patient or "",
        milestone=milestone or "",
        band=band,
    )
