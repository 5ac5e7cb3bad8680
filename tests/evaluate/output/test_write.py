"""What an evaluation leaves in its folder."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from cytorecon.errors import CytoreconError
from cytorecon.evaluate import Evaluation, Tables, tables_of
from cytorecon.evaluate.output import WrittenFiles, write_evaluation
from cytorecon.evaluate.scores import SCORE_COLUMNS
from cytorecon.knowledge.evaluation import Target
from tests.evaluate.labelled_sets import score

NONE = {"planted": 0, "true": 0, "true_positives": 0}
EVALUATION = Evaluation(
    dataset="made",
    title="Made <tubes>",
    about="By hand.",
    template="tbnk 1",
    scores=(
        score(tube="a", patient="P01"),
        score(tube="b</script>", patient="P02", found=300, review="gate.unstable:CD19", status="review"),
        score(tube="c", patient="P03", **NONE, found=9),
        score(tube="a", method="one pooled threshold", found=0, true_positives=0),
    ),
    targets=(Target(measure="f1", population="B", least_cells=20, at_least=0.9),),
    failures={"made d": "The file is cut."},
)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return tables_of([EVALUATION])


@pytest.fixture(scope="module")
def written(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    out = tmp_path_factory.mktemp("out")
    return write_evaluation([EVALUATION], tables, out, command="cytorecon evaluate x", version="1.2.3")


def test_every_table_is_a_csv_file(written: WrittenFiles, tables: Tables) -> None:
    assert [path.name for path in written.tables] == [
        "scores.csv", "agreement.csv", "detection.csv", "review.csv", "risk.csv", "targets.csv", "missed.csv",
    ]  # fmt: skip
    scores = pd.read_csv(written.tables[0])
    assert tuple(scores.columns) == SCORE_COLUMNS
    assert scores["found"].tolist() == tables.scores["found"].tolist()


def test_the_document_says_what_was_reached_and_how_it_was_made(written: WrittenFiles) -> None:
    text = written.document.read_text(encoding="utf-8")
    assert "cytorecon evaluate x" in text
    assert "cytorecon 1.2.3." in text
    assert "template tbnk 1" in text
    assert (
        "| made, together | F1, median | B | >= 20 | 2 | >= 0.9 | 0.750 | 0.550 | 0.500 | **not met** |"
        in text
    )
    assert "| B | cytorecon | 2 of 3 | 0.750 [0.500, 1.000] | 0.550 | 0.500 1 b</script> |" in text
    assert "| B | 0 | cytorecon | 1 | 100.0 % [2.5 %, 100.0 %] |" in text
    assert "| made, together | F1, median | B | 1 b</script> | 100 | 300 | 0.500 | review |" in text
    assert "| made d | The file is cut. |" in text
    assert "](accuracy.svg)" in text


def test_every_row_of_a_table_has_as_many_cells_as_its_header(written: WrittenFiles) -> None:
    lines = written.document.read_text(encoding="utf-8").splitlines()
    for before, line in pairwise(lines):
        if before.startswith("|") and line.startswith("|"):
            assert line.count("|") == before.count("|"), line


def test_the_picture_is_svg_that_needs_nothing_else(written: WrittenFiles) -> None:
    text = written.picture.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"made", "B", "cytorecon", "one pooled threshold"} <= set(words)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for circle in root.iter("{http://www.w3.org/2000/svg}circle"):
        assert 0 <= float(circle.attrib["cx"]) <= width
        assert 0 <= float(circle.attrib["cy"]) <= height
    assert "href" not in text


def test_the_page_is_one_file_and_a_name_cannot_break_out_of_it(written: WrittenFiles) -> None:
    text = written.page.read_text(encoding="utf-8")
    assert "b</script>" not in text
    assert 'src="http' not in text
    assert text.count("Plotly.newPlot") == 3


def test_an_earlier_evaluation_is_replaced(written: WrittenFiles, tables: Tables) -> None:
    again = write_evaluation(
        [EVALUATION], tables, written.document.parent, command="cytorecon evaluate y", version="1.2.4"
    )
    assert "cytorecon evaluate y" in again.document.read_text(encoding="utf-8")


def test_another_folder_is_left_as_it_is(tables: Tables, tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_bytes(b"x")
    with pytest.raises(CytoreconError) as caught:
        write_evaluation([EVALUATION], tables, tmp_path, command="c", version="1")
    assert str(caught.value) == (
        f"{tmp_path}, out: This cannot be written over; it was left as it is. "
        "Found: a folder with other files. Allowed: a new or empty folder, or that of an earlier "
        "evaluation. Name another place."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]
