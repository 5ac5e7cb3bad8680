"""Text of others in figures: plotly reads a small HTML, so every tag that is not ours becomes text.

Labels of events, names of detectors and messages are free text. Plotly would make a link of
``<a href=…>`` in any string it shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

#: The tags that figures write themselves; of attributes only a size and a colour.
_OWN: Final = r"/?(?:b|i|sub|sup)>|br>|/span>|span style='font-size:\d+px;color:#[0-9a-fA-F]{6}'>"
_FOREIGN_TAG: Final = re.compile(rf"<(?=[a-zA-Z/!?])(?!{_OWN})")


def harmless(value: object) -> object:
    """Return `value` with every foreign tag in its strings as text, in mappings and sequences too.

    Parameters
    ----------
    value : object
        A part of a figure as plotly takes it; numbers and arrays are returned as they are.

    Examples
    --------
    >>> harmless({"text": "<b>CMV</b><br><a href='x'>y</a>", "y": [1, "<12"]})
    {'text': "<b>CMV</b><br>&lt;a href='x'>y&lt;/a>", 'y': [1, '<12']}
    """
    if isinstance(value, str):
        return _FOREIGN_TAG.sub("&lt;", value) if "<" in value else value
    if isinstance(value, Mapping):
        return {key: harmless(own) for key, own in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(harmless(own) for own in value)
    return value
