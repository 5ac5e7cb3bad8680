from __future__ import annotations

import numpy as np
import pytest

from cytorecon.errors import Issue, Severity, TransformError
from cytorecon.sample import Scale
from cytorecon.transforms import (
    Asinh,
    Linear,
    Log,
    Logicle,
    TransformSet,
    summarise_channels,
    transform,
)
from tests.transforms.samples import sample_of

SCALES = TransformSet(
    channels=(("FITC-A", Logicle(262_144, 0.7)), ("FSC-A", Linear(262_144)), ("SSC-A", Log(1000, 3))),
    issues=(Issue("x", Severity.INFO, "y", "z"),),
)
SAMPLE = sample_of(
    {
        "Time": [0, 1, 2],
        "SSC-A": [-5, 10, 100],
        "FITC-A": [-100, 0, 9000],
        "FSC-A": [1, 2, np.nan],
        "HDR-CE": [7, 8, 9],
    }
)


def test_each_channel_is_on_its_scale() -> None:
    after = transform(SAMPLE, SCALES)
    assert after.scale is Scale.TRANSFORMED
    assert after.events.dtype == np.float32
    np.testing.assert_array_equal(after.column("FITC-A"), Logicle(262_144, 0.7).apply([-100, 0, 9000]))
    np.testing.assert_allclose(after.column("SSC-A"), [0, 1 / 3, 2 / 3], atol=1e-6)
    np.testing.assert_array_equal(np.isnan(after.column("FSC-A")), [False, False, True])
    assert SAMPLE.events[0, 1] == -5


def test_time_and_counters_stay_as_they_are() -> None:
    after = transform(SAMPLE, SCALES)
    np.testing.assert_array_equal(after.column("Time"), [0, 1, 2])
    np.testing.assert_array_equal(after.column("HDR-CE"), [7, 8, 9])


def test_columns_are_contiguous() -> None:
    assert transform(SAMPLE, SCALES).column("FITC-A").flags.c_contiguous


def test_json_goes_there_and_back() -> None:
    scales = TransformSet(
        channels=(("a", Asinh(10, 4, 1)), ("b", Linear(3, 1)), ("c", Log(5)), ("µ", Logicle(7, 0.1, 4, 0.2))),
    )
    assert TransformSet.from_json(scales.to_json()) == scales
    assert scales.to_json() == (
        '{"channels":{"a":{"a":1,"kind":"asinh","m":4,"t":10},"b":{"a":1,"kind":"linear","t":3},'
        '"c":{"kind":"log","m":4.5,"t":5},"µ":{"a":0.2,"kind":"logicle","m":4,"t":7,"w":0.1}}}'
    )


def test_the_hash_is_of_the_scales_and_not_of_the_issues() -> None:
    assert SCALES.sha256 == TransformSet(SCALES.channels).sha256
    assert SCALES.sha256 != SCALES.with_scales({"FITC-A": Logicle(262_144, 0.8)}).sha256
    assert len(SCALES.sha256) == 64


def test_scales_can_be_replaced() -> None:
    changed = SCALES.with_scales({"FITC-A": Linear(1024), "APC-A": Linear(5)})
    assert [name for name, _ in changed.channels] == ["APC-A", "FITC-A", "FSC-A", "SSC-A"]
    assert changed.scale_of("FITC-A") == Linear(1024)


NO_SCALE = (
    "PE-A: The channel has no scale in this batch. Found: FITC-A, FSC-A, SSC-A. "
    "Choose the scales from a batch that contains this sample."
)


def test_a_channel_without_a_scale() -> None:
    for call in (lambda: SCALES.scale_of("PE-A"), lambda: transform(sample_of({"PE-A": [1]}), SCALES)):
        with pytest.raises(TransformError) as caught:
            call()
        assert str(caught.value) == NO_SCALE


def test_only_once() -> None:
    after = transform(SAMPLE, SCALES)
    for call in (lambda: transform(after, SCALES), lambda: summarise_channels(after)):
        with pytest.raises(TransformError) as caught:
            call()
        assert str(caught.value) == (
            "The sample is transformed already. Allowed: a linear or compensated sample."
        )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "TypeError: list indices must be integers or slices, not str"),
        ('{"channels":{"a":{"kind":"magic","t":1}}}', "KeyError: 'magic'"),
    ],
)
def test_text_that_is_no_set_of_scales(text: str, found: str) -> None:
    with pytest.raises(TransformError) as caught:
        TransformSet.from_json(text)
    assert str(caught.value) == (
        f"This is not a set of scales. Found: {found}. Allowed: JSON as TransformSet.to_json writes it."
    )
