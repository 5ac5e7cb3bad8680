"""The TEXT segment: keywords and values between delimiters (FCS 3.1 section 3.2).

A delimiter within a value is written twice, and a value must not be empty. Real files have empty
values all the same, so a text with doubled delimiters is read both ways and the reading in which
the required keywords stand is taken; that it was needed becomes an issue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cytorecon.errors import FcsError, Issue, Severity

#: What every data set must say (FCS 3.1 section 3.2.2); $TOT, $MODE, $PnE may be missing in files
#: that are still read, with an issue.
REQUIRED = ("$PAR", "$DATATYPE", "$BYTEORD")

_STANDARD = re.compile(r"\$[A-Z0-9]{1,20}")

_LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Text:
    """Keywords of one TEXT segment.

    Parameters
    ----------
    keywords : mapping of str to str
        Upper-case keyword, ``$`` kept, to value.
    issues : tuple of Issue
        Repairs that were needed to read it.
    """

    keywords: Mapping[str, str]
    issues: tuple[Issue, ...] = ()


def parse_text(segment: bytes, file: str) -> Text:
    """Return the keywords of TEXT segment `segment`.

    Raises
    ------
    FcsError
        If it is too large, not a list of keywords and values, or a required keyword stands there
        twice with different values.
    """
    if len(segment) > _LARGEST:
        raise FcsError(
            "The TEXT segment is too large.",
            subject=file,
            found=f"{len(segment)} bytes",
            allowed=f"{_LARGEST} bytes",
        )
    text = _decoded(segment)
    delimiter, body = text[0], text[1:]
    padding = " \x00\r\n".replace(delimiter, "")  # writers fill up the segment behind the last delimiter
    if body.rstrip(padding).endswith(delimiter):
        body = body.rstrip(padding)
    issues: list[Issue] = []
    if body.endswith(delimiter):
        body = body[: -len(delimiter)]
    else:
        issues.append(
            _repair("no_final_delimiter", "TEXT", "The last value of TEXT has no delimiter behind it.")
        )
    if "\x00" in body:
        issues.append(_repair("zero_bytes", "TEXT", "A value of TEXT holds zero bytes."))
    pairs, repairs = _choose(body, delimiter)
    issues += repairs
    empty = [key.strip().upper() for key, value in pairs if not value]
    if empty:
        issues.append(_empty_values(empty))
    keywords: dict[str, str] = {}
    for key, value in pairs:
        name = key.strip().upper()
        if keywords.get(name, value) != value:
            issues.append(_duplicate(name, keywords[name], value, file))
        keywords[name] = value
    return Text(keywords=keywords, issues=tuple(issues))


def number(keywords: Mapping[str, str], name: str, file: str) -> int | None:
    """Return keyword `name` as a whole number of at least 0; None when it is missing.

    Raises
    ------
    FcsError
        If its value is not one. Only ASCII digits are numbers here.
    """
    value = keywords.get(name)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", value.strip(" \x00")):
        raise FcsError(
            "The keyword is not a whole number.",
            subject=file,
            field=name,
            found=repr(value[:60]),
            allowed="digits",
            hint="The file is damaged or was written by faulty software: export it again.",
        )
    return int(value.strip(" \x00"))


def _decoded(segment: bytes) -> str:
    try:
        return segment.decode("utf-8")
    except UnicodeDecodeError:
        return segment.decode("latin-1")  # FCS 2.0 and 3.0 knew ASCII only; European software wrote Latin-1


def _choose(body: str, delimiter: str) -> tuple[list[tuple[str, str]], list[Issue]]:
    """Read `body` with doubled delimiters as escapes, or as empty values when only that makes sense."""
    escaped = _tokens(body, delimiter)
    if delimiter * 2 not in body and not body.endswith(delimiter):
        return _pairs(escaped)
    plain = body.split(delimiter)
    plain_fits = len(plain) % 2 == 0 and _complete(plain) and all(plain[::2])
    # No keyword has the delimiter in its name, and no value has reason to hold it before a $.
    swallowed = any(delimiter in key for key in escaped[::2]) or any(
        f"{delimiter}$" in token for token in escaped
    )
    escaped_fits = len(escaped) % 2 == 0 and _complete(escaped) and not swallowed
    return _pairs(escaped if escaped_fits or not plain_fits else plain)


def _tokens(body: str, delimiter: str) -> list[str]:
    """Split at single delimiters, from left to right; a doubled one is the character itself."""
    parts = body.split(delimiter)
    tokens = [parts[0]]
    glue = False
    for part in parts[1:]:
        if glue:
            tokens[-1] += delimiter + part
            glue = False
        elif not part:
            glue = True
        else:
            tokens.append(part)
    if glue:
        tokens.append("")
    return tokens


def _complete(tokens: list[str]) -> bool:
    keys = {token.strip().upper() for token in tokens[::2]}
    return all(name in keys for name in REQUIRED)


def _pairs(tokens: list[str]) -> tuple[list[tuple[str, str]], list[Issue]]:
    issues = []
    if len(tokens) % 2:
        issues.append(_repair("odd_words", "TEXT", "The last keyword of TEXT has no value; it was left out."))
        tokens = tokens[:-1]
    return list(zip(tokens[::2], tokens[1::2], strict=True)), issues


def _empty_values(names: list[str]) -> Issue:
    """Only standard keywords are named: a word that merely stands where a keyword should may be anything."""
    standard = [name for name in names if _STANDARD.fullmatch(name)]
    found = "1 keyword has" if len(names) == 1 else f"{len(names)} keywords have"
    message = f"{found} an empty value, which the standard forbids."
    return _repair("empty_value", ", ".join(standard[:5]) or "TEXT", message)


def _duplicate(name: str, first: str, second: str, file: str) -> Issue:
    if name in {*REQUIRED, "$TOT", "$BEGINDATA", "$ENDDATA"} or re.fullmatch(r"\$P\d+[NBR]", name):
        raise FcsError(
            "A required keyword stands in the file twice with different values.",
            subject=file,
            field=name,
            found=f"{first[:40]!r} and {second[:40]!r}",
            hint="Nobody can tell which one holds: export the file again.",
        )
    subject = name if _STANDARD.fullmatch(name) else "TEXT"
    return _repair(
        "duplicate_keyword", subject, "A keyword stands in the file twice; the last value was taken."
    )


def _repair(code: str, subject: str, message: str) -> Issue:
    return Issue(f"fcs.{code}", Severity.WARNING, subject, message)
