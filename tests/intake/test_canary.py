"""A name planted anywhere in a file is found nowhere after every door was used."""

from __future__ import annotations

import base64
import io
import logging
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.fcs.spillover import spillover_text
from cytorecon.simulate import simulate_tube, tube_spec
from dashboard.app import create_app
from dashboard.callbacks.upload import list_uploads, tell_file
from dashboard.services.study import current_study
from tests.cli.test_canary import BLOOD, Listener, unpacked
from tests.dashboard.uploading import BEADS, press_analyse
from tests.intake.made import PLANTED, WORD, planted_file, with_second_data_set

#: A name in place of that of the detector of CD3, whose label does not say so either.
CD3 = f"Dr {WORD}61-A"


def planted_tube(detector: str) -> bytes:
    """Return a tube that can be analysed with a mapping, with a name wherever that is possible."""
    tube = simulate_tube(tube_spec(concentrations=BLOOD, events=1000), seed=3)
    labels = {f"$P{number}S": text for number, text in enumerate(tube.marker_texts, start=1) if text}
    scatter = {"$P1S": PLANTED["$P1S"], "$P3S": PLANTED["$P3S"]}
    matrix = spillover_text(tube.spillover).replace("FITC-A", CD3)
    assert (tube.channel_names[3], labels["$P4S"]) == ("FITC-A", "CD3 FITC")
    labels |= {"$P4N": CD3, "$P4S": f"{WORD}62 CD3"}
    keywords = {**labels, **scatter, "$SPILLOVER": matrix, "$P2N": detector}
    return with_second_data_set(
        planted_file({**keywords, "$NEXTDATA": "0" * 8}, events=tube.events, names=tube.channel_names)
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes]:
    """Use every door; return what was said, and every byte that was written."""
    folder = tmp_path_factory.mktemp("doors")
    file = folder / WORD / f"{WORD}.fcs"
    file.parent.mkdir()
    file.write_bytes(planted_tube(f"FSC {WORD}60-H"))
    single = file.with_name(f"{WORD}1.fcs")
    single.write_bytes(first_data_set(file.read_bytes()))
    made = folder / "made"
    temporary = made / "temporary"
    temporary.mkdir(parents=True)
    sheet = folder / "manifest.csv"
    sheet.write_text(f"file,patient,day,dataset\n{file},P01,30,0\n", encoding="utf-8")
    listener, printed = Listener(), io.StringIO()
    logging.getLogger().addHandler(listener)
    before, tempfile.tempdir = tempfile.tempdir, str(temporary)
    study = made / "study"
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            for words in (
                ["deidentify", str(file), "--out", str(made / "clean"), "--json"],
                ["inspect", str(single), "--json"],
                ["inspect", str(single), "--cross-check"],
                ["gate", str(single), "--template", "tbnk", "--map", f"CD3={CD3}", "--json"],
                ["batch", str(sheet), "--out", str(study), "--map", f"CD3={CD3}"],
                ["report", str(study), "--out", str(made / "report")],
                ["counts", str(study), "--out", str(made / "counts.csv")],
            ):
                assert main(words) == 0, printed.getvalue()
        said = uploads(study)
        written = [unpacked(path) for path in sorted(made.rglob("*")) if path.is_file()]
        assert list(temporary.iterdir()) == []
    finally:
        tempfile.tempdir = before
        logging.getLogger().removeHandler(listener)
    # the user's own terminal names the user's own files
    return (
        printed.getvalue().replace(str(file), "").replace(str(single), "") + said + "\n".join(listener.lines),
        b"\n".join(written),
    )


def uploads(study: Path) -> str:
    """Upload a file that can be analysed and two that cannot; the write-ahead log stays open."""
    app = create_app(study)
    content = planted_tube(f"FSC {WORD}60-H")
    first = first_data_set(content)
    said = []
    with app.server.test_request_context():
        for body in (first, first[:-2000], content):
            url = "data:application/octet-stream;base64," + base64.b64encode(body).decode()
            said.append(tell_file(url))
            said.append(repr(press_analyse(url, patient="P02", day=60, **BEADS)))
        said.append(repr(list_uploads(None)))
        said.append(repr(current_study().snapshot()))
    assert "P02/d60/1" in "".join(said), said
    return "\n".join(said)


def first_data_set(content: bytes) -> bytes:
    """Return a file without its second data set."""
    first = content[: content.index(b"FCS3.1", 10)]
    place = first.index(b"|$NEXTDATA|") + len(b"|$NEXTDATA|")
    return first[:place] + b"0" * 8 + first[place + 8 :]


def test_the_name_is_found_nowhere(out: tuple[str, bytes]) -> None:
    said, written = out
    assert WORD.lower() not in said.lower()
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        for word in (WORD, WORD.lower(), WORD.capitalize()):
            assert word.encode(encoding) not in written


def test_neither_is_a_date(out: tuple[str, bytes]) -> None:
    said, written = out
    assert "aug-2002" not in said.lower()
    assert b"aug-2002" not in written.lower()
