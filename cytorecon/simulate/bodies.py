"""All bodies of a tube in random order, with what each of them truly is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cytorecon.simulate.acquisition import Draw
from cytorecon.simulate.cells import Light, TubeVariation, concatenate, draw_beads, draw_cells
from cytorecon.simulate.doublets import BEADS, draw_doublets
from cytorecon.simulate.settings import SimulatorSettings


@dataclass(frozen=True)
class Bodies:
    """Light of all bodies and what they are, row by row.

    Parameters
    ----------
    light : Light
        Before the detectors.
    labels, sources : ndarray of str, shape (n,)
        Label of each event, and the kind of cell behind it.
    nkt_like : ndarray of bool, shape (n,)
        Live single T cells with CD16/56.
    """

    light: Light
    labels: npt.NDArray[np.str_]
    sources: npt.NDArray[np.str_]
    nkt_like: npt.NDArray[np.bool_]


def draw_bodies(
    draw: Draw, tube: TubeVariation, settings: SimulatorSettings, rng: np.random.Generator
) -> Bodies:
    """Return every body of the tube in random order."""
    types = settings.cell_types.rows
    parts = [
        draw_cells(types[name], n, tube, settings, rng)
        for name, n in [*draw.live.items(), *draw.debris.items()]
    ]
    parts += [draw_cells(types[name], n, tube, settings, rng, dead=True) for name, n in draw.dead.items()]
    parts.append(draw_beads(draw.beads, tube, settings, rng))
    pairs, pair_sources = draw_doublets(draw, tube, settings, rng)
    light = concatenate([*parts, pairs])
    singles = [*draw.live, *draw.debris, *draw.dead, BEADS]
    labels = (
        [types[name].population for name in [*draw.live, *draw.debris]] + ["dead"] * len(draw.dead) + [BEADS]
    )
    numbers = [*draw.live.values(), *draw.debris.values(), *draw.dead.values(), draw.beads]
    order = rng.permutation(light.n)
    label = np.repeat(np.array([*labels, "doublet"]), [*numbers, draw.doublets])[order]
    source = np.concatenate([np.repeat(np.array(singles), numbers), pair_sources])[order]
    like = [name for name, cell in types.items() if cell.nkt_like]
    alive = ~np.isin(label, ["doublet", "dead"])
    return Bodies(light.take(order), label, source, np.isin(source, like) & alive)
