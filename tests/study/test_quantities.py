from __future__ import annotations

from cytorecon.counts import TubeQuantities
from cytorecon.study import Tube, tube_quantities


def test_every_quantity_of_the_sheet_reaches_counting() -> None:
    tube = Tube(
        tube="P01/d30/1",
        patient="P01",
        day=30,
        wbc_cells_per_ul=4000,
        lymphocytes_cells_per_ul=900,
        beads_per_tube=51_300,
        blood_volume_ul=50,
        acquired_volume_ul=80,
        dilution=4,
    )
    assert tube_quantities(tube) == TubeQuantities(
        beads_per_tube=51_300,
        blood_volume_ul=50,
        dilution=4,
        acquired_volume_ul=80,
        wbc_cells_per_ul=4000,
        lymphocytes_cells_per_ul=900,
    )
