"""What the sample sheet says about one tube that turns events into cells/µL."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final, Literal

from cytorecon.errors import CytoreconError

#: What a sheet may ask for; ``auto`` is the best method the sheet allows.
CountMethodRequest = Literal["auto", "beads", "volumetric", "blood_count_alc", "blood_count_wbc", "none"]

_MAY_BE_0: Final = (
    "wbc_cells_per_ul",
    "lymphocytes_cells_per_ul",
    "pipetting_cv_percent",
    "beads_cv_percent",
    "wbc_cv_percent",
    "lymphocytes_cv_percent",
)


@dataclass(frozen=True, slots=True)
class TubeQuantities:
    """Volumes, beads and blood counts of one tube; None means the sheet does not say.

    Parameters
    ----------
    beads_per_tube : float or None
        Counting beads added to the tube, of this lot.
    blood_volume_ul : float or None
        Blood pipetted into the tube, µL.
    dilution : float
        Final volume over blood volume of what was pipetted or acquired; 1 when undiluted.
    acquired_volume_ul : float or None
        Volume a volumetric cytometer took up, µL.
    wbc_cells_per_ul, lymphocytes_cells_per_ul : float or None
        Blood count of the same draw: white cells and absolute lymphocyte count, cells/µL. 0 is a
        count in aplasia: it was taken, and nothing can be computed from it.
    wbc_given_per_l, lymphocytes_given_per_l : bool
        Whether they were given in 10^9/L, where a low count is no slip of the unit.
    pipetting_cv_percent : float or None
        Coefficient of variation of the blood volume, pipetted or acquired, percent.
    beads_cv_percent : float or None
        Of the number of beads per tube of this lot.
    wbc_cv_percent, lymphocytes_cv_percent : float or None
        Of the blood counts.
    is_blood : bool
        Whether the tube holds blood; a cell product may hold more cells than blood can.

    Raises
    ------
    CytoreconError
        If a quantity is not a positive, finite number; a blood count and a CV may be 0.
    """

    beads_per_tube: float | None = None
    blood_volume_ul: float | None = None
    dilution: float = 1.0
    acquired_volume_ul: float | None = None
    wbc_cells_per_ul: float | None = None
    lymphocytes_cells_per_ul: float | None = None
    wbc_given_per_l: bool = False
    lymphocytes_given_per_l: bool = False
    pipetting_cv_percent: float | None = None
    beads_cv_percent: float | None = None
    wbc_cv_percent: float | None = None
    lymphocytes_cv_percent: float | None = None
    is_blood: bool = True

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool) or (value == 0 and item.name in _MAY_BE_0):
                continue
            if value is not None and not (math.isfinite(value) and value > 0):
                raise CytoreconError(
                    "This quantity cannot be used.",
                    subject="tube quantities",
                    field=item.name,
                    found=f"{value:g}",
                    allowed="a positive number, or nothing when it is not known",
                )
