"""The picture of an evaluation as SVG, drawn without a browser: dots on two scales."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np
import pandas as pd

#: Colours that people with any colour vision can tell apart (Okabe & Ito 2008), ours first.
COLOURS: Final = ("#0072B2", "#D55E00", "#E69F00", "#CC79A7", "#009E73", "#56B4E9", "#000000")
_ROW, _HEAD, _LEFT, _PANEL, _GAP = 22, 64, 250, 330, 40
_WIDTH: Final = _LEFT + 2 * _PANEL + _GAP + 30
#: F1 of 0.999 and better is drawn as 0.999.
_BEST: Final = 0.001


@dataclass(frozen=True)
class _Scale:
    """A panel: where it begins, and how values become a share of its width."""

    title: str
    left: int
    share: Callable[[float], float]
    ticks: Mapping[str, float]

    def x(self, value: float) -> float:
        return self.left + _PANEL * min(max(self.share(value), 0.0), 1.0)


_F1: Final = _Scale(
    "F1 of events (dot: median of tubes; line: to the 10th percentile)",
    _LEFT,
    # equal steps are equal factors of what is missed
    lambda f1: float(-np.log10(max(1 - f1, _BEST)) / -np.log10(_BEST)),
    {"0": 0.0, "0.5": 0.5, "0.9": 0.9, "0.99": 0.99, "0.999": 0.999},
)
_FOUND: Final = _Scale(
    "Cells found where none are (dot: median; line: to the most)",
    _LEFT + _PANEL + _GAP,
    lambda found: float(np.log10(found + 1) / 4),
    {"0": 0, "10": 10, "100": 100, "1,000": 1000, "10,000": 9999},
)


def picture(scores: pd.DataFrame) -> str:
    """Return an SVG picture: F1 of each population and method, and cells found where there are none.

    Parameters
    ----------
    scores : DataFrame
        Of :func:`~cytorecon.evaluate.scores.score_table`.
    """
    keys = list(scores[["dataset", "population"]].drop_duplicates().itertuples(index=False, name=None))
    methods = dict(zip(dict.fromkeys(scores["method"]), COLOURS * 2, strict=False))
    height = _HEAD + _ROW * (len(keys) + len({dataset for dataset, _ in keys})) + 30
    body = [*_legend(methods), *_rows(scores, keys, methods)]
    frame = [_axis(scale, height - 26) for scale in (_F1, _FOUND)]
    box = f'viewBox="0 0 {_WIDTH} {height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif" font-size="11">',
            f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
            *frame,
            *body,
            "</svg>\n",
        ]
    )


def _legend(methods: Mapping[str, str]) -> Iterator[str]:
    x = 12
    for name, colour in methods.items():
        yield f'<circle cx="{x}" cy="14" r="4" fill="{colour}"/>{_text(x + 8, 18, name)}'
        x += 26 + 7 * len(name)


def _axis(scale: _Scale, bottom: int) -> str:
    parts = [_text(scale.left, 38, scale.title, weight="bold")]
    for label, value in scale.ticks.items():
        x = scale.x(value)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_HEAD - 8}" y2="{bottom}" stroke="#ddd"/>')
        parts.append(_text(x, _HEAD - 12, label, anchor="middle"))
    return "".join(parts)


def _rows(scores: pd.DataFrame, keys: list[tuple[str, str]], methods: Mapping[str, str]) -> Iterator[str]:
    y, last = _HEAD, ""
    for dataset, population in keys:
        if dataset != last:
            y, last = y + _ROW, dataset
            yield _text(12, y, dataset, weight="bold")
        y += _ROW
        yield _text(24, y, population)
        mine = scores[(scores["dataset"] == dataset) & (scores["population"] == population)]
        for place, (method, colour) in enumerate(methods.items()):
            of_method = mine[mine["method"] == method]
            level = y - 4 + 2.2 * (place - len(methods) / 2)
            f1 = _enough(of_method)
            if len(f1):
                yield _dot(_F1, level, float(f1.median()), float(f1.quantile(0.1)), colour)
            found = of_method[of_method["planted"].eq(0).fillna(value=False)]["found"].dropna()
            if len(found):
                yield _dot(_FOUND, level, float(found.astype(float).median()), float(found.max()), colour)


def _enough(scores: pd.DataFrame) -> pd.Series[float]:
    return scores[(scores["regime"] == "together") & scores["has_f1"]]["f1"]


def _dot(scale: _Scale, y: float, value: float, other: float, colour: str) -> str:
    x, end = scale.x(value), scale.x(other)
    return (
        f'<line x1="{x:.1f}" x2="{end:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
    )


def _text(x: float, y: float, content: str, *, anchor: str = "start", weight: str = "normal") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-weight="{weight}">{escape(content)}</text>'
