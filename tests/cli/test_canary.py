"""A name that stands anywhere in an FCS file gets out nowhere: not shown, not stored, not logged.

Each place has a word of its own, so that a word that got out says where it came from.
"""

from __future__ import annotations

import base64
import io
import logging
import zipfile
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.cli.work import perform
from cytorecon.fcs.spillover import spillover_text
from cytorecon.jobs.desk import JobDesk
from cytorecon.simulate import SimulatedTube, simulate_tube, tube_spec
from cytorecon.store import StudyStore
from dashboard.services.study import StudyService
from dashboard.services.upload_checks import UploadForm
from dashboard.services.uploads import upload
from tests.fcs.fcs_bytes import fcs_bytes
from tests.jobs.errands import errand_of

BLOOD = {"CD4_T": 300, "CD8_T": 200, "B": 80, "NK": 90, "monocytes": 300, "granulocytes": 2500}
#: Not letters only: a hash or base64 can hold no such word by chance.
CANARY = "CANARYMUELLER"
WITHOUT_A_NAME = "names.of.files"

Plant = Callable[[SimulatedTube, str], Mapping[str, str | None]]


def keyword(name: str, value: str = "{}") -> Plant:
    """Plant the word as, or within, the value of one keyword."""
    return lambda _tube, word: {name: value.format(word)}


def in_the_matrix(part: int) -> Plant:
    """Plant the word in place of one part of ``$SPILLOVER``."""

    def plant(tube: SimulatedTube, word: str) -> dict[str, str | None]:
        parts = spillover_text(tube.spillover).split(",")
        parts[part] = word
        return {"$SPILLOVER": ",".join(parts)}

    return plant


def renamed(tube: SimulatedTube, number: int, name: str) -> dict[str, str | None]:
    """Give a channel another name, in the matrix too."""
    matrix = spillover_text(tube.spillover).replace(tube.channel_names[number - 1], name)
    return {f"$P{number}N": name, "$SPILLOVER": matrix}


#: Places that cost no result: one file with all of them is analysed.
HARMLESS: Mapping[str, Plant] = {
    "source": keyword("$SRC"),
    "file": keyword("$FIL", "{}.fcs"),
    "operator": keyword("$OP"),
    "comment": keyword("$COM", "seen by {}"),
    "sample": keyword("$SMNO", "{} 1970-01-01"),
    "custom": keyword("TUBE NAME"),
    "beckman": keyword("@SAMPLEID1"),
    "custom_name": lambda _tube, word: {f"PATIENT {word}": "1"},
    "label_of_scatter": keyword("$P1S"),
    "label_of_time": keyword("$P10S"),
    "detector_of_scatter": keyword("$P2N", "FSC {}-H"),
    "instrument": keyword("$CYT"),
}
#: Places that are needed: the file cannot be used, or an issue says what is wrong.
NEEDED: Mapping[str, Plant] = {
    "label": keyword("$P4S"),
    "label_beside_a_marker": keyword("$P4S", "CD3 {} FITC"),
    "label_of_an_optional_marker": keyword("$P8S", "CD19 {}"),
    "detector": lambda tube, word: renamed(tube, 4, f"{word}-A"),
    "detector_in_a_label": lambda tube, word: {**renamed(tube, 4, f"Dr {word}-A"), "$P4S": f"CD3/4 {word}"},
    "detector_twice": lambda tube, word: {"$P4N": f"{word}-A", "$P5N": f"{word}-A"},
    "label_ambiguous": keyword("$P4S", "CD3/4 {}"),
    "matrix_size": in_the_matrix(0),
    "matrix_name": in_the_matrix(1),
    "matrix_cell": in_the_matrix(9),
    "matrix_of_3_0": lambda _tube, word: {"$SPILLOVER": None, "$COMP": f"{word},1"},
}
#: Keywords that must be understood, so messages speak of their values.
REPEATED: Mapping[str, Plant] = {
    "events": keyword("$TOT"),
    "parameters": keyword("$PAR"),
    "next_data": keyword("$NEXTDATA"),
    "mode": keyword("$MODE"),
    "datatype": keyword("$DATATYPE"),
    "byte_order": keyword("$BYTEORD"),
    "range": keyword("$P1R"),
    "bits": keyword("$P1B"),
    "amplification": keyword("$P1E"),
    "gain": keyword("$P1G"),
    "time_step": keyword("$TIMESTEP"),
    "datatype_of_a_parameter": lambda _tube, word: {f"$P{word}DATATYPE": "I"},
    "empty_keyword": lambda _tube, word: {f"${word}": ""},
}
PLANTS = {**HARMLESS, **NEEDED, **REPEATED}
WORDS = {place: f"{CANARY}{number:02d}" for number, place in enumerate([*PLANTS, "path"])}


@dataclass(frozen=True)
class Everything:
    """What came out: what was said by each command and door, and every byte that was written."""

    said: str
    written: bytes
    statuses: Mapping[str, str]


def content(tube: SimulatedTube, *places: str) -> bytes:
    labels = {f"$P{number}S": text for number, text in enumerate(tube.marker_texts, start=1) if text}
    # by X one file is not the copy of another
    keywords: dict[str, str | None] = {
        **labels, "$SPILLOVER": spillover_text(tube.spillover), "X": WORDS[places[0]][-2:],
    }  # fmt: skip
    for place in places:
        keywords |= PLANTS[place](tube, WORDS[place])
    return fcs_bytes(tube.events, tube.channel_names, keywords=keywords)


def unpacked(file: Path) -> bytes:
    """Return what is in a file, and in the files packed into it."""
    data = file.read_bytes()
    if file.suffix == ".npz":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data += b"".join(name.encode() + archive.read(name) for name in archive.namelist())
    return file.name.encode() + data


class Listener(logging.Handler):
    """Keeps what is logged, tracebacks and all."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter().format(record))


def run_commands(files: Mapping[str, Path], out: Path) -> None:
    """Run every command that reads files."""
    paths = [str(path) for path in files.values()]
    sheet = out.parent / "manifest.csv"
    rows = [f"{path},P{number:02d},30" for number, path in enumerate(paths, start=1)]
    sheet.write_text("\n".join(["file,patient,day", *rows]) + "\n", encoding="utf-8")
    gated = ["--template", "tbnk", "--counts", str(out / "gated.csv"), "--masks", str(out / "masks")]
    for words in (
        ["inspect", *paths],
        ["inspect", "--json", *paths],
        ["inspect", "--cross-check", *paths],
        ["gate", "--json", *paths, *gated],
        ["batch", str(sheet), "--out", str(out / "study")],
        ["counts", str(out / "study"), "--out", str(out / "counts.csv")],
        ["report", str(out / "study"), "--out", str(out / "report")],
    ):
        assert main(words) in {0, 1, 2}, words


def run_uploads(files: Mapping[str, Path], study: Path) -> str:
    """Upload each file; return what the form says."""
    said = []
    with StudyStore.open(study) as store:
        service = StudyService(store, JobDesk(store, study))
        for number, path in enumerate(files.values()):
            # other bytes than those of the batch: else it is the same file
            body = base64.b64encode(path.read_bytes() + b" ").decode()
            form = UploadForm(
                contents=f"data:application/octet-stream;base64,{body}", patient="P01", day=number
            )
            outcome = upload(service, form)
            said.append(repr(outcome))
            if outcome.job is not None:
                said.append(repr(perform(errand_of(study, outcome.job), said.append)))
        said.append(repr(service.desk.jobs()))
    return "\n".join(said)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Everything:
    """Let every door see every file, and collect what comes out."""
    folder = tmp_path_factory.mktemp("canary")
    tube = simulate_tube(tube_spec(concentrations=BLOOD, events=1000), seed=3)
    (folder / WORDS["path"]).mkdir()
    files: dict[str, Path] = {}
    for places in (tuple(HARMLESS), *((place,) for place in (*NEEDED, *REPEATED))):
        file = folder / WORDS["path"] / f"{WORDS['path']} {len(files)}.fcs"
        file.write_bytes(content(tube, *places))
        files[places[0]] = file
    written = folder / "out"
    written.mkdir()
    listener = Listener()
    logging.getLogger().addHandler(listener)
    printed = io.StringIO()
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            run_commands(files, written)
        said = [printed.getvalue(), run_uploads(files, written / "study"), *listener.lines]
    finally:
        logging.getLogger().removeHandler(listener)
    with StudyStore.open(written / "study") as store:
        results = store.result(plots=False).tubes
    batch = [result for result in results if "/d30/1" in result.tube][: len(files)]
    statuses = dict(zip(files, (result.status for result in batch), strict=True))
    everything = b"".join(unpacked(path) for path in sorted(written.rglob("*")) if path.is_file())
    # the person at the terminal is told of a file by the path that this person gave
    told = said[0]
    for path in files.values():
        told = told.replace(str(path), WITHOUT_A_NAME)
    return Everything("\n".join([told, *said[1:]]), everything, statuses)


@pytest.mark.parametrize("place", [*PLANTS, "path"])
def test_the_name_gets_out_nowhere(out: Everything, place: str) -> None:
    word = WORDS[place]
    assert word.lower() not in out.said.lower()
    assert word.lower().encode() not in out.written.lower()


def test_the_files_were_looked_at(out: Everything) -> None:
    """What is not read cannot get out: so the test would pass for nothing."""
    assert out.statuses["source"] == out.statuses["detector"] == "done"
    assert out.statuses["label"] == out.statuses["matrix_cell"] == out.statuses["events"] == "failed"
    assert "unrecognised text of 15 characters" in out.said
    assert b"unrecognised text of 15 characters" in out.written
    assert WITHOUT_A_NAME in out.said
    assert "P4-A" in out.said
    assert b"P4-A" in out.written
