"""The dashboard itself, when the process that reads an upload crashes, has no memory or never ends."""

from __future__ import annotations

import base64
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from dash import Dash

from cytorecon.cli import main
from cytorecon.fcs.spillover import spillover_text
from cytorecon.intake import quarantine
from cytorecon.intake.limits import LIMITED
from cytorecon.knowledge.deidentification import load_deidentification
from cytorecon.simulate import simulate_tube, tube_spec
from dashboard.app import create_app
from tests.cli.test_canary import BLOOD
from tests.dashboard.uploading import BEADS, press_analyse
from tests.fcs.fcs_bytes import fcs_bytes
from tests.intake.test_quarantine import HINT, limits


@pytest.fixture(scope="module")
def tube() -> bytes:
    made = simulate_tube(tube_spec(concentrations=BLOOD, events=1000), seed=5)
    labels = {f"$P{number}S": text for number, text in enumerate(made.marker_texts, start=1) if text}
    keywords = {**labels, "$SPILLOVER": spillover_text(made.spillover)}
    return fcs_bytes(made.events, made.channel_names, keywords=keywords)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, tube: bytes) -> Path:
    folder = tmp_path_factory.mktemp("server")
    (folder / "a.fcs").write_bytes(tube)
    (folder / "manifest.csv").write_text("file,patient,day\na.fcs,P01,30\n", encoding="utf-8")
    assert main(["batch", str(folder / "manifest.csv"), "--out", str(folder / "study")]) == 0
    return folder / "study"


@pytest.fixture
def app(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dash]:
    """The dashboard, with a place for temporary files that must be empty afterwards."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield create_app(study)
    assert list(place.iterdir()) == []


#: Memory that is reserved already is enough for a small file.
LARGE = fcs_bytes(np.zeros((200_000, 5), np.uint8), datatype="I", bits=8)


def uploaded(app: Dash, content: bytes, day: int) -> str:
    """Return what the form says of an upload."""
    url = "data:application/octet-stream;base64," + base64.b64encode(content).decode()
    with app.server.test_request_context():
        return repr(press_analyse(url, patient="P02", day=day, **BEADS))


def answers(app: Dash, path: str = "/") -> bool:
    return bool(app.server.test_client().get(path).status_code == 200)


@pytest.mark.parametrize(
    ("module", "changed", "found"),
    [
        ("tests.intake.killed", {}, "the process that read it ended with signal 9"),
        ("tests.intake.sleeper", {"wall_clock": 1}, "it takes longer than 1 s"),
        ("tests.intake.spinner", {"processor_time": 1}, "it needs more than 1 s of processor time"),
        ("tests.intake.hog", {"address_space": 400}, "the process that read it ended"),
        (
            "cytorecon.intake.worker",
            {"address_space": 60},
            "more than 60 MB of memory or 128 MB for a file are needed",
        ),
    ],
)
def test_a_process_that_fails_is_a_message_and_the_server_goes_on(
    app: Dash, tube: bytes, monkeypatch: pytest.MonkeyPatch, module: str, changed: dict[str, int], found: str
) -> None:
    if {"address_space"} & set(changed) and "memory" not in LIMITED:
        pytest.skip("this system has no limit on memory")
    rules = load_deidentification().model_copy(update={"quarantine": limits(**changed)})
    with monkeypatch.context() as broken:
        broken.setattr(quarantine, "_MODULE", module)
        broken.setattr(quarantine, "load_deidentification", lambda: rules)
        said = uploaded(app, LARGE if "address_space" in changed else tube + b" ", 60)
    assert f"The file could not be read within the limits for uploads. Found: {found}. {HINT}" in said
    assert "upload.fcs" not in said
    assert answers(app)
    assert answers(app, "/patient?patient=P01")


def test_the_server_takes_the_next_upload(app: Dash, tube: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(quarantine, "_MODULE", "tests.intake.killed")
        assert "ended with signal 9" in uploaded(app, tube + b"  ", 70)
    assert "P02/d70/1" in uploaded(app, tube + b"  ", 70)


def test_other_pages_are_answered_while_an_upload_is_read(
    app: Dash, tube: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that keeps its process busy keeps nobody else waiting."""
    started, page_came = Event(), Event()

    def run(command: Sequence[str], **_options: object) -> None:
        started.set()
        assert page_came.wait(60)
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", run)
    said: list[str] = []
    busy = Thread(target=lambda: said.append(uploaded(app, tube + b"   ", 80)))
    busy.start()
    assert started.wait(60)
    assert answers(app)
    page_came.set()
    busy.join()
    assert "it takes longer than 120 s" in said[0]
