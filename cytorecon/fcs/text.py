"""The TEXT segment: keywords and values between delimiters (FCS 3.1 section 3.2).

A delimiter within a value is written twice, and a value must not be empty. Real files have empty
values all the same: where the delimiter would get into a keyword, the text is read so that no keyword
is empty or holds it; that it was needed becomes an issue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cytorecon.errors import FcsError, Issue, Severity
from cytorecon.fcs.numbers import quoted

#: What every data set must say (FCS 3.1 section 3.2.2); $TOT, $MODE, $PnE may be missing in files
#: that are still read, with an issue.
REQUIRED = ("$PAR", "$DATATYPE", "$BYTEORD")

#: Keywords of FCS 2.0 to 3.2, which may be named in a message; any other word may be anything.
_STANDARD = re.compile(
    r"\$(?:P\d{1,5}(?:[BEFGLNORSTVD]|DET|TAG|TYPE|DATATYPE|ANALYTE|FEATURE|CALIBRATION)"
    r"|(?:BEGIN|END)(?:ANALYSIS|DATA|STEXT|DATETIME)|[BE]TIM|BYTEORD|DATATYPE|MODE|NEXTDATA|PAR|TOT|ABRT|CELLS"
    r"|COM|COMP|CSMODE|CSVBITS|CYT|CYTSN|DATE|EXP|FIL|FLOWRATE|GATE|GATING|INST|LAST_MODIF(?:IER|IED)|LOST|OP"
    r"|ORIGINALITY|PLATE(?:ID|NAME)|PROJ|SMNO|SPILLOVER|SRC|SYS|TIMESTEP|TR|UNICODE|UNSTAINED(?:INFO|CENTERS)"
    r"|VOL|WELLID|CARRIER(?:ID|TYPE)|LOCATIONID|(?:R|G|PK|PKN)\d{1,4}[A-Z]?)"
)

#: A keyword that decides what a value means; two of them are two files in one.
_DECIDES = re.compile(
    r"\$(?:PAR|DATATYPE|BYTEORD|TOT|MODE|TIMESTEP|(?:BEGIN|END)DATA|P\d+(?:[NBREG]|DATATYPE))"
)

#: A copied supplement says where it itself would be.
_OF_THE_SEGMENT = ("$BEGINSTEXT", "$ENDSTEXT")

_ASCII_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}

_LARGEST = 64 * 1024 * 1024

#: Three times what the largest number of parameters needs; more would fill the memory.
_MOST_DELIMITERS = 2_000_000


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
    check_size(len(segment), file)
    text, mixture = _decoded(segment)
    delimiter = text[0]
    body, issues = _body(text, delimiter, file)
    issues += mixture
    tokens, repairs = _choose(body, delimiter)
    names, values = _names(tokens[::2]), tokens[1::2]
    issues += repairs
    if not all(values):
        issues.append(_empty_values([name for name, value in zip(names, values, strict=True) if not value]))
    keywords = dict(zip(names, values, strict=True))
    if len(keywords) < len(names):
        issues += _duplicates(names, values, file)
    return Text(keywords=keywords, issues=tuple(issues))


def check_size(length: int, file: str) -> None:
    """Refuse a TEXT segment of more bytes than any number of parameters needs, before it is read.

    Raises
    ------
    FcsError
        If `length` is more.
    """
    if length > _LARGEST:
        raise FcsError(
            "The TEXT segment is too large.",
            subject=file,
            found=f"{length} bytes",
            allowed=f"{_LARGEST} bytes",
        )


def _body(text: str, delimiter: str, file: str) -> tuple[str, list[Issue]]:
    """Return what stands between the first delimiter and the last."""
    body = text[1:]
    if body.count(delimiter) > _MOST_DELIMITERS:
        raise FcsError(
            "The TEXT segment holds too many keywords.",
            subject=file,
            found=f"{body.count(delimiter)} delimiters",
            allowed=f"{_MOST_DELIMITERS}",
        )
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
    return body, issues


def _names(keys: list[str]) -> list[str]:
    """Keywords are case-insensitive in ASCII only: no letter of another script may become one of theirs."""
    if all(map(str.isascii, keys)):
        return list(map(str.upper, map(str.strip, keys)))
    return [key.strip().upper() if key.isascii() else _ascii_upper(key) for key in keys]


def merged(primary: Text, supplement: Text) -> Text:
    """Return the keywords of both; where they differ, those of the primary TEXT.

    The standard puts every keyword that is needed to read the file into the primary TEXT
    (FCS 3.1 section 3.2.5), so that nothing in the supplement can change a value.
    """
    differ = [
        name
        for name, value in supplement.keywords.items()
        if primary.keywords.get(name, value) != value and name not in _OF_THE_SEGMENT
    ]
    issues = (*primary.issues, *supplement.issues)
    if differ:
        standard = ", ".join(name for name in differ if _STANDARD.fullmatch(name))
        message = "The supplemental TEXT gives another value for a keyword; the primary one was taken."
        issues = (*issues, _repair("supplement_differs", standard[:80] or "TEXT", message))
    return Text({**supplement.keywords, **primary.keywords}, issues)


def _ascii_upper(key: str) -> str:
    return key.strip().translate(_ASCII_UPPER)


def _decoded(segment: bytes) -> tuple[str, list[Issue]]:
    """Read UTF-8; in the keywords and values where it is none, Latin-1.

    FCS 2.0 and 3.0 knew ASCII only; European software wrote Latin-1, and other software what it was given.
    """
    try:
        return segment.decode("utf-8"), []
    except UnicodeDecodeError:
        delimiter = segment[:1]
    if not delimiter.isascii():
        return segment.decode("latin-1"), []
    parts = segment.split(delimiter)
    words = [_word(part) for part in parts]
    text = delimiter.decode("ascii").join(words)
    if all(len(word) == len(part) for word, part in zip(words, parts, strict=True)):  # Latin-1 alone
        return text, []
    message = "TEXT mixes UTF-8 and Latin-1; each keyword and value was read as what it can be."
    return text, [_repair("mixed_encodings", "TEXT", message, "Look at the labels of the channels.")]


def _word(part: bytes) -> str:
    try:
        return part.decode("utf-8")
    except UnicodeDecodeError:
        return part.decode("latin-1")


def _choose(body: str, delimiter: str) -> tuple[list[str], list[Issue]]:
    """Read `body` by the standard, or with empty values where by the standard a keyword is swallowed."""
    if delimiter * 2 not in body and not body.endswith(delimiter):
        return _even(body.split(delimiter))
    tokens = _tokens(body, delimiter)
    issues = []
    if any(delimiter in key for key in tokens[::2]):
        other = _keywords_first(body, delimiter)
        if other is not None and _complete(other) >= _complete(tokens):
            tokens = other
            if any(value.startswith(delimiter) for value in tokens[1::2]):
                message = "A value begins with the delimiter, which the standard forbids."
                issues.append(_repair("delimiter_first", "TEXT", message))
        else:
            message = "A keyword holds the delimiter: one keyword may have been lost in another."
            issues.append(_repair("delimiter_in_keyword", "TEXT", message))
    tokens, odd = _even(tokens)
    return tokens, issues + odd


def _keywords_first(body: str, delimiter: str) -> list[str] | None:
    """Read `body` so that no keyword is empty or holds the delimiter: there is one such way at most."""
    mark = re.escape(delimiter)
    pair = re.compile(rf"([^{mark}]++){mark}((?:[^{mark}]++|{mark}{mark})*+)(?:{mark}|\Z)")
    tokens: list[str] = []
    end = 0
    while found := pair.match(body, end):
        tokens += (found[1], found[2].replace(delimiter * 2, delimiter))
        end = found.end()
    return tokens if end == len(body) else None


def _tokens(body: str, delimiter: str) -> list[str]:
    """Split at single delimiters, from left to right; a doubled one is the character itself."""
    parts = body.split(delimiter)
    tokens: list[str] = []
    word = [parts[0]]
    glue = False
    for part in parts[1:]:
        if glue:
            word += (delimiter, part)
            glue = False
        elif not part:
            glue = True
        else:
            tokens.append("".join(word))
            word = [part]
    tokens.append("".join(word))
    return [*tokens, ""] if glue else tokens


def _complete(tokens: list[str]) -> bool:
    keys = {token.strip().upper() for token in tokens[::2]}
    return all(name in keys for name in REQUIRED)


def _even(tokens: list[str]) -> tuple[list[str], list[Issue]]:
    if len(tokens) % 2 == 0:
        return tokens, []
    message = "The last keyword of TEXT has no value; it was left out."
    return tokens[:-1], [_repair("odd_words", "TEXT", message)]


def _empty_values(names: list[str]) -> Issue:
    """Only standard keywords are named: a word that merely stands where a keyword should may be anything."""
    standard = [name for name in names if _STANDARD.fullmatch(name)]
    found = "1 keyword has" if len(names) == 1 else f"{len(names)} keywords have"
    message = f"{found} an empty value, which the standard forbids."
    return _repair("empty_value", ", ".join(standard[:5]) or "TEXT", message)


def _duplicates(names: list[str], values: list[str], file: str) -> list[Issue]:
    issues: dict[Issue, None] = {}  # one for each standard keyword, one for all others
    seen: dict[str, str] = {}
    told: set[str] = set()
    for name, value in zip(names, values, strict=True):
        if seen.setdefault(name, value) != value and name not in told:
            issues[_duplicate(name, seen[name], value, file)] = None
            told.add(name)
    return list(issues)


def _duplicate(name: str, first: str, second: str, file: str) -> Issue:
    if _DECIDES.fullmatch(name):
        raise FcsError(
            "A required keyword stands in the file twice with different values.",
            subject=file,
            field=name,
            found=f"{quoted(first)} and {quoted(second)}",
            hint="Nobody can tell which one holds: export the file again.",
        )
    subject = name if _STANDARD.fullmatch(name) else "TEXT"
    return _repair(
        "duplicate_keyword", subject, "A keyword stands in the file twice; the last value was taken."
    )


def _repair(code: str, subject: str, message: str, hint: str = "") -> Issue:
    return Issue(f"fcs.{code}", Severity.WARNING, subject, message, hint)
