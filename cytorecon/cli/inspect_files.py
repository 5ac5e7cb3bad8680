"""``cytorecon inspect``: what is in an FCS file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytorecon.cli.console import print_json, print_table, progress_bar
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.options import FilesArgument, JsonOption
from cytorecon.errors import CytoreconError

if TYPE_CHECKING:
    from pathlib import Path

    from cytorecon.pipeline import FileInspection


def inspect_files(files: FilesArgument, as_json: JsonOption = False) -> None:
    """Show channels, markers and faults of FCS files."""
    from cytorecon.pipeline import inspect_file
    from cytorecon.pipeline.learn import reason_of

    inspections: list[tuple[Path, FileInspection]] = []
    failures: list[Failure] = []
    with progress_bar() as advance:
        for done, path in enumerate(files, start=1):
            try:
                inspections.append((path, inspect_file(path)))
            except CytoreconError as error:
                failures.append(Failure(str(path), reason_of(error)))
            advance("reading", done, len(files))
    if as_json:
        print_json([{"file": str(path), **found.model_dump(mode="json")} for path, found in inspections])
    else:
        for path, found in inspections:
            _show(path, found)
    raise_for(failures, done=len(inspections))


def _show(path: Path, found: FileInspection) -> None:
    rows = [
        (channel.name, channel.marker_text, channel.role, ", ".join(sorted(channel.markers)))
        for channel in found.channels
    ]
    print_table(("channel", "text", "role", "markers"), rows, title=f"{path}: {found.n_events} events")
    for issue in found.issues:
        print(f"  {issue}")
