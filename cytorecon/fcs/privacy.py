"""Which keywords may leave the program: an allow-list, everything else is dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.sample import Sample

FILE = "keywords.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _AllowedKeyword(_Strict):
    pattern: str
    why: str


class _AllowList(_Strict):
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
    pattern = _pattern()
    return {key: value for key, value in keywords.items() if pattern.fullmatch(key)}


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    allow_list = validated(_AllowList, read_yaml(FILE), subject=FILE)
    return re.compile("|".join(f"(?:{row.pattern})" for row in allow_list.allowed))
