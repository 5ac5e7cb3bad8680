"""The spillover matrix stored in a file's keywords, and the names a matrix uses.

``$SPILLOVER`` (FCS 3.1): ``n,name1,…,namen,s11,s12,…,snn``; ``SPILL`` and ``SPILLOVER`` are what
software wrote before the standard had a keyword; ``$COMP`` (FCS 3.0) is a matrix of all parameters.
``$DFCiTOj`` (FCS 2.0), percentages of single pairs, are not read but named.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cytorecon.errors import CompensationError, Issue, Severity
from cytorecon.fcs.numbers import decimal, quoted
from cytorecon.fcs.quoting import safe_label
from cytorecon.sample import Channel, Spillover

KEYWORDS = ("$SPILLOVER", "SPILLOVER", "SPILL", "$SPILL")

#: What FlowJo and Diva put before the name of a detector whose values are compensated already.
_COMPENSATED_PREFIXES = ("Comp-", "FJComp-", "FJ-Comp-")

#: More colours than any instrument has; a larger matrix is damage, and slow to check.
_MOST_COLOURS = 1000

#: Percentages of single pairs of parameters (FCS 2.0).
_PERCENTAGES = re.compile(r"\$DFC\d{1,5}TO\d{1,5}")

#: Numbers that make a matrix unusable, but are numbers.
_NOT_FINITE = frozenset({"nan", "inf", "-inf", "infinity", "-infinity"})

_TRY = "Give a matrix with --spillover FILE.csv, or export the file again."


def spillover_from_keywords(
    keywords: Mapping[str, str], channels: Sequence[Channel]
) -> tuple[Spillover | None, tuple[Issue, ...]]:
    """Return the matrix that the file itself holds, or None when it holds none.

    Parameters
    ----------
    keywords : mapping of str to str
        TEXT keywords, upper case.
    channels : sequence of Channel
        The file's channels; see :func:`resolve_spillover`.

    Raises
    ------
    CompensationError
        If a matrix is there but cannot be read, or two matrices disagree.
    """
    told = _percentages(keywords)
    written = [
        parse_spillover(keywords[key], key) for key in KEYWORDS if keywords.get(key, "").strip(" \x00")
    ]
    comp = keywords.get("$COMP", "").strip(" \x00")
    if not written:
        return (_parse_comp(comp, channels), told) if comp else (None, told)
    if _is_compensated(written[0], channels):
        message = "The channels are named as compensated already; the file's matrix was not taken."
        return None, (Issue("spillover.already_applied", Severity.INFO, written[0].source, message), *told)
    (first, issues), *others = [resolve_spillover(spillover, channels) for spillover in written]
    for other, _ in others:
        _check_agreement(first, other)
    return first, (*issues, *(_comp_beside(comp, first, channels) if comp else ()), *told)


def _percentages(keywords: Mapping[str, str]) -> tuple[Issue, ...]:
    """Whether i and j count parameters or colours is not certain, so that they are not compared."""
    names = [name for name, value in keywords.items() if "TO" in name and _PERCENTAGES.fullmatch(name)]
    if not any(decimal(keywords[name]) != 0 for name in names):
        return ()
    message = "The file gives compensation in percent for pairs of parameters, which was not taken."
    hint = "If it is what holds, give it with --spillover FILE.csv."
    return (Issue("spillover.percentages", Severity.WARNING, "$DFCiTOj", message, hint),)


def _comp_beside(comp: str, first: Spillover, channels: Sequence[Channel]) -> tuple[Issue, ...]:
    """Compare ``$COMP`` with the matrix that was taken; one that cannot be read says nothing against it."""
    try:
        whole = _parse_comp(comp, channels)
    except CompensationError as error:
        message = f"$COMP could not be compared with {first.source}, which was taken: {error.message}"
        return (Issue("spillover.comp_not_compared", Severity.WARNING, "$COMP", message),)
    names = [channel.name for channel in channels]
    columns = [names.index(name) for name in first.channels]
    expected = np.eye(len(names))
    expected[np.ix_(columns, columns)] = first.matrix
    numbers = tuple(map(str, range(len(names))))  # of names there may be two alike
    _check_agreement(replace(first, matrix=expected, channels=numbers), replace(whole, channels=numbers))
    return ()


def resolve_spillover(
    spillover: Spillover, channels: Sequence[Channel]
) -> tuple[Spillover, tuple[Issue, ...]]:
    """Return `spillover` with its channels as ``$PnN`` of `channels`.

    Labels (``$PnS``) or parameter numbers (from 1) are accepted, with an issue, when every one of
    them means exactly one channel.

    Raises
    ------
    CompensationError
        If a name means no channel, or more than one.
    """
    names = spillover.channels
    by_name = [channel.name for channel in channels]
    texts = [channel.marker_text for channel in channels]
    if all(by_name.count(name) == 1 for name in names):
        return spillover, ()
    if all(texts.count(name) == 1 for name in names):
        return _translated(spillover, [by_name[texts.index(name)] for name in names], "labels ($PnS)")
    if all(_is_number_up_to(name, len(channels)) for name in names):
        return _translated(spillover, [by_name[int(name) - 1] for name in names], "parameter numbers")
    raise CompensationError(
        "The spillover matrix names channels that the sample does not have, or has twice.",
        subject=spillover.source,
        found=", ".join(
            [name if name in by_name else safe_label(name) for name in names if by_name.count(name) != 1][:8]
        ),
        allowed=", ".join(by_name[:40]),
        hint="Use the detector names ($PnN) of this sample.",
    )


def parse_spillover(text: str, source: str) -> Spillover:
    """Return the matrix written as ``n,name1,…,namen,s11,…,snn``, its names as written.

    Raises
    ------
    CompensationError
        If it is not of this form.

    Examples
    --------
    >>> parse_spillover("2,FITC-A,PE-A,1,0.2,0.01,1", "$SPILLOVER").channels
    ('FITC-A', 'PE-A')
    """
    check_size(math.isqrt(text.count(",")), source)
    parts = [part.strip(" \x00") for part in text.split(",")]
    size = int(parts[0]) if _is_number_up_to(parts[0], _MOST_COLOURS) else 0
    if size < 1 or len(parts) != 1 + size + size * size:
        raise CompensationError(
            "The spillover keyword is malformed.",
            subject=source,
            found=f"it begins with {quoted(parts[0])} and has {len(parts)} parts",
            allowed="n, then n channel names, then n x n numbers",
            hint=_TRY,
        )
    return Spillover(square(parts[1 + size :], size, source), tuple(parts[1 : 1 + size]), source)


def spillover_text(spillover: Spillover) -> str:
    """Return `spillover` as the value of ``$SPILLOVER``; :func:`parse_spillover` reads it back identical."""
    numbers = [repr(float(value)) for value in spillover.matrix.ravel()]
    return ",".join([str(len(spillover.channels)), *spillover.channels, *numbers])


def check_size(size: int, source: str) -> None:
    """Refuse a matrix that is too large, before anything is done with it.

    Raises
    ------
    CompensationError
        If `size`, the number of its rows, is more than any instrument has colours.
    """
    if size > _MOST_COLOURS:
        raise CompensationError(
            "The spillover matrix is too large.",
            subject=source,
            found=f"{size} rows",
            allowed=f"at most {_MOST_COLOURS}",
            hint=_TRY,
        )


def square(cells: Sequence[str], size: int, source: str) -> npt.NDArray[np.float64]:
    """Return `cells`, row by row, as a matrix with `size` rows and columns.

    Raises
    ------
    CompensationError
        If a cell is not a number.
    """
    values = []
    for place, cell in enumerate(cells):
        value = decimal(cell)
        if math.isnan(value) and cell.strip().lower() not in _NOT_FINITE:
            raise CompensationError(
                "The spillover matrix holds something that is not a number.",
                subject=source,
                found=f"{quoted(cell)} in row {place // size + 1}, column {place % size + 1}",
                hint="Decimals are written with a point.",
            )
        values.append(value)
    return np.array(values, dtype=np.float64).reshape(size, size)


def _translated(spillover: Spillover, names: list[str], what: str) -> tuple[Spillover, tuple[Issue, ...]]:
    message = f"The spillover matrix uses {what}; they were read as {', '.join(names)}."
    issue = Issue("spillover.names_translated", Severity.WARNING, spillover.source, message)
    return replace(spillover, channels=tuple(names)), (issue,)


def _parse_comp(text: str, channels: Sequence[Channel]) -> Spillover:
    """``$COMP`` of FCS 3.0: n, then n x n numbers for all n parameters of the file."""
    check_size(math.isqrt(text.count(",")), "$COMP")
    parts = [part.strip() for part in text.split(",")]
    size = len(channels)
    if parts[0] != str(size) or len(parts) != 1 + size * size:
        raise CompensationError(
            "The spillover keyword is malformed.",
            subject="$COMP",
            found=f"it begins with {quoted(parts[0])} and has {len(parts)} parts",
            allowed=f"{size}, then {size} x {size} numbers",
            hint=_TRY,
        )
    return Spillover(square(parts[1:], size, "$COMP"), tuple(channel.name for channel in channels), "$COMP")


def _is_compensated(spillover: Spillover, channels: Sequence[Channel]) -> bool:
    """Tell whether every detector of the matrix is there, but under its name for compensated values."""
    names = {channel.name for channel in channels}
    return all(
        name not in names and any(prefix + name in names for prefix in _COMPENSATED_PREFIXES)
        for name in spillover.channels
    )


def _check_agreement(first: Spillover, second: Spillover) -> None:
    same = set(first.channels) == set(second.channels)
    if same:
        order = [second.channels.index(name) for name in first.channels]
        same = np.allclose(
            first.matrix, second.matrix[np.ix_(order, order)], rtol=1e-6, atol=1e-9, equal_nan=True
        )
    if not same:
        raise CompensationError(
            f"The file holds two spillover matrices that differ ({first.source} and {second.source}).",
            subject=first.source,
            hint="Give the right one with --spillover FILE.csv.",
        )


def _is_number_up_to(text: str, largest: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= largest
