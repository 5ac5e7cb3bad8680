"""An upload gives the numbers that the file itself gives."""

from __future__ import annotations

from pathlib import Path

from cytorecon.intake import receive
from cytorecon.pipeline import AnalysisSettings, analyze_addition
from cytorecon.simulate import simulate_tube, tube_spec, write_fcs
from cytorecon.study.model import Tube
from tests.cli.test_canary import BLOOD


def test_a_clean_sample_is_analysed_as_the_file_is(tmp_path: Path) -> None:
    file = tmp_path / "tube.fcs"
    write_fcs(simulate_tube(tube_spec(concentrations=BLOOD, events=6000), seed=5), file)
    tube = Tube(tube="P01/d30/1", patient="P01", day=30, beads_per_tube=50_000, blood_volume_ul=50)
    settings = AnalysisSettings(software_version="0.1.0")
    direct = analyze_addition(file, tube, settings)
    received = analyze_addition(receive(file), tube, settings)
    assert direct.result.status == "done"
    assert received.result == direct.result
    assert received.settings == direct.settings
