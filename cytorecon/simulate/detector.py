"""From light to the numbers in the file: spillover, photon noise, gain, rounding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cytorecon.sample import Events, Spillover
from cytorecon.simulate.cells import Array, Light
from cytorecon.simulate.settings import SimulatorSettings
from cytorecon.simulate.spec import SimulationError, TubeSpec

SCATTER_CHANNELS = ("FSC-A", "FSC-H", "SSC-A")
TIME_CHANNEL = "Time"


def channel_names(settings: SimulatorSettings) -> tuple[str, ...]:
    """Return ``$PnN`` of all columns: scatter, fluorescence, time."""
    return (*SCATTER_CHANNELS, *(detector.name for detector in settings.detectors.rows), TIME_CHANNEL)


def marker_texts(settings: SimulatorSettings) -> tuple[str, ...]:
    """Return ``$PnS`` of all columns; empty for scatter and time."""
    return (
        *("" for _ in SCATTER_CHANNELS),
        *(detector.marker_text for detector in settings.detectors.rows),
        "",
    )


def gains(spec: TubeSpec, settings: SimulatorSettings) -> dict[str, float]:
    """Return the gain of FSC-A, SSC-A and each fluorescence detector, 1 where none is given.

    Raises
    ------
    SimulationError
        If ``spec.detector_gain`` names another channel.
    """
    known = ("FSC-A", "SSC-A", *(detector.name for detector in settings.detectors.rows))
    unknown = sorted(set(spec.detector_gain) - set(known))
    if unknown:
        raise SimulationError(
            "A gain was given for a channel the cytometer does not have.",
            subject="tube specification",
            field="detector_gain",
            found=", ".join(unknown),
            allowed=", ".join(known),
        )
    return {name: float(spec.detector_gain.get(name, 1.0)) for name in known}


def true_spillover(gain: dict[str, float], settings: SimulatorSettings) -> Array:
    """Return the spillover of this tube, shape (k, k): a brighter detector sees more of every dye."""
    names = [detector.name for detector in settings.detectors.rows]
    matrix = np.eye(len(names))
    for row, dye in enumerate(names):
        for column, detector in enumerate(names):
            if row != column:
                matrix[row, column] = settings.spillover.rows[dye][detector] * gain[detector] / gain[dye]
    return matrix


def stored_spillover(
    true: Array, spec: TubeSpec, settings: SimulatorSettings, rng: np.random.Generator
) -> Spillover:
    """Return the matrix a laboratory would have stored: the true one with an error, rounded."""
    error = np.clip(1 + spec.spillover_error * rng.normal(size=true.shape), 0, None)
    np.fill_diagonal(error, 1.0)
    matrix: Array = np.round(true * error, int(settings.scale.spillover_decimals.value))
    names = tuple(detector.name for detector in settings.detectors.rows)
    return Spillover(matrix=matrix, channels=names, source="$SPILLOVER")


def detect(
    light: Light,
    gain: dict[str, float],
    spillover: Array,
    time: Array,
    settings: SimulatorSettings,
    rng: np.random.Generator,
) -> Events:
    """Return what the cytometer records, shape (n, channels), in channel units.

    Fluorescence: every dye in every detector (`spillover` includes gain), photon noise with
    variance proportional to the light, dark noise, and the baseline that makes negatives straddle
    zero. Values saturate at the upper end of the range.
    """
    rows = settings.detectors.rows
    g = np.array([gain[detector.name] for detector in rows])
    light_seen = (light.dye * g) @ spillover + light.extra * g
    light_seen *= np.exp(settings.detectors.laser_ln_sd.value * rng.normal(size=(light.n, 1)))
    photon = g * np.array([detector.units_per_photoelectron for detector in rows])
    dark = np.array([detector.dark_sd for detector in rows])
    noise = rng.normal(size=light_seen.shape) * np.sqrt(light_seen * photon + dark**2)
    fluorescence = light_seen + noise + np.array([detector.baseline for detector in rows])
    columns = np.column_stack(
        [
            light.fsc * gain["FSC-A"],
            light.height * gain["FSC-A"],
            light.ssc * gain["SSC-A"],
            fluorescence,
            time,
        ]
    )
    return _recorded(columns, settings)


def acquisition_times(n: int, settings: SimulatorSettings, rng: np.random.Generator) -> Array:
    """Return the time of `n` events in ticks of ``$TIMESTEP``, in order."""
    gaps = rng.exponential(1 / settings.scale.event_rate.value, size=n)
    return np.floor(np.cumsum(gaps) / settings.scale.time_step.value)


def _recorded(columns: Array, settings: SimulatorSettings) -> npt.NDArray[np.float32]:
    step = settings.scale.step.value
    rounded = np.round(columns / step) * step
    rounded[:, :-1] = np.minimum(rounded[:, :-1], settings.scale.maximum.value - 1)
    return np.ascontiguousarray(rounded, dtype=np.float32)
