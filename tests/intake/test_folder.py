"""Files and folders that are named for de-identification."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import StudyError
from cytorecon.intake.folder import deidentify_files
from cytorecon.intake.pseudonyms import Lookup
from tests.fcs.fcs_bytes import fcs_bytes, write


@pytest.mark.parametrize("which", ["file", "out", "key"])
def test_a_link_that_leads_back_to_itself_is_named(tmp_path: Path, which: str) -> None:
    loop = tmp_path / "loop.fcs"
    loop.symlink_to(loop)
    places = {"file": write(tmp_path, fcs_bytes()), "out": tmp_path / "out", "key": tmp_path / "key.csv"}
    places[which] = loop
    with pytest.raises(StudyError) as caught:
        deidentify_files([places["file"]], places["out"], lookup=Lookup(), key=places["key"])
    assert str(caught.value) == (
        f"{loop}: The link leads back to itself, so there is no file. Name the file it was meant for."
    )
    assert not (tmp_path / "out").exists()


def test_a_link_that_leads_back_to_itself_in_a_folder_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, fcs_bytes())
    loop = folder / "loop.fcs"
    loop.symlink_to(loop)
    found = deidentify_files([folder], tmp_path / "out", lookup=Lookup())
    assert [clean.file for _, clean in found.files] == ["fcs/001.fcs"]
    assert found.failures == ()
