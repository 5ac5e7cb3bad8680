"""What FlowIO reads differently is told of channels by the names they have everywhere."""

from __future__ import annotations

from pathlib import Path

from cytorecon.fcs.cross_check import cross_check
from cytorecon.pipeline import second_opinion
from tests.fcs.fcs_bytes import fcs_bytes, write


def test_a_channel_that_is_read_differently_is_called_by_its_number(tmp_path: Path) -> None:
    path = write(tmp_path, fcs_bytes(keywords={"$P3N": "Quagmire-A", "$P3E": "4,1", "$P4E": "4,1"}))
    before, found = cross_check(path), second_opinion(path)
    assert [one.subject for one in before.differences] == ["values of Quagmire-A", "values of PE-A"]
    assert [one.subject for one in found.differences] == ["values of P3-A", "values of PE-A"]
    assert [one.cause for one in found.differences] == [one.cause for one in before.differences]


def test_a_refusal_does_not_name_the_file_that_whoever_asks_has_named(tmp_path: Path) -> None:
    path = write(tmp_path, fcs_bytes(keywords={"$TOT": "Quagmire"}), "Zebedee.fcs")
    assert second_opinion(path).refused_by_us == (
        "$TOT: The keyword is not a whole number. Found: unrecognised text of 8 characters. Allowed: digits. "
        "The file is damaged or was written by faulty software: export it again."
    )
    assert "Zebedee" not in second_opinion(write(tmp_path, b"FCS", "Zebedee.fcs")).model_dump_json()
