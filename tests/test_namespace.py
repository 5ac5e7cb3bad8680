from __future__ import annotations

import subprocess
import sys

import cytorecon
from cytorecon import fcs

#: What a person can keep in mind; more belongs into the packages.
MOST_NAMES = 30


def test_the_top_level_is_small_and_every_name_is_there() -> None:
    assert len(cytorecon.__all__) <= MOST_NAMES
    assert cytorecon.__all__ == sorted(cytorecon.__all__)
    assert {name for name in cytorecon.__all__ if getattr(cytorecon, name) is None} == set()
    assert dir(cytorecon) == cytorecon.__all__


def test_files_are_read_and_written_from_the_top_level() -> None:
    assert cytorecon.read_fcs is fcs.read_fcs
    assert cytorecon.write_fcs is fcs.write_fcs
    assert cytorecon.read_analysis is fcs.read_analysis


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import cytorecon, sys; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
