"""From what the sheet says about a tube to what counting needs."""

from __future__ import annotations

from cytorecon.counts import TubeQuantities
from cytorecon.study.model import Tube


def tube_quantities(tube: Tube) -> TubeQuantities:
    """Return the volumes, beads and blood counts of `tube`.

    Raises
    ------
    CytoreconError
        If a quantity is not positive.

    Examples
    --------
    >>> tube_quantities(Tube(tube="P01/d30/1", patient="P01", day=30, beads_per_tube=50000)).beads_per_tube
    50000.0
    """
    return TubeQuantities(
        beads_per_tube=tube.beads_per_tube,
        blood_volume_ul=tube.blood_volume_ul,
        dilution=tube.dilution,
        acquired_volume_ul=tube.acquired_volume_ul,
        wbc_cells_per_ul=tube.wbc_cells_per_ul,
        lymphocytes_cells_per_ul=tube.lymphocytes_cells_per_ul,
        wbc_given_per_l=tube.wbc_given_per_l,
        lymphocytes_given_per_l=tube.lymphocytes_given_per_l,
        pipetting_cv_percent=tube.pipetting_cv_percent,
        beads_cv_percent=tube.beads_cv_percent,
        wbc_cv_percent=tube.wbc_cv_percent,
        lymphocytes_cv_percent=tube.lymphocytes_cv_percent,
        is_blood=not tube.is_product,
    )
