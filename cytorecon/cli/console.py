"""What a command prints: tables and JSON on stdout, progress and notes on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cytorecon.errors import Issue

#: Called with what is being done, how many files are done, and how many there are.
Progress = Callable[[str, int, int], None]


def print_json(content: object) -> None:
    """Print plain lists, mappings, strings and numbers as JSON."""
    print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """Print a table on stdout; cells that are wider than the terminal are folded, never cut."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for column in header:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    # Into a pipe or a file nothing is folded, so that other programs can read it line by line.
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 10_000)
    if title:
        print(title)
    console.print(table)


def note(text: str) -> None:
    """Print one line for the person at the terminal, on stderr."""
    print(text, file=sys.stderr)


def shown(path: Path) -> str:
    r"""Return a path as it can be printed: characters that steer a terminal, or are none, are escaped.

    Examples
    --------
    >>> shown(Path("tube\x1b[2J.001"))
    'tube\\x1b[2J.001'
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in str(path)
    )


def issue_lines(issues: Iterable[Issue]) -> Iterator[str]:
    """Yield issues as lines; those that say the same of several subjects share one.

    Examples
    --------
    >>> from cytorecon.errors import Severity
    >>> same = [Issue("a.b", Severity.INFO, name, "It is odd.") for name in ("$P3E", "$P4E")]
    >>> list(issue_lines(same))
    ['info: $P3E, $P4E: It is odd.']
    """
    alike: dict[Issue, list[str]] = {}
    for issue in issues:
        alike.setdefault(replace(issue, subject=""), []).append(issue.subject)
    for issue, subjects in alike.items():
        yield str(replace(issue, subject=", ".join(dict.fromkeys(subjects))))


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a progress bar on stderr while the block runs; nothing when stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None)

        def advance(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        yield advance
