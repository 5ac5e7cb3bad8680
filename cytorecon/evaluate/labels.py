"""What somebody said of the events of a file: labels event by event, or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.labelled import Labelled
from cytorecon.fcs import read_fcs
from cytorecon.gating.shapes import Mask
from cytorecon.values import Frozen

#: What a cell of a 0/1 column may say.
YES, NO = frozenset({"1", "1.0", "true", "True", "TRUE"}), frozenset({"0", "0.0", "false", "False", "FALSE"})

Labels = Annotated[tuple[str, ...], Field(min_length=1)]


class EventLabel(Frozen):
    """One row per event, one column with its label; a population is any of several labels."""

    kind: Literal["event_label"]
    column: str
    labels: Annotated[Mapping[str, Labels], Field(min_length=1)]

    @property
    def populations(self) -> tuple[str, ...]:
        """Populations the labels speak of."""
        return tuple(self.labels)

    def masks(self, table: pd.DataFrame, subject: str) -> dict[str, Mask]:
        """Return the events of each population."""
        label = _column(table, self.column, subject)
        return {name: label.isin(words).to_numpy(dtype=bool) for name, words in self.labels.items()}


class EventColumns(Frozen):
    """One row per event, one 0/1 column per kind; a population is any of several columns."""

    kind: Literal["event_columns"]
    columns: Annotated[Mapping[str, Labels], Field(min_length=1)]

    @property
    def populations(self) -> tuple[str, ...]:
        """Populations the columns speak of."""
        return tuple(self.columns)

    def masks(self, table: pd.DataFrame, subject: str) -> dict[str, Mask]:
        """Return the events of each population."""
        marked = {
            column: _marked(_column(table, column, subject), subject)
            for columns in self.columns.values()
            for column in columns
        }
        return {
            name: pd.concat([marked[column] for column in columns], axis=1).any(axis=1).to_numpy(dtype=bool)
            for name, columns in self.columns.items()
        }


class CountRows(Frozen):
    """One row per tube and kind with a number of events; a population is the sum of several kinds."""

    kind: Literal["counts"]
    tube_column: str
    column: str
    count_column: str
    labels: Annotated[Mapping[str, Labels], Field(min_length=1)]

    @property
    def populations(self) -> tuple[str, ...]:
        """Populations the rows speak of."""
        return tuple(self.labels)

    def counts(self, table: pd.DataFrame, tube: str, subject: str) -> dict[str, int]:
        """Return the number of events of each population; a kind without a row has none."""
        mine = table[_column(table, self.tube_column, subject) == tube]
        if not len(mine):
            raise CytoreconError(
                "The table of counts has no row of this tube.",
                subject=subject,
                field=self.tube_column,
                allowed=tube,
            )
        kinds = _column(mine, self.column, subject)
        numbers = _whole_numbers(_column(mine, self.count_column, subject), subject)
        return {name: int(numbers[kinds.isin(words)].sum()) for name, words in self.labels.items()}


Truth = Annotated[EventLabel | EventColumns | CountRows, Field(discriminator="kind")]


@dataclass(frozen=True)
class FileTube:
    """A labelled FCS file; read whenever it is asked for."""

    tube: str
    patient: str
    group: str
    file: Path
    labels: Path
    truth: EventLabel | EventColumns | CountRows
    planted: Mapping[str, int] = field(default_factory=dict)

    def read(self) -> Labelled:
        """Return sample and truth.

        Raises
        ------
        FcsError
            If the file cannot be read.
        CytoreconError
            If the labels do not fit the file.
        """
        sample = read_fcs(self.file)
        subject = f"tube {self.tube}, labels"
        table = _table(self.labels, subject)
        if isinstance(self.truth, CountRows):
            return Labelled(sample, {}, self.truth.counts(table, self.tube, subject))
        if len(table) != sample.n_events:
            raise CytoreconError(
                "There must be one label per event.",
                subject=subject,
                found=f"{len(table)} rows",
                allowed=f"{sample.n_events} events",
            )
        return Labelled.of_masks(sample, self.truth.masks(table, subject))


def _table(path: Path, subject: str) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise CytoreconError(
            "The labels cannot be read.",
            subject=subject,
            found=str(error),
            allowed="a CSV file with a header",
        ) from error


def _column(table: pd.DataFrame, name: str, subject: str) -> pd.Series[str]:
    if name not in table.columns:
        raise CytoreconError(
            "The labels lack a column.", subject=subject, field=name, found=", ".join(map(str, table.columns))
        )
    return table[name].str.strip()


def _marked(column: pd.Series[str], subject: str) -> pd.Series[bool]:
    other = sorted(set(column) - YES - NO)
    if other:
        raise CytoreconError(
            "A column of an event's kinds may hold only 0 and 1.",
            subject=subject,
            field=str(column.name),
            found=", ".join(other[:3]),
            allowed="0, 1",
        )
    return column.isin(YES)


def _whole_numbers(column: pd.Series[str], subject: str) -> pd.Series[int]:
    bad = [text for text in column if not text.isdecimal()]
    if bad:
        raise CytoreconError(
            "A count must be a whole number.",
            subject=subject,
            field=str(column.name),
            found=bad[0],
            allowed="0 or more",
        )
    return column.astype("int64")
