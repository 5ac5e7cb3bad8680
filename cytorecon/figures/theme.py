"""Colours, fonts and the bare layout every figure starts from.

Colours are those of Okabe and Ito (2008, "Color universal design"), which stay apart for every
common kind of colour blindness; no meaning is carried by colour alone.
"""

from __future__ import annotations

from typing import Final

import plotly.graph_objects as go

BLACK: Final = "#000000"
ORANGE: Final = "#E69F00"
SKY_BLUE: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#F0E442"
BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"

INK: Final = "#1c2733"
MUTED: Final = "#5b6775"
GRID: Final = "#e9edf1"
FRAME: Final = "#c9d1d9"
STRIP: Final = "#eceef1"
PATIENT: Final = BLUE
COHORT_LINE: Final = "rgba(91,103,117,0.35)"
FEW_PATIENTS_LINE: Final = "rgba(91,103,117,0.85)"
OWN_BAND: Final = "#6B4E9B"
REFERENCE_BAND: Final = "rgba(0,158,115,0.13)"
QUARTILE_BAND: Final = "rgba(0,114,178,0.16)"
#: Ink and hatching, since every colour is taken by a lane of clinical events, the curve or the reference.
MILESTONE: Final = INK
MILESTONE_BAR: Final = "rgba(28,39,51,0.42)"
MILESTONE_HATCH: Final = "rgba(28,39,51,0.30)"

FONT_FAMILY: Final = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"


def with_alpha(colour: str, alpha: float) -> str:
    """Return the ``#rrggbb`` `colour` as ``rgba(...)`` with opacity `alpha` (0-1).

    Examples
    --------
    >>> with_alpha("#0072B2", 0.2)
    'rgba(0,114,178,0.2)'
    """
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def base_layout(*, height: int, name: str) -> dict[str, object]:
    """Return the layout all figures start from.

    Parameters
    ----------
    height : int
        Height of the whole figure, px; the width follows the page.
    name : str
        Keeps zoom and hidden legend entries while the data of this figure change.
    """
    return {
        "height": height,
        "autosize": True,
        "uirevision": name,
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "font": {"family": FONT_FAMILY, "size": 12, "color": INK},
        "hoverlabel": {
            "bgcolor": "white",
            "bordercolor": FRAME,
            "align": "left",
            "font": {"color": INK, "size": 12},
        },
        "hovermode": "closest",
        "dragmode": False,
        "showlegend": True,
    }


def empty_figure(message: str, *, height: int = 220) -> go.Figure:
    """Return a figure that says in words why there is nothing to draw."""
    figure = go.Figure(layout=base_layout(height=height, name="empty"))
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(
        text=message,
        showarrow=False,
        x=0.5,
        y=0.5,
        xref="paper",
        yref="paper",
        font={"color": MUTED, "size": 14},
    )
    return figure
