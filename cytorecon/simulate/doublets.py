"""Pairs of bodies that pass the laser together: area adds up, height hardly does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cytorecon.simulate.acquisition import Draw
from cytorecon.simulate.cells import Light, TubeVariation, concatenate, draw_beads, draw_cells
from cytorecon.simulate.settings import SimulatorSettings

BEADS = "beads"


def draw_doublets(
    draw: Draw, tube: TubeVariation, settings: SimulatorSettings, rng: np.random.Generator
) -> tuple[Light, npt.NDArray[np.str_]]:
    """Return ``draw.doublets`` pairs, and the two kinds of body in each, joined by ``+``.

    Partners meet by chance, in proportion to their numbers; debris and beads less often than
    cells. Some pairs lie so that their heights add up too: those hide among single cells.
    """
    names = np.array([*draw.live, *draw.debris, BEADS])
    members = _partners(draw, settings, rng)
    light = _bodies_of(members, names, tube, settings, rng)
    n = draw.doublets
    first, second = light.take(np.arange(n)), light.take(np.arange(n, 2 * n))
    artefacts = settings.artefacts
    hidden = rng.beta(artefacts.doublet_hidden_a.value, artefacts.doublet_hidden_b.value, size=n)
    tall, small = np.maximum(first.height, second.height), np.minimum(first.height, second.height)
    pairs = Light(
        fsc=first.fsc + second.fsc,
        ssc=first.ssc + second.ssc,
        height=tall + hidden * small,
        dye=first.dye + second.dye,
        extra=first.extra + second.extra,
    )
    low, high = np.sort(np.stack([names[members[:n]], names[members[n:]]]), axis=0)
    return pairs, np.char.add(np.char.add(low, "+"), high)


def _partners(draw: Draw, settings: SimulatorSettings, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    debris = settings.artefacts.debris_doublet_propensity.value
    weights = np.array(
        [
            *draw.live.values(),
            *(n * debris for n in draw.debris.values()),
            draw.beads * settings.beads.doublet_propensity.value,
        ],
        dtype=float,
    )
    if draw.doublets == 0:
        return np.zeros(0, dtype=np.intp)
    return np.asarray(rng.choice(len(weights), size=2 * draw.doublets, p=weights / weights.sum()))


def _bodies_of(
    members: npt.NDArray[np.intp],
    names: npt.NDArray[np.str_],
    tube: TubeVariation,
    settings: SimulatorSettings,
    rng: np.random.Generator,
) -> Light:
    parts: list[Light] = []
    for index, name in enumerate(names.tolist()):
        n = int(np.count_nonzero(members == index))
        if name == BEADS:
            parts.append(draw_beads(n, tube, settings, rng))
        else:
            parts.append(draw_cells(settings.cell_types.rows[name], n, tube, settings, rng))
    # The parts lie sorted by kind; the inverse of that sort puts each body at its member's place.
    place = np.empty(len(members), dtype=np.intp)
    place[np.argsort(members, kind="stable")] = np.arange(len(members))
    return concatenate(parts).take(place)
