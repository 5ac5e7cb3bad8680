"""Files without a study: gated in order, bad ones apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.fcs import read_fcs
from cytorecon.gating.gated import GatedSample
from cytorecon.pipeline import gate, gate_files
from cytorecon.simulate import SimulatedTube, write_fcs

Tubes = tuple[SimulatedTube, ...]


@pytest.fixture(scope="module")
def files(usual_tubes: Tubes, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return two good files around a missing one, a table and a damaged one."""
    folder = tmp_path_factory.mktemp("files")
    paths = [folder / f"Jane_{number}.fcs" for number in range(5)]
    write_fcs(usual_tubes[0], paths[0])
    paths[2].write_text("event,CD3\n1,2\n", encoding="utf-8")
    write_fcs(usual_tubes[1], paths[3])
    paths[3].write_bytes(paths[3].read_bytes()[:30_000])
    write_fcs(usual_tubes[1], paths[4])
    return paths


def test_good_files_are_gated_and_bad_ones_say_why(files: list[Path]) -> None:
    used: dict[Path, GatedSample] = {}
    stages: list[tuple[str, int, int]] = []
    results = gate_files(files, "tbnk", use=used.__setitem__, progress=lambda *stage: stages.append(stage))
    assert [gated.path for gated in results] == files
    assert [gated.result.tube for gated in results] == ["1", "2", "3", "4", "5"]
    assert [gated.result.status for gated in results] == ["done", "failed", "failed", "failed", "done"]
    assert list(used) == [files[0], files[4]]
    assert stages[-1] == ("gating", 5, 5)
    errors = [gated.result.error for gated in results]
    assert errors[1] == "There is no such file. Check the name and the folder."
    assert errors[2].startswith("This is not an FCS file. Found: ")
    assert not any("Jane" in error for error in errors)


def test_files_give_the_numbers_of_their_samples(files: list[Path]) -> None:
    good = [files[0], files[4]]
    results = gate_files(good, "tbnk")
    for gated, again in zip(results, gate([read_fcs(path) for path in good], "tbnk"), strict=True):
        assert gated.result.provenance.gates_version == again.gates_version
        counted = {count.population: count.events for count in gated.result.counts}
        assert counted["CD4_T"] == int(again.mask("CD4_T").sum())
        assert {count.cells_per_ul for count in gated.result.counts} == {None}


def test_a_template_that_does_not_exist_stops_before_any_file(files: list[Path]) -> None:
    with pytest.raises(KnowledgeError):
        gate_files(files, "tbkn")


def test_a_mapping_that_cannot_be_is_said_for_every_file(files: list[Path]) -> None:
    (result,) = gate_files(files[:1], "tbnk", mapping={"CD3": "BV421-A"})
    assert result.result.error.startswith(
        "--map CD3=BV421-A: No channel has the name given for a marker. Found: "
    )
