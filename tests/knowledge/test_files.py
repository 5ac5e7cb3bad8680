from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import (
    read_csv_rows,
    read_text,
    read_yaml,
    sha256_of,
    validated,
)
from cytorecon.values import Frozen


def write(folder: Path, name: str, text: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_users_file_replaces_the_packaged_one_as_a_whole(tmp_path: Path) -> None:
    packaged = sha256_of("programmes.yaml", folder=tmp_path)
    write(tmp_path, "programmes.yaml", "programmes: []\n")
    assert read_yaml("programmes.yaml", folder=tmp_path) == {"programmes": []}
    assert sha256_of("programmes.yaml", folder=tmp_path) == hashlib.sha256(b"programmes: []\n").hexdigest()
    assert packaged == sha256_of("programmes.yaml") != sha256_of("programmes.yaml", folder=tmp_path)


def test_a_folder_without_the_file_gives_the_packaged_one(tmp_path: Path) -> None:
    assert read_text("counting.yaml", folder=tmp_path) == read_text("counting.yaml")


def test_files_may_lie_in_a_subfolder(tmp_path: Path) -> None:
    write(tmp_path, "templates/mine.yaml", "a: 1\n")
    assert read_yaml("templates/mine.yaml", folder=tmp_path) == {"a": 1}


def test_notes_and_empty_lines_of_a_csv_are_skipped_and_cells_are_stripped(tmp_path: Path) -> None:
    write(tmp_path, "own.csv", '\ufeff# a note\nname,note\n\n a ,"x, y"\n# another\nb,\n')
    assert read_csv_rows("own.csv", folder=tmp_path) == (
        {"name": "a", "note": "x, y"},
        {"name": "b", "note": ""},
    )


class Limits(Frozen):
    low: float
    high: float


@pytest.mark.parametrize(
    ("content", "read", "message"),
    [
        (
            b"caf\xe9: 1\n",
            read_yaml,
            (
                "own: The file is not UTF-8 text. Found: byte 3 cannot be decoded. Allowed: UTF-8. "
                "Save it again as UTF-8."
            ),
        ),
        (
            "a: 1\nb: 2\na: 3\n",
            read_yaml,
            "own: The file is not valid YAML. Found: the key 'a' occurs twice, line 3.",
        ),
        (
            "a: [1, 2\n",
            read_yaml,
            "own: The file is not valid YAML. Found: did not find expected ',' or ']', line 2.",
        ),
        (
            "a: !!python/object/apply:os.getcwd []\n",
            read_yaml,
            (
                "own: The file is not valid YAML. Found: could not determine a constructor for the tag "
                "'tag:yaml.org,2002:python/object/apply:os.getcwd', line 1."
            ),
        ),
        ("# only notes\n", read_csv_rows, "own: The file has no header."),
        ("a,b,a\n1,2,3\n", read_csv_rows, "own: A column occurs twice. Found: a."),
        (
            "a,b\n1,2\n3\n",
            read_csv_rows,
            (
                "own, data row 2: A row has another number of fields than the header. Found: 1 fields. "
                "Allowed: 2 fields."
            ),
        ),
        (
            'a,b\n1,"2\n',
            read_csv_rows,
            "own: The file is not valid CSV. Found: unexpected end of data.",
        ),
    ],
)
def test_a_damaged_file_is_refused(
    tmp_path: Path, content: str | bytes, read: Callable[..., object], message: str
) -> None:
    write(tmp_path, "own", content)
    with pytest.raises(KnowledgeError) as caught:
        read("own", folder=tmp_path)
    assert str(caught.value) == message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError) as caught:
        read_text("nothing.yaml", folder=tmp_path)
    assert str(caught.value) == (
        "nothing.yaml: There is no knowledge file of this name. "
        "Packaged files are listed in cytorecon/knowledge."
    )


@pytest.mark.parametrize("name", ["../errors.py", "/etc/hostname", "", "templates/../../errors.py"])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(KnowledgeError) as caught:
        read_text(name, folder=tmp_path)
    shown = f" Found: {name}." if name else ""
    assert str(caught.value) == f"The name of a knowledge file must stay inside its folder.{shown}"


def test_content_is_checked_against_its_model_and_every_field_is_named() -> None:
    assert validated(Limits, {"low": 1, "high": 2}, subject="x").high == 2
    with pytest.raises(KnowledgeError) as caught:
        validated(Limits, {"low": "a", "hihg": 3}, subject="own.yaml")
    assert str(caught.value) == (
        "own.yaml, low, high, hihg: 3 fields cannot be used. Found: 'a', {'low': 'a', 'hihg': 3}, 3. "
        "Allowed: Input should be a valid number, unable to parse string as a number; a value: the field is "
        "missing; no field of this name."
    )


def test_a_model_says_what_is_wrong_with_the_whole_file() -> None:
    with pytest.raises(KnowledgeError) as caught:
        validated(Limits, ["x" * 80], subject="own.yaml")
    assert caught.value.field == "(file)"
    assert caught.value.found == "['" + "x" * 55 + "..."
