"""A study of one small made tube, and uploads for it that hold names."""

from __future__ import annotations

from pathlib import Path

from cytorecon.cli import main
from cytorecon.fcs.spillover import spillover_text
from cytorecon.simulate import simulate_tube, tube_spec
from tests.cli.test_canary import BLOOD
from tests.fcs.fcs_bytes import fcs_bytes

#: Stands in what comes, and nowhere in what is kept.
NAME = "Mueller"


def tube_bytes(seed: int) -> bytes:
    """Return a file of 1000 events with a patient's name in it."""
    made = simulate_tube(tube_spec(concentrations=BLOOD, events=1000), seed=seed)
    labels = {f"$P{number}S": text for number, text in enumerate(made.marker_texts, start=1) if text}
    keywords = {**labels, "$SPILLOVER": spillover_text(made.spillover), "$SRC": NAME, "PATIENT ID": NAME}
    return fcs_bytes(made.events, made.channel_names, keywords=keywords)


def make_study(folder: Path) -> Path:
    """Analyse one tube into a new study and return its folder."""
    (folder / "a.fcs").write_bytes(tube_bytes(5))
    (folder / "manifest.csv").write_text("file,patient,day\na.fcs,P01,30\n", encoding="utf-8")
    command = ["batch", str(folder / "manifest.csv"), "--out", str(folder / "study")]
    assert main([*command, "--no-keep-files"]) == 0  # uploads are what is looked at
    return folder / "study"
