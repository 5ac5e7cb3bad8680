"""Read knowledge files: packaged ones, or a user's own file of the same name.

The rest of ``cytorecon.knowledge`` asks here for text and gets it from the user's folder when
that folder has a file of this name, else from the package. Nothing is merged: a user's file
replaces the packaged one as a whole, so what was used can be named by one hash.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Hashable
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cytorecon.errors import KnowledgeError

Model = TypeVar("Model", bound=BaseModel)

_PACKAGE = "cytorecon.knowledge"
#: Kinds of problems whose usual words are those of the program and not of the file.
_WORDS: Final = {"missing": "a value: the field is missing", "extra_forbidden": "no field of this name"}


def read_text(name: str, *, folder: Path | None = None) -> str:
    """Return the text of knowledge file `name`.

    Parameters
    ----------
    name : str
        Path within the knowledge folder with forward slashes, e.g. ``"templates/tbnk.yaml"``.
    folder : Path, optional
        The user's folder; a file of this name in it replaces the packaged one.

    Returns
    -------
    str
        The text, UTF-8 decoded, a byte-order mark removed.

    Raises
    ------
    KnowledgeError
        If neither place has the file, or it is not UTF-8.
    """
    try:
        return _read_bytes(name, folder).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise KnowledgeError(
            "The file is not UTF-8 text.",
            subject=name,
            found=f"byte {error.start} cannot be decoded",
            allowed="UTF-8",
            hint="Save it again as UTF-8.",
        ) from error


def sha256_of(name: str, *, folder: Path | None = None) -> str:
    """Return the SHA-256 of knowledge file `name` as 64 hexadecimal digits.

    Raises
    ------
    KnowledgeError
        If neither `folder` nor the package has the file.
    """
    return hashlib.sha256(_read_bytes(name, folder)).hexdigest()


def read_yaml(name: str, *, folder: Path | None = None) -> object:
    """Return the content of a YAML knowledge file.

    Only plain YAML is read (as ``yaml.safe_load``), and a key that occurs twice is refused: YAML
    would silently keep the last one.

    Raises
    ------
    KnowledgeError
        If the file is missing, is not YAML, or holds a key twice.

    Examples
    --------
    >>> sorted(read_yaml("counting.yaml"))[:3]
    ['amounts', 'beads', 'blood_count_agreement']
    """
    try:
        # A SafeLoader, as yaml.safe_load uses; ruff cannot see that.
        return yaml.load(read_text(name, folder=folder), Loader=_StrictLoader)  # noqa: S506
    except yaml.YAMLError as error:
        raise KnowledgeError(
            "The file is not valid YAML.", subject=name, found=_yaml_problem(error)
        ) from error


def read_csv_rows(name: str, *, folder: Path | None = None) -> tuple[dict[str, str], ...]:
    """Return the rows of a CSV knowledge file, each as column -> text, spaces stripped.

    Lines that begin with ``#`` and empty lines are notes for the reader and are skipped.

    Raises
    ------
    KnowledgeError
        If the file is missing, has no header, a column twice, or a row of another length.
    """
    text = read_text(name, folder=folder)
    lines = [line for line in text.splitlines(keepends=True) if line.strip() and not line.startswith("#")]
    reader = csv.reader(io.StringIO("".join(lines), newline=""), strict=True)
    try:
        table = [[cell.strip() for cell in row] for row in reader]
    except csv.Error as error:
        raise KnowledgeError("The file is not valid CSV.", subject=name, found=str(error)) from error
    if not table:
        raise KnowledgeError("The file has no header.", subject=name)
    header, *rows = table
    _check_shape(name, header, rows)
    return tuple(dict(zip(header, row, strict=True)) for row in rows)


def validated(model: type[Model], content: object, *, subject: str) -> Model:
    """Return `content` as a strict pydantic `model`, or say what is wrong with the file.

    Parameters
    ----------
    model : type of pydantic model
        With ``extra="forbid"``.
    content : object
        What :func:`read_yaml` returned, or one row of a table.
    subject : str
        File (and row) for the message.

    Raises
    ------
    KnowledgeError
        Naming every field that is wrong, what was found and what is allowed.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise KnowledgeError(
            f"{len(problems)} field{'s' * (len(problems) > 1)} cannot be used.",
            subject=subject,
            field=", ".join(
                ".".join(str(part) for part in problem["loc"]) or "(file)" for problem in problems
            ),
            found=", ".join(_shown(problem["input"]) for problem in problems),
            allowed="; ".join(map(in_words, problems)),
        ) from error


def in_words(problem: ErrorDetails) -> str:
    """Return what is allowed instead of a value that a model refused, in words for people who write files.

    Examples
    --------
    >>> in_words({"type": "missing", "loc": ("title",), "msg": "Field required", "input": {}})
    'a value: the field is missing'
    """
    return _WORDS.get(problem["type"], problem["msg"])


def _read_bytes(name: str, folder: Path | None) -> bytes:
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or PurePosixPath(name).is_absolute():
        raise KnowledgeError("The name of a knowledge file must stay inside its folder.", found=name)
    if folder is not None and (own := folder.joinpath(*parts)).is_file():
        return own.read_bytes()
    packaged = resources.files(_PACKAGE).joinpath(*parts)
    if not packaged.is_file():
        raise KnowledgeError(
            "There is no knowledge file of this name.",
            subject=name,
            hint="Packaged files are listed in cytorecon/knowledge.",
        )
    return packaged.read_bytes()


def _check_shape(name: str, header: list[str], rows: list[list[str]]) -> None:
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise KnowledgeError("A column occurs twice.", subject=name, found=", ".join(twice))
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise KnowledgeError(
                "A row has another number of fields than the header.",
                subject=f"{name}, data row {number}",
                found=f"{len(row)} fields",
                allowed=f"{len(header)} fields",
            )


def _yaml_problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    text = str(getattr(error, "problem", None) or error)
    return f"{text}, line {mark.line + 1}" if mark is not None else text


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class _StrictLoader(yaml.CSafeLoader):
    """SafeLoader that refuses a key given twice; that of libyaml, which reads eight times as fast."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        """Return the mapping at `node`."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' occurs twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)
