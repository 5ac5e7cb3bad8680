"""``cytorecon inspect``: what is in an FCS file, and whether FlowIO reads the same in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cytorecon.cli.console import print_json, print_table, progress_bar
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.options import FilesArgument, JsonOption
from cytorecon.errors import CytoreconError, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from cytorecon.fcs.cross_check import CrossCheck
    from cytorecon.pipeline import FileInspection

Found = TypeVar("Found")

CrossCheckOption = Annotated[
    bool, typer.Option("--cross-check", help="Read with FlowIO too, and explain what differs.")
]


def inspect_files(
    files: FilesArgument, cross_check: CrossCheckOption = False, as_json: JsonOption = False
) -> None:
    """Show channels, markers and faults of FCS files.

    A file with a fault of severity error (its checksum does not fit, say) is shown, and the exit code is 2.
    """
    if cross_check:
        _cross_check(files, as_json=as_json)
        return
    from cytorecon.pipeline import inspect_file

    inspections, failures = _of_each(files, inspect_file)
    if as_json:
        print_json([{"file": str(path), **found.model_dump(mode="json")} for path, found in inspections])
    else:
        for path, found in inspections:
            _show(path, found)
    faulty = [
        Failure(str(path), f"{issue.subject}: {issue.message} {issue.hint}".rstrip())
        for path, found in inspections
        for issue in found.issues
        if issue.severity is Severity.ERROR
    ]
    raise_for([*failures, *faulty], done=len(inspections))


def _cross_check(files: Sequence[Path], *, as_json: bool) -> None:
    from cytorecon.pipeline import second_opinion

    checks, failures = _of_each(files, second_opinion)
    if as_json:
        print_json(
            [
                {"file": str(path), "verdict": found.verdict, **found.model_dump(mode="json")}
                for path, found in checks
            ]
        )
    else:
        for path, found in checks:
            _show_check(path, found)
    failures += [
        Failure(str(path), found.refused_by_us or "FlowIO reads something else, and the cause is not known.")
        for path, found in checks
        if found.refused_by_us or not found.is_explained
    ]
    raise_for(failures, done=len(files) - len(failures))


def _of_each(
    files: Sequence[Path], work: Callable[[Path], Found]
) -> tuple[list[tuple[Path, Found]], list[Failure]]:
    """Return what `work` found in each file, and the files it could not do."""
    from cytorecon.pipeline.learn import reason_of

    done: list[tuple[Path, Found]] = []
    failures: list[Failure] = []
    with progress_bar() as advance:
        for count, path in enumerate(files, start=1):
            try:
                done.append((path, work(path)))
            except CytoreconError as error:
                failures.append(Failure(str(path), reason_of(error)))
            advance("reading", count, len(files))
    return done, failures


def _show(path: Path, found: FileInspection) -> None:
    rows = [
        (
            channel.name,
            channel.marker_text,
            channel.role,
            ", ".join(sorted(channel.markers)),
            _percent(channel.percent_at_top),
            _percent(channel.percent_below_zero),
        )
        for channel in found.channels
    ]
    print(f"{path}: {found.n_events} events")
    for line in _facts(found):
        print(f"  {line}")
    print_table(("channel", "text", "role", "markers", "% at top", "% below 0"), rows)
    for issue in found.issues:
        print(f"  {issue}")


def _facts(found: FileInspection) -> Iterator[str]:
    yield f"instrument: {found.instrument or 'not known'}"
    yield f"format: {found.version}, {found.numbers}"
    if found.seconds is not None:
        rate = "" if found.events_per_second is None else f", {found.events_per_second:.0f} events/s"
        yield f"time: {found.seconds:.1f} s{rate}"
    else:
        yield "time: no clock in seconds"
    condition = "not finite" if found.spillover_condition is None else f"{found.spillover_condition:.3g}"
    size = len(found.spillover_channels)
    yield (
        f"spillover: {found.spillover}, {size} detectors, condition number {condition}"
        if size
        else "spillover: none"
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _show_check(path: Path, found: CrossCheck) -> None:
    print(f"{path}: {found.verdict}")
    for cause in dict.fromkeys(difference.cause for difference in found.differences):
        subjects = [difference.subject for difference in found.differences if difference.cause is cause]
        print(f"  {', '.join(subjects)}")
        print(f"    {cause}")
