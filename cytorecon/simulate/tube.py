"""One simulated tube: events, what each event truly is, and the true counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cytorecon.sample import Channel, ChannelRole, Events, Sample, Spillover
from cytorecon.simulate.acquisition import Draw, draw_numbers
from cytorecon.simulate.bodies import Bodies, draw_bodies
from cytorecon.simulate.cells import draw_tube
from cytorecon.simulate.detector import (
    TIME_CHANNEL,
    acquisition_times,
    channel_names,
    detect,
    gains,
    marker_texts,
    stored_spillover,
    true_spillover,
)
from cytorecon.simulate.settings import SimulatorSettings, load_settings
from cytorecon.simulate.spec import SimulationError, TubeSpec
from cytorecon.simulate.truth import LABELS, REPORTED, PopulationTruth, true_counts


@dataclass(frozen=True, slots=True)
class SimulatedTube:
    """One tube with known truth.

    Parameters
    ----------
    events : ndarray of float32, shape (n, channels)
        Linear, uncompensated, channel units; Time in ticks, as stored in a file. Read-only.
    channel_names, marker_texts : tuple of str
        ``$PnN`` and ``$PnS``.
    markers : tuple of tuple of str
        Canonical markers of each channel; empty for scatter and time.
    spillover : Spillover
        The matrix stored with the file.
    spillover_truth : ndarray, shape (k, k)
        The matrix that acted on the light; differs from the stored one by ``spillover_error``.
    labels : ndarray of str, shape (n,)
        What each event is: CD4_T, CD8_T, DN_T, DP_T, B, NK, monocytes, granulocytes, debris,
        doublet, dead or beads.
    nkt_like : ndarray of bool, shape (n,)
        Live single T cells that carry CD16/56.
    sources : ndarray of str, shape (n,)
        Kind of cell behind each event, both kinds of a doublet joined by ``+``.
    truth : tuple of PopulationTruth
        Reported populations, derived ones included.
    beads_per_tube, blood_volume_ul : float
        As the sample sheet says.
    wbc_cells_per_ul, lymphocytes_cells_per_ul : float
        True white count and lymphocyte count of the blood, cells/µL.
    acquired_blood_ul : float
        Blood that went through the cytometer, microlitres.
    time_step : float
        Seconds per unit of the Time channel.
    maximum : float
        Upper end of the scale (``$PnR``), channel units.
    """

    events: Events
    channel_names: tuple[str, ...]
    marker_texts: tuple[str, ...]
    markers: tuple[tuple[str, ...], ...]
    spillover: Spillover
    spillover_truth: npt.NDArray[np.float64]
    labels: npt.NDArray[np.str_]
    nkt_like: npt.NDArray[np.bool_]
    sources: npt.NDArray[np.str_]
    truth: tuple[PopulationTruth, ...]
    beads_per_tube: float
    blood_volume_ul: float
    wbc_cells_per_ul: float
    lymphocytes_cells_per_ul: float
    acquired_blood_ul: float
    time_step: float
    maximum: float

    def mask(self, population: str) -> npt.NDArray[np.bool_]:
        """Return which events are live single cells of `population` (or the label itself).

        Raises
        ------
        SimulationError
            If the simulator has no truth for that name.
        """
        if population == "NKT_like":
            return self.nkt_like.copy()
        labels = REPORTED.get(population, (population,))
        if not set(LABELS).issuperset(labels):
            raise SimulationError(
                "The simulator has no truth for this population.",
                field="population",
                found=population,
                allowed=", ".join(dict.fromkeys([*REPORTED, "NKT_like", *LABELS])),
            )
        return np.asarray(np.isin(self.labels, labels), dtype=bool)

    def true(self, population: str) -> PopulationTruth:
        """Return the true counts of a reported population.

        Raises
        ------
        SimulationError
            If it is not a reported population.
        """
        for row in self.truth:
            if row.population == population:
                return row
        raise SimulationError(
            "The simulator reports no counts for this population.",
            field="population",
            found=population,
            allowed=", ".join(row.population for row in self.truth),
        )

    def sample(self) -> Sample:
        """Return the tube as a reader would: linear scale, uncompensated, Time in seconds."""
        seconds = self.events[:, -1].astype(np.float64) * self.time_step
        events = np.column_stack([self.events[:, :-1], seconds.astype(np.float32)])
        return Sample(events=events, channels=self._channels(), spillover=self.spillover)

    def _channels(self) -> tuple[Channel, ...]:
        rows = zip(self.channel_names, self.marker_texts, self.markers, strict=True)
        return tuple(
            Channel(
                index=index,
                name=name,
                marker_text=text,
                role=_role(name),
                aspect=name[-1] if name[-2:] in {"-A", "-H"} else "",
                markers=frozenset(markers),
                maximum=self.maximum * self.time_step if name == TIME_CHANNEL else self.maximum,
            )
            for index, (name, text, markers) in enumerate(rows)
        )


def simulate_tube(
    spec: TubeSpec, *, seed: int | np.random.SeedSequence, settings: SimulatorSettings | None = None
) -> SimulatedTube:
    """Simulate one whole-blood TBNK tube.

    The number of live single cells of a population is Poisson(concentration x blood acquired),
    that of beads Poisson(beads per tube x fraction of the tube acquired). Doublets, dead cells and
    debris come on top, so they take nothing from the true counts.

    Parameters
    ----------
    spec : TubeSpec
        What the tube shall contain.
    seed : int or numpy.random.SeedSequence
        Same seed and spec, same tube.
    settings : SimulatorSettings, optional
        Default: the packaged ``simulator.yaml``, read anew; load it once for many tubes.

    Returns
    -------
    SimulatedTube
        Events, labels and true counts.

    Raises
    ------
    SimulationError
        If the seed is negative, the spec leaves no event to record, or names an unknown channel.

    Examples
    --------
    >>> from cytorecon.simulate import TubeSpec, simulate_tube
    >>> blood = {"CD4_T": 300, "B": 0, "granulocytes": 2000}
    >>> tube = simulate_tube(TubeSpec(concentrations=blood, events=5000), seed=1)
    >>> tube.events.shape[1], tube.true("B").events, tube.true("CD3_T").cells_per_ul
    (10, 0, 300.0)
    """
    settings = settings or load_settings()
    rng = np.random.Generator(np.random.PCG64(_sequence(seed)))
    gain = gains(spec, settings)
    tube = draw_tube(spec, settings, rng)
    draw = draw_numbers(spec, tube, settings, rng)
    true = true_spillover(gain, settings)
    stored = stored_spillover(true, spec, settings, rng)
    bodies = draw_bodies(draw, tube, settings, rng)
    time = acquisition_times(bodies.light.n, settings, rng)
    events = detect(bodies.light, gain, true, time, settings, rng)
    events.flags.writeable = False
    return _assembled(spec, settings, draw, bodies, events, stored, true)


def _sequence(seed: int | np.random.SeedSequence) -> np.random.SeedSequence:
    if isinstance(seed, np.random.SeedSequence):
        return seed
    if seed < 0:
        raise SimulationError(
            "The tube cannot be simulated.", field="seed", found=str(seed), allowed="0 or more"
        )
    return np.random.SeedSequence(seed)


def _assembled(
    spec: TubeSpec,
    settings: SimulatorSettings,
    draw: Draw,
    bodies: Bodies,
    events: Events,
    stored: Spillover,
    true: npt.NDArray[np.float64],
) -> SimulatedTube:
    blood = draw.concentrations
    return SimulatedTube(
        events=events,
        channel_names=channel_names(settings),
        marker_texts=marker_texts(settings),
        markers=((), (), (), *(detector.markers for detector in settings.detectors.rows), ()),
        spillover=stored,
        spillover_truth=true,
        labels=bodies.labels,
        nkt_like=bodies.nkt_like,
        sources=bodies.sources,
        truth=true_counts(draw, settings),
        beads_per_tube=spec.beads_per_tube,
        blood_volume_ul=spec.blood_volume_ul,
        wbc_cells_per_ul=float(sum(blood[part] for part in REPORTED["leukocytes"])),
        lymphocytes_cells_per_ul=float(sum(blood[part] for part in REPORTED["lymphocytes"])),
        acquired_blood_ul=draw.acquired_blood_ul,
        time_step=settings.scale.time_step.value,
        maximum=settings.scale.maximum.value,
    )


def _role(name: str) -> ChannelRole:
    if name.startswith("FSC"):
        return ChannelRole.FORWARD_SCATTER
    if name.startswith("SSC"):
        return ChannelRole.SIDE_SCATTER
    return ChannelRole.TIME if name == TIME_CHANNEL else ChannelRole.FLUORESCENCE
