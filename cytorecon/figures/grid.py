"""Where panels lie in a figure of small multiples: pixel sizes in, paper coordinates out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

MARGIN_LEFT: Final = 62
MARGIN_RIGHT: Final = 18
MARGIN_TOP: Final = 6
MARGIN_BOTTOM: Final = 34


@dataclass(frozen=True, slots=True)
class Cell:
    """One panel: its domains in paper coordinates (0-1, y from the bottom)."""

    x: tuple[float, float]
    y: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Grid:
    """A header of fixed height above panels in columns.

    Parameters
    ----------
    panels, columns : int
        How many panels, in how many columns.
    header_px : int
        Space above the panels (lanes, legend).
    panel_px, gap_px : int
        Height of a panel, and of the space above each one (title) and below it (ticks).
    column_gap : float
        Horizontal space between columns, as a share of the width.
    """

    panels: int
    columns: int
    header_px: int
    panel_px: int = 190
    gap_px: int = 78
    column_gap: float = 0.085

    @property
    def rows(self) -> int:
        """Number of rows of panels."""
        return math.ceil(self.panels / self.columns)

    @property
    def height_px(self) -> int:
        """Height of the whole figure, px."""
        return self._plot_px + MARGIN_TOP + MARGIN_BOTTOM

    @property
    def _plot_px(self) -> int:
        return self.header_px + self.rows * self.panel_px + max(0, self.rows - 1) * self.gap_px

    def from_top(self, pixels: float) -> float:
        """Return the paper y that lies `pixels` below the top of the plot area."""
        return 1 - pixels / self._plot_px

    def cell(self, index: int) -> Cell:
        """Return the domains of panel `index`, counted along the rows."""
        row, column = divmod(index, self.columns)
        width = (1 - self.column_gap * (self.columns - 1)) / self.columns
        left = column * (width + self.column_gap)
        top = self.header_px + row * (self.panel_px + self.gap_px)
        return Cell(
            (left, min(1.0, left + width)), (max(0.0, self.from_top(top + self.panel_px)), self.from_top(top))
        )
