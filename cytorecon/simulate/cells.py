"""Cells before any detector sees them: size, granularity and dye they carry."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from cytorecon.simulate.settings import CellType, SimulatorSettings
from cytorecon.simulate.spec import TubeSpec

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Light:
    """What bodies in the flow cell give off, in channel units, before detector noise and gain.

    Parameters
    ----------
    fsc, ssc : ndarray, shape (n,)
        Scatter area.
    height : ndarray, shape (n,)
        FSC-H.
    dye : ndarray, shape (n, antibodies)
        Light of each dye in its own detector.
    extra : ndarray, shape (n, detectors)
        Light that is not dye: autofluorescence, or a bead's own colour.
    """

    fsc: Array
    ssc: Array
    height: Array
    dye: Array
    extra: Array

    @property
    def n(self) -> int:
        """Number of bodies."""
        return len(self.fsc)

    def take(self, rows: npt.NDArray[np.intp]) -> Light:
        """Return the bodies at `rows`."""
        return Light(*(getattr(self, item.name)[rows] for item in fields(self)))


def concatenate(parts: list[Light]) -> Light:
    """Return all bodies of `parts`, in order."""
    return Light(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(Light)))


@dataclass(frozen=True)
class TubeVariation:
    """How this one tube differs from the average tube.

    Parameters
    ----------
    stain : ndarray, shape (antibodies,)
        Shift of each antibody's brightness, log10.
    fsc, ssc, spread, tail, nonspecific, debris, doublets : float
        Factors on scatter, cluster width, share of dim tails, Fc binding, debris, doublets.
    """

    stain: Array
    fsc: float
    ssc: float
    spread: float
    tail: float
    nonspecific: float
    debris: float
    doublets: float


def draw_tube(spec: TubeSpec, settings: SimulatorSettings, rng: np.random.Generator) -> TubeVariation:
    """Return the differences of one tube, scaled by ``spec.variation``."""
    sizes = settings.variation
    stain = rng.normal(size=len(settings.detectors.rows)) * sizes.stain_log10_sd.value * spec.variation

    def factor(ln_sd: float) -> float:
        return float(np.exp(rng.normal() * ln_sd * spec.variation))

    return TubeVariation(
        stain=stain,
        fsc=factor(sizes.scatter_ln_sd.value),
        ssc=factor(sizes.scatter_ln_sd.value),
        spread=factor(sizes.spread_ln_sd.value),
        tail=factor(sizes.tail_ln_sd.value) * spec.tails,
        nonspecific=factor(sizes.nonspecific_ln_sd.value),
        debris=factor(sizes.debris_ln_sd.value) * spec.debris,
        doublets=factor(sizes.doublet_ln_sd.value) * spec.doublets,
    )


def draw_cells(
    cell: CellType,
    n: int,
    tube: TubeVariation,
    settings: SimulatorSettings,
    rng: np.random.Generator,
    *,
    dead: bool = False,
) -> Light:
    """Return `n` cells of one type.

    Log-normal clusters whose width, brightness and dim tails differ from tube to tube. Size is
    shared by scatter, autofluorescence and antigen; what sticks unspecifically is shared by all
    antibodies of a cell. Dead cells shrink, lose antigen, glow and bind every antibody.
    """
    size = rng.normal(size=n)
    fsc, ssc = _scatter(cell, size, tube, settings, rng)
    body = settings.bodies.rows[cell.body]
    sticky = _spread(body.nonspecific * tube.nonspecific, settings.bodies.nonspecific_ln_sd.value, n, rng)
    glow = body.autofluorescence * np.exp(
        settings.bodies.autofluorescence_ln_sd.value * _correlated(size, settings, rng)
    )
    spectrum = np.array([detector.autofluorescence for detector in settings.detectors.rows])
    light = Light(
        fsc=fsc,
        ssc=ssc,
        height=draw_height(fsc, settings, rng),
        dye=_bound_dye(cell, size, tube, settings, rng) + sticky[:, None],
        extra=glow[:, None] * spectrum,
    )
    return _recordable(_killed(light, settings, rng) if dead else light, settings, rng)


def draw_beads(n: int, tube: TubeVariation, settings: SimulatorSettings, rng: np.random.Generator) -> Light:
    """Return `n` counting beads: bright in every detector, tight, low FSC, no antibody."""
    beads = settings.beads
    bright = np.array([beads.light.values[detector.name] for detector in settings.detectors.rows])
    common = rng.normal(size=(n, 1)) * beads.light_ln_sd.value
    single = rng.normal(size=(n, len(bright))) * beads.light_ln_sd.value / 2
    fsc = _spread(beads.fsc.value * tube.fsc, beads.scatter_ln_sd.value, n, rng)
    light = Light(
        fsc=fsc,
        ssc=_spread(beads.ssc.value * tube.ssc, beads.scatter_ln_sd.value, n, rng),
        height=draw_height(fsc, settings, rng),
        dye=np.zeros((n, len(bright))),
        extra=bright * np.exp(common + single),
    )
    return _recordable(light, settings, rng)


def draw_height(fsc: Array, settings: SimulatorSettings, rng: np.random.Generator) -> Array:
    """Return FSC-H of single bodies with area `fsc`."""
    noise = np.exp(settings.scale.height_ln_sd.value * rng.normal(size=len(fsc)))
    return settings.scale.height_over_area.value * fsc * noise


def _scatter(
    cell: CellType, size: Array, tube: TubeVariation, settings: SimulatorSettings, rng: np.random.Generator
) -> tuple[Array, Array]:
    body = settings.bodies.rows[cell.body]
    grain = _correlated(size, settings, rng)
    # Activated lymphocytes grow towards monocytes, small monocytes shrink towards lymphocytes.
    odd = (rng.random(len(size)) < min(body.tail * tube.tail, 1.0)) * rng.exponential(size=len(size))
    fsc = body.fsc * tube.fsc * np.exp(body.fsc_ln_sd * tube.spread * size + body.fsc_tail_ln * odd)
    ssc = body.ssc * tube.ssc * np.exp(body.ssc_ln_sd * tube.spread * grain + body.ssc_tail_ln * odd)
    return fsc, ssc


def _bound_dye(
    cell: CellType, size: Array, tube: TubeVariation, settings: SimulatorSettings, rng: np.random.Generator
) -> Array:
    dye = np.zeros((len(size), len(settings.detectors.rows)))
    for column, detector in enumerate(settings.detectors.rows):
        if (stain := cell.stain.get(detector.antibody)) is not None:
            bright = stain.log10_sd * tube.spread * rng.normal(size=len(size))
            bright += settings.cell_types.size_log10.value * size
            dim = rng.random(len(size)) < min(stain.tail * tube.tail, 1.0)
            bright -= dim * rng.exponential(settings.cell_types.tail_log10.value, size=len(size))
            dye[:, column] = stain.median * 10.0 ** (tube.stain[column] + bright)
    return dye


def _killed(light: Light, settings: SimulatorSettings, rng: np.random.Generator) -> Light:
    artefacts = settings.artefacts
    shrink = _spread(artefacts.dead_fsc.value, artefacts.dead_scatter_ln_sd.value, light.n, rng)
    rough = _spread(artefacts.dead_ssc.value, artefacts.dead_scatter_ln_sd.value, light.n, rng)
    stuck = _spread(artefacts.dead_nonspecific.value, artefacts.dead_nonspecific_ln_sd.value, light.n, rng)
    return Light(
        fsc=light.fsc * shrink,
        ssc=light.ssc * rough,
        height=light.height * shrink,
        dye=light.dye * artefacts.dead_antigen.value + stuck[:, None],
        extra=light.extra * artefacts.dead_autofluorescence.value,
    )


def _recordable(light: Light, settings: SimulatorSettings, rng: np.random.Generator) -> Light:
    # A body below the acquisition threshold is never recorded: it is drawn again just above it.
    threshold = settings.scale.scatter_threshold.value
    just_above = threshold * np.exp(rng.exponential(settings.scale.threshold_ln.value, size=light.n))
    fsc = np.where(light.fsc < threshold, just_above, light.fsc)
    return replace(light, fsc=fsc, height=light.height * fsc / light.fsc)


def _correlated(size: Array, settings: SimulatorSettings, rng: np.random.Generator) -> Array:
    rho = settings.bodies.scatter_correlation.value
    return np.asarray(rho * size + np.sqrt(1 - rho**2) * rng.normal(size=len(size)))


def _spread(median: float, ln_sd: float, n: int, rng: np.random.Generator) -> Array:
    return np.asarray(median * np.exp(ln_sd * rng.normal(size=n)))
