"""What label files mean, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.labels import CountRows, EventColumns, EventLabel, FileTube
from cytorecon.fcs import write_fcs
from tests.evaluate.labelled_sets import made_tube

LABEL = EventLabel(kind="event_label", column="cell", labels={"B": ("b",), "lymphocytes": ("b", "t")})
COLUMNS = EventColumns(kind="event_columns", columns={"B": ("is b",), "lymphocytes": ("is b", "is t")})
COUNTS = CountRows(
    kind="counts",
    tube_column="sample",
    column="kind",
    count_column="n",
    labels={"B": ("b",), "lymphocytes": ("b", "t"), "NK": ("nk",)},
)
N = 40


@pytest.fixture
def tube_of(tmp_path: Path) -> Callable[..., FileTube]:
    sample = made_tube(1, events=60).sample()
    write_fcs(tmp_path / "a.fcs", sample.events[:N], sample.channels)

    def build(truth: EventLabel | EventColumns | CountRows, text: str | bytes) -> FileTube:
        labels = tmp_path / "labels.csv"
        labels.write_bytes(text if isinstance(text, bytes) else text.encode())
        return FileTube("a", "P01", "all", tmp_path / "a.fcs", labels, truth)

    return build


def rows(header: str, *lines: str) -> str:
    """Return a table of N rows: the first `lines`, then the last of them again."""
    return "\n".join([header, *lines, *[lines[-1]] * (N - len(lines)), ""])


def test_one_column_with_a_label(tube_of: Callable[..., FileTube]) -> None:
    labelled = tube_of(LABEL, rows("cell", "b", "t", "t", "?")).read()
    assert labelled.counts == {"B": 1, "lymphocytes": 3}
    assert np.flatnonzero(labelled.masks["lymphocytes"]).tolist() == [0, 1, 2]


def test_one_column_per_kind(tube_of: Callable[..., FileTube]) -> None:
    labelled = tube_of(COLUMNS, rows("event,is b,is t", "0,1,0", "1,0,1", "2,1.0,True", "3,0,false")).read()
    assert labelled.counts == {"B": 2, "lymphocytes": 3}
    assert np.flatnonzero(labelled.masks["B"]).tolist() == [0, 2]


def test_numbers_only(tube_of: Callable[..., FileTube]) -> None:
    labelled = tube_of(COUNTS, "sample,kind,n\na,b,5\na,t,7\nother,b,900\n").read()
    assert labelled.counts == {"B": 5, "lymphocytes": 12, "NK": 0}
    assert labelled.masks == {}


@pytest.mark.parametrize(
    ("truth", "text", "message"),
    [
        (
            LABEL,
            "cell\nb\nt\n",
            "tube a, labels: There must be one label per event. Found: 2 rows. Allowed: 40 events.",
        ),
        (LABEL, rows("label", "b"), "tube a, labels, cell: The labels lack a column. Found: label."),
        (
            COLUMNS,
            rows("is b,is t", "1,maybe", "0,2", "0,0"),
            (
                "tube a, labels, is t: A column of an event's kinds may hold only 0 and 1. Found: 2, maybe. "
                "Allowed: 0, 1."
            ),
        ),
        (
            COUNTS,
            "sample,kind,n\nb,b,5\n",
            "tube a, labels, sample: The table of counts has no row of this tube. Allowed: a.",
        ),
        (
            COUNTS,
            "sample,kind,n\na,b,5.5\n",
            "tube a, labels, n: A count must be a whole number. Found: 5.5. Allowed: 0 or more.",
        ),
        (
            LABEL,
            "",
            (
                "tube a, labels: The labels cannot be read. Found: No columns to parse from file. "
                "Allowed: a CSV file with a header."
            ),
        ),
    ],
)
def test_labels_that_do_not_fit(
    tube_of: Callable[..., FileTube], truth: EventLabel, text: str, message: str
) -> None:
    with pytest.raises(CytoreconError) as caught:
        tube_of(truth, text).read()
    assert str(caught.value) == message
