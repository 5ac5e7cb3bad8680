"""Reference ranges of the user's own: checked, and shown before the packaged ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_csv_rows, validated
from cytorecon.knowledge.given_counts import load_given_count_limits
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.references import (
    DefaultBand,
    ReferenceDefault,
    ReferenceRange,
    References,
    check_rows,
    load_references,
)

#: An open band ends here in the list of defaults, years.
_OLDEST = 125.0


def check_reference_file(path: Path, *, references: References | None = None) -> tuple[KnowledgeError, ...]:
    """Return every problem of a file of reference ranges; none when it can be used.

    Parameters
    ----------
    path : Path
        A CSV file with the columns of ``reference_ranges.csv``, and optionally `median` and `stratum`.
    references : References, optional
        Those it is added to; the packaged ones by default.

    Returns
    -------
    tuple of KnowledgeError
        Not raised. A range of another gate definition than ours is a problem: it would never be shown; an
        upper limit that is most likely 10^9/L is another.
    """
    return _read(path, references or load_references())[1]


def with_own_references(path: Path, *, references: References | None = None) -> References:
    """Return reference ranges with those of a file before them.

    Parameters
    ----------
    path, references
        As in :func:`check_reference_file`.

    Raises
    ------
    KnowledgeError
        The first problem of the file, and how many more there are.
    """
    packaged = references or load_references()
    rows, problems = _read(path, packaged)
    if problems:
        first = problems[0]
        more = (
            f"There are {len(problems) - 1} more problems" if len(problems) > 1 else "It is the only problem"
        )
        raise KnowledgeError(
            first.message,
            subject=first.subject,
            field=first.field,
            found=first.found,
            allowed=first.allowed,
            hint=f"{more}; 'cytorecon references check' lists all.",
        )
    return packaged.model_copy(
        update={
            "ranges": (*packaged.ranges, *rows),
            "defaults": (*packaged.defaults, *_new_defaults(rows, packaged)),
            "own_sets": (*dict.fromkeys(row.set for row in rows), *packaged.own_sets),
        }
    )


def _read(path: Path, packaged: References) -> tuple[tuple[ReferenceRange, ...], tuple[KnowledgeError, ...]]:
    if not path.is_file():
        return (), (KnowledgeError("There is no such file.", subject=path.name),)
    try:
        table = read_csv_rows(path.name, folder=path.parent)
    except KnowledgeError as error:
        return (), (error,)
    rows: list[ReferenceRange] = []
    problems: list[KnowledgeError] = []
    for number, cells in enumerate(table, start=1):
        subject = f"{path.name}, data row {number}"
        try:
            row = validated(ReferenceRange, cells, subject=subject)
            check_rows(row, subject, rows)
        except KnowledgeError as error:
            problems.append(error)
            continue
        problems += _not_ours(row, subject, packaged)
        problems += _other_unit(row, subject)
        rows.append(row)
    return tuple(rows), tuple(problems)


def _not_ours(row: ReferenceRange, subject: str, packaged: References) -> Iterator[KnowledgeError]:
    if row.set in {other.set for other in packaged.ranges}:
        yield KnowledgeError(
            "A packaged set has this name.",
            subject=subject,
            field="set",
            found=row.set,
            allowed="another name",
        )
    accepted = _accepted(row, packaged)
    if row.gate_definition not in accepted:
        yield KnowledgeError(
            "This range is of another gate definition than ours, so nothing may be held against it.",
            subject=subject,
            field="gate_definition",
            found=row.gate_definition,
            allowed=", ".join(accepted) or f"none: no definition of {row.population} is known",
        )


def _other_unit(row: ReferenceRange, subject: str) -> Iterator[KnowledgeError]:
    """Yield a problem where the limits are most likely 10^9/L: everybody would lie above them."""
    limits = load_given_count_limits()
    least = limits.smallest_reference_limit.value
    if row.measure == "cells_per_ul" and row.population in limits.populations and row.high < least:
        yield KnowledgeError(
            "An upper limit so low is most likely in another unit.",
            subject=subject,
            field="high",
            found=f"{row.high:g}",
            allowed=f"at least {least:g} cells/µL for {row.population}",
            hint="1 x 10^9/L are 1000 cells/µL.",
        )


def _accepted(row: ReferenceRange, packaged: References) -> tuple[str, ...]:
    """Return the definitions that results of the population may be held against."""
    listed = [
        definition
        for default in packaged.defaults
        if (default.population, default.measure) == (row.population, row.measure)
        for definition in default.gate_definitions
    ]
    known = load_populations().find(row.population)
    own = [known.gate_definition] if known is not None and known.gate_definition else []
    return tuple(dict.fromkeys((*listed, *own)))


def _new_defaults(rows: Sequence[ReferenceRange], packaged: References) -> Iterator[ReferenceDefault]:
    """Yield a default for what the packaged ones have none for."""
    listed = {(default.population, default.measure) for default in packaged.defaults}
    ordered = sorted(rows, key=lambda row: (row.population, row.measure))
    for (population, measure), group in groupby(ordered, key=lambda row: (row.population, row.measure)):
        own = list(group)
        if (population, measure) not in listed:
            definitions = tuple(dict.fromkeys(row.gate_definition for row in own))
            yield ReferenceDefault(
                population=population,
                measure=measure,
                ours=definitions,
                gate_definitions=definitions,
                bands=tuple(
                    DefaultBand(age_from=row.age_from, age_below=row.age_below or _OLDEST, set=row.set)
                    for row in own
                ),
                reason="The user's own file.",
            )
