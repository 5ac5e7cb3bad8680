from __future__ import annotations

import pytest
from pydantic import ValidationError

from cytorecon.values import Frozen


class Volume(Frozen):
    microlitres: float


def test_a_value_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Volume(microlitres=50).microlitres = 60  # type: ignore[misc]


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Volume.model_validate({"microlitres": 50, "litres": 1})
