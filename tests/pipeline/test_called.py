"""What a user calls a channel finds it, although the name itself is not kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from cytorecon.errors import CompensationError, PanelError
from cytorecon.fcs import read_fcs
from cytorecon.intake import clean, receive
from cytorecon.intake.names import hidden
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import AnalysisSettings, Given
from cytorecon.pipeline.called import called_channels, called_spillover
from cytorecon.pipeline.source import Source, batch_of
from cytorecon.pipeline.steps import survey
from cytorecon.sample import Spillover
from tests.fcs.fcs_bytes import fcs_bytes, write

NAMES = {"$P3N": "Quagmire-A", "$P4N": "MRN 4711-A", "$P3S": "CD3 Zebedee", "$P4S": "CD4"}


def file(folder: Path, **changed: str) -> Path:
    return write(
        folder, fcs_bytes(keywords={**NAMES, **{f"${name}": text for name, text in changed.items()}})
    )


def called(path: Path, mapping: Mapping[str, str]) -> dict[str, str]:
    cleaned = clean(read_fcs(path))
    return called_channels(mapping, cleaned.sample.channels, cleaned.written)


@pytest.mark.parametrize("name", ["Quagmire-A", "P3-A", hidden("Quagmire-A")])
def test_a_channel_is_found_by_its_old_its_new_and_its_hidden_name(tmp_path: Path, name: str) -> None:
    assert called(file(tmp_path), {"CD3": name, "CD4": "MRN 4711-A"}) == {"CD3": "P3-A", "CD4": "P4-A"}
    assert called(file(tmp_path), {"CD3": "FSC-A"}) == {"CD3": "FSC-A"}


def test_an_old_name_wins_over_a_new_one(tmp_path: Path) -> None:
    path = file(tmp_path, P4N="P3-A")
    assert called(path, {"CD3": "Quagmire-A", "CD4": "P3-A"}) == {"CD3": "P3-2-A", "CD4": "P3-A"}


def test_a_name_of_two_channels_is_none_of_them(tmp_path: Path) -> None:
    path = file(tmp_path, P4N="Quagmire-A")
    assert called(path, {"CD3": "Quagmire-A"}) == {"CD3": hidden("Quagmire-A")}
    assert called(path, {"CD3": "P4-A"}) == {"CD3": "P4-A"}


def test_a_channel_that_is_not_there_is_told_without_its_name(tmp_path: Path) -> None:
    given = Given().changed({"CD3": "Quagmire-B"}, None)
    with pytest.raises(PanelError) as caught:
        survey(Source("1", load_template("tbnk"), file(tmp_path), mapping=given.mapping))
    assert str(caught.value) == (
        f"--map CD3={hidden('Quagmire-B')}: No channel has the name given for a marker. Found: P3-A CD3 and "
        "unrecognised text of 7 characters; P4-A 'CD4' = CD4. Use a detector name ($PnN) of this sample."
    )


@pytest.mark.parametrize(
    "names",
    [
        ("Quagmire-A", "MRN 4711-A"),
        ("P3-A", "P4-A"),
        ("CD3 Zebedee", "CD4"),
        ("3", "4"),
    ],
)
def test_a_matrix_is_found_by_old_and_new_names_labels_and_numbers(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    matrix = np.array([[1, 0.2], [0.1, 1]])
    given = Given().changed(None, Spillover(matrix, names, "CSV 0123")).matrix()
    assert given is not None
    cleaned = clean(read_fcs(file(tmp_path)))
    found, issues = called_spillover(given, cleaned.sample.channels, cleaned.written)
    assert found.channels == ("P3-A", "P4-A")
    assert not any(word in str(issues) for word in ("Quagmire", "Zebedee", "4711"))


def test_a_matrix_of_another_file_is_told_without_its_names(tmp_path: Path) -> None:
    given = Given().changed(None, Spillover(np.eye(2), ("Quagmire-A", "Meier-A"), "CSV 0123")).matrix()
    assert given is not None
    cleaned = clean(read_fcs(file(tmp_path)))
    with pytest.raises(CompensationError) as caught:
        called_spillover(given, cleaned.sample.channels, cleaned.written)
    assert str(caught.value) == (
        "CSV 0123: The spillover matrix names channels that the sample does not have, or has twice. Found: "
        "unrecognised text of 17 characters, unrecognised text of 17 characters. Allowed: FSC-A, SSC-A, "
        "P3-A, P4-A, Time. Use the detector names ($PnN) of this sample."
    )


def test_what_is_stored_of_a_mapping_and_a_matrix_holds_no_name() -> None:
    given = Given().changed({"CD3": "Quagmire-A"}, Spillover(np.eye(1), ("MRN 4711-A",), "CSV 0123"))
    text = AnalysisSettings(software_version="1", given=given).model_dump_json()
    assert "Quagmire" not in text
    assert "4711" not in text
    stored = text.replace(hidden("Quagmire-A"), "Quagmire-A")  # by an earlier version
    assert AnalysisSettings.from_json(stored).given == given
    assert given.changed(None, None) == given


def test_an_upload_is_of_the_batch_of_its_study_and_found_by_the_old_name(tmp_path: Path) -> None:
    path, template = file(tmp_path), load_template("tbnk")
    received = receive(path)
    mapping = Given().changed({"CD3": "Quagmire-A"}, None).mapping
    here = Source("1", template, path, mapping=mapping).load()
    there = Source("1", template, sample=received.sample, written=received.written, mapping=mapping).load()
    assert here.mapping == there.mapping == {"CD3": "P3-A"}
    assert batch_of(here.sample, template) == batch_of(there.sample, template)
    assert "Quagmire" not in repr(received)
