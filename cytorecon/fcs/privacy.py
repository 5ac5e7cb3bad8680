"""Which keywords may leave the program: an allow-list, everything else is dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.sample import Sample
from cytorecon.values import Frozen

FILE = "keywords.yaml"


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
    """Return the entries of `keywords` whose name is on the allow-list, in their order."""
    allowed, cuts = _patterns()
    safe = {key: value for key, value in keywords.items() if allowed.fullmatch(key)}
    for pattern, cut in cuts:
        safe |= {key: cut.sub("", value).strip() for key, value in safe.items() if pattern.fullmatch(key)}
    return safe


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]]:
    rows = validated(_AllowList, read_yaml(FILE), subject=FILE).allowed
    cuts = tuple((re.compile(row.pattern), re.compile(row.without)) for row in rows if row.without)
    return re.compile("|".join(f"(?:{row.pattern})" for row in rows)), cuts
