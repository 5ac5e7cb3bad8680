"""Which keywords may leave the program: an allow-list, everything else is dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from cytorecon.fcs.quoting import safe_label
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.sample import Sample
from cytorecon.values import Frozen

FILE = "keywords.yaml"

_LABEL = re.compile(r"\$P\d+S")
_DETECTOR = re.compile(r"\$P\d+N")


class _AllowedKeyword(Frozen):
    pattern: str
    why: str
    without: str = ""


class _AllowList(Frozen):
    allowed: tuple[_AllowedKeyword, ...]


def safe_keywords(sample: Sample) -> dict[str, str]:
    """Return the keywords of `sample` that may be stored, logged or shown.

    Examples
    --------
    >>> import numpy as np
    >>> sample = Sample(np.empty((0, 0), np.float32), (), {"$TOT": "0", "$SRC": "a name"})
    >>> safe_keywords(sample)
    {'$TOT': '0'}
    """
    return allowed_keywords(sample.keywords)


def allowed_keywords(keywords: Mapping[str, str]) -> dict[str, str]:
    """Return the entries of `keywords` whose name is on the allow-list, in their order.

    Of labels (``$PnS``) what :func:`~cytorecon.fcs.quoting.safe_label` says is kept, and a
    spillover matrix only when every name in it is that of a detector (``$PnN``).
    """
    allowed, cuts = _patterns()
    safe = {key: value for key, value in keywords.items() if allowed.fullmatch(key)}
    for pattern, cut in cuts:
        safe |= {key: cut.sub("", value).strip() for key, value in safe.items() if pattern.fullmatch(key)}
    safe |= {
        key: safe_label(value, safe.get(f"{key[:-1]}N", ""))
        for key, value in safe.items()
        if _LABEL.fullmatch(key)
    }
    detectors = {value.strip() for key, value in safe.items() if _DETECTOR.fullmatch(key)}
    return {
        key: value
        for key, value in safe.items()
        if "SPILL" not in key or all(_is_number(word) or word in detectors for word in _words(value))
    }


def _words(matrix: str) -> list[str]:
    return [word.strip(" \x00") for word in matrix.split(",")] if matrix.strip(" \x00") else []


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]]:
    rows = validated(_AllowList, read_yaml(FILE), subject=FILE).allowed
    cuts = tuple((re.compile(row.pattern), re.compile(row.without)) for row in rows if row.without)
    return re.compile("|".join(f"(?:{row.pattern})" for row in rows)), cuts
