"""Exit codes, help, and what becomes of errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
import typer
import typer.main

from cytorecon import __version__
from cytorecon.cli import app, main
from cytorecon.cli import main as main_module
from cytorecon.cli.failures import Failure, SomeFilesFailedError, raise_for
from cytorecon.errors import CytoreconError, Issue, Severity, StudyError

COMMANDS = (
    "demo",
    "simulate",
    "inspect",
    "deidentify",
    "templates",
    "gate",
    "priors",
    "batch",
    "override",
    "import-counts",
    "counts",
    "patient",
    "milestones",
    "due",
    "cohort",
    "report",
    "export",
    "references",
    "serve",
    "worker",
    "jobs",
    "db",
    "audit",
    "approve",
    "approvals",
    "lock",
    "unlock",
    "reproduce",
    "doctor",
    "evaluate",
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cytorecon", *arguments], capture_output=True, text=True, check=False
    )


def outcome_of(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> int:
    """Return the exit code when a command does `work`."""
    probe = typer.Typer(pretty_exceptions_enable=False)
    probe.command()(work)
    monkeypatch.setattr(sys.modules[main_module.__module__], "app", probe)
    return main([])


def test_help_lists_the_commands_in_the_order_of_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out.split("Commands:\n")[1].split("\n\n")[0]
    assert tuple(line.split()[0] for line in listed.splitlines()) == COMMANDS
    assert all(line.endswith(".") and not line.endswith("...") for line in listed.splitlines())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_explains_it_and_each_option(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    found = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]  # a group
    assert found.help.splitlines()[0] in " ".join(shown.split())
    for parameter in found.params:
        assert parameter.help, f"{command} {parameter.name} has no help"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"cytorecon {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "Error: No such command 'nonsense'."),
        (["counts"], "Error: Missing argument 'STUDY'."),
        (["simulate"], "Error: Missing option '--out'."),
        (["counts", "study", "--output", "x"], "Error: No such option: --output"),
    ],
)
def test_wrong_usage_ends_with_1(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_files_that_failed_are_named_and_end_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        raise_for([Failure("a.fcs", "It is empty."), Failure("P01/d30/1", "It is cut.")], done=3)

    assert outcome_of(monkeypatch, work) == 2
    assert capsys.readouterr().err == "failed: a.fcs: It is empty.\nfailed: P01/d30/1: It is cut.\n"


def test_nothing_done_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        raise_for([Failure("a.fcs", "It is empty.")], done=0)

    assert outcome_of(monkeypatch, work) == 1


def test_no_failure_raises_nothing() -> None:
    raise_for([], done=0)


def test_the_exception_counts() -> None:
    assert str(SomeFilesFailedError([Failure("a", "b")], done=4)) == "1 failed, 4 done"


def test_an_error_of_ours_is_a_message_without_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        raise CytoreconError("There is no such study.", subject="s1", hint="Look again.")

    assert outcome_of(monkeypatch, work) == 1
    assert capsys.readouterr().err == "error: s1: There is no such study. Look again.\n"


def test_a_sheet_s_problems_are_all_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        issues = [
            Issue("sheet.column", Severity.ERROR, "column day", "It is missing.", "Add it."),
            Issue("sheet.value", Severity.WARNING, "row 3, column sex", "'x' is not a sex."),
        ]
        raise StudyError("The sheet cannot be used.", issues, subject="manifest")

    assert outcome_of(monkeypatch, work) == 1
    assert capsys.readouterr().err == (
        "error: manifest: The sheet cannot be used.\n"
        "  error: column day: It is missing. Add it.\n"
        "  warning: row 3, column sex: 'x' is not a sex.\n"
    )


def test_a_file_that_cannot_be_written_is_a_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        raise PermissionError(13, "Permission denied", "out.csv")

    assert outcome_of(monkeypatch, work) == 1
    assert capsys.readouterr().err == "error: out.csv: Permission denied\n"


def test_a_defect_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        outcome_of(monkeypatch, work)


def test_interrupting_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        raise KeyboardInterrupt

    assert outcome_of(monkeypatch, work) == 130


def test_as_a_module_with_the_exit_code_of_the_process() -> None:
    assert run("--version").stdout == f"cytorecon {__version__}\n"
    wrong = run("counts", "no-such-study", "--out", "x.csv")
    assert wrong.returncode == 1
    assert "Traceback" not in wrong.stderr
    assert wrong.stderr.startswith("error: no-such-study")
