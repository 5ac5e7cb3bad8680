"""Controls that the patient and the cohort page share."""

from __future__ import annotations

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from cytorecon.figures.format import Measure, population_label


def measure_control(name: str, measures: Sequence[Measure], value: str) -> html.Div:
    """Return the choice of the measure."""
    return _labelled(
        "Measure",
        dmc.SegmentedControl(
            id=name,
            data=measure_options(measures),
            value=value,
            size="xs",
            disabled=not measures,
            **{"aria-label": "Measure"},
        ),
    )


def time_control(name: str, value: str) -> html.Div:
    """Return the choice of the time axis."""
    return _labelled(
        "Time axis",
        dmc.SegmentedControl(
            id=name,
            data=[{"label": "early days wide", "value": "sqrt"}, {"label": "linear", "value": "linear"}],
            value=value,
            size="xs",
            **{"aria-label": "Time axis"},
        ),
    )


def population_options(available: Sequence[str]) -> list[dict[str, str]]:
    """Return the options of the choice of populations."""
    return [{"value": population, "label": population_label(population)} for population in available]


def measure_options(measures: Sequence[Measure]) -> list[dict[str, str]]:
    """Return the options of the choice of the measure."""
    return [{"label": measure.label, "value": measure.name} for measure in measures]


def populations_control(name: str, available: Sequence[str], chosen: Sequence[str]) -> html.Div:
    """Return the choice of the populations that get a panel."""
    return _labelled(
        "Populations",
        dmc.MultiSelect(
            id=name,
            data=population_options(available),
            value=list(chosen),
            searchable=True,
            clearable=True,
            size="xs",
            className="populations",
            **{"aria-label": "Populations"},
        ),
        wide=True,
    )


def band_control(name: str, label: str, shown: bool) -> html.Div:
    """Return the switch of the second band; without a label there is none, and it says so."""
    return _labelled(
        "Second band",
        dmc.Switch(
            id=name,
            label=label or "no event-free recipients to show",
            checked=shown and bool(label),
            disabled=not label,
            size="sm",
        ),
    )


def choice_control(
    name: str,
    label: str,
    options: Sequence[tuple[str, str]],
    value: str,
    *,
    clearable: bool = False,
    width: int = 150,
) -> html.Div:
    """Return a drop-down list of (value, label)."""
    return _labelled(
        label,
        dmc.Select(
            id=name,
            data=[{"value": option, "label": text} for option, text in options],
            value=value or None,
            searchable=True,
            clearable=clearable,
            allowDeselect=clearable,
            placeholder="none" if clearable else None,
            size="xs",
            w=width,
            **{"aria-label": label},
        ),
    )


def _labelled(label: str, control: Component, *, wide: bool = False) -> html.Div:
    return html.Div(
        [html.Div(label, className="control-label"), control],
        className="control control-wide" if wide else "control",
    )
