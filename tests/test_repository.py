"""The repository itself: lock files, licence, README, what must not be in any file."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer.main
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cytorecon
from cytorecon.cli import app

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-test.lock")
COMMANDS: dict[str, Any] = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group

# In two parts each, so that this file does not hold what it looks for.
FORBIDDEN = tuple(
    "".join(parts)
    for parts in (
        ("/wo", "rk/"), ("/ro", "ot/"), ("/tmp/", "venv"), ("/tmp/", "brief"), ("/opt/", "wheels"),
        ("bash_", "jobs"), ("pypi", ".org"), ("python", "hosted"), ("npmjs", ".org"), ("debian", ".org"),
        ("index-", "url"),
        ("issues ", "show"), ("str_replace_", "based"), ("shared/", "design"), ("torture/", "MANIFEST"),
    )
)  # fmt: skip


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def repository_files() -> list[Path]:
    """Return the files that git knows or would take in."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git work tree")
    names = {os.fsdecode(name) for name in listed.stdout.split(b"\0") if name}
    return [ROOT / name for name in sorted(names) if (ROOT / name).is_file()]


def locked(lock: str) -> dict[str, list[str]]:
    """Return requirement -> hashes of a lock file; a requirement keeps its marker."""
    joined = (ROOT / lock).read_text().replace("\\\n", " ")
    entries = [line.split() for line in joined.splitlines() if line and not line.startswith("#")]
    return {
        " ".join(word for word in words if not word.startswith("--hash=")): [
            word.removeprefix("--hash=") for word in words if word.startswith("--hash=")
        ]
        for words in entries
    }


def readme_commands() -> Iterator[list[str]]:
    """Yield the words of each command line in the README's blocks of code."""
    text = (ROOT / "README.md").read_text()
    for block in re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if re.match(r"(\$ )?(make|(\S*/)?cytorecon) ", line):
                yield shlex.split(line.removeprefix("$ "), comments=True)


def test_no_path_of_a_machine_and_no_package_host_is_in_any_file() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in repository_files()
        for word in FORBIDDEN
        if word.encode() in path.read_bytes()
    ]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_of_a_lock_is_pinned_and_hashed(lock: str) -> None:
    entries = locked(lock)
    assert len(entries) > 30
    for entry, hashes in entries.items():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*( ; .+)?", entry), entry
        assert hashes, f"{entry} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes), entry


def test_the_test_lock_holds_the_runtime_lock() -> None:
    runtime, test = locked("requirements.lock"), locked("requirements-test.lock")
    # the test lock may need a library everywhere that the program needs on some systems only
    assert {entry: test.get(entry) or test.get(entry.split(" ;")[0]) for entry in runtime} == runtime


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_needs_no_accelerator(lock: str) -> None:
    names = [entry.split("==")[0] for entry in locked(lock)]
    assert [name for name in names if re.search(r"torch|cuda|nvidia|tensorflow|jax", name)] == []


def test_the_locks_satisfy_the_project() -> None:
    project = pyproject()["project"]
    build = pyproject()["build-system"]["requires"]
    extras = project["optional-dependencies"]
    wanted = {
        "requirements.lock": [*project["dependencies"], *build],
        "requirements-test.lock": [text for text in extras["test"] if not text.startswith("cytorecon[")],
    }
    for lock, requirements in wanted.items():
        pinned = [Requirement(entry) for entry in locked(lock)]
        for text in requirements:
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            versions = [str(pin.specifier)[2:] for pin in pinned if canonicalize_name(pin.name) == name]
            assert versions, f"{lock} lacks {text}: run `make lock`"
            assert all(version in requirement.specifier for version in versions), (
                f"{lock}: {text} is {versions}"
            )


def test_every_library_that_is_imported_is_declared() -> None:
    project = pyproject()["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["cluster"]]
    declared = {canonicalize_name(Requirement(text).name) for text in needed}
    brought_by_a_declared_one = {"numpy-typing-compat", "pydantic-core", "werkzeug"}
    distributions = metadata.packages_distributions()
    trees = [
        ast.parse(path.read_text())
        for path in [*ROOT.glob("cytorecon/**/*.py"), *ROOT.glob("dashboard/**/*.py")]
    ]
    names = {name.split(".")[0] for tree in trees for name in imported(tree)}
    third_party = names - sys.stdlib_module_names - {"cytorecon", "dashboard"}
    owners = {
        name: {canonicalize_name(owner) for owner in distributions.get(name, [name])} for name in third_party
    }
    assert len(owners) > 10
    undeclared = {
        name for name, found in owners.items() if not found & (declared | brought_by_a_declared_one)
    }
    assert undeclared == set()


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_version_is_one() -> None:
    assert pyproject()["project"]["version"] == cytorecon.__version__
    assert f"## [{cytorecon.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_extras() -> None:
    assert set(pyproject()["project"]["optional-dependencies"]) == {
        "test",
        "postgres",
        "parquet",
        "s3",
        "cluster",
        "docs",
    }


def test_each_ignored_rule_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("\nignore = [\n")[1].split("\n]\n")[0]
    assert [line for line in block.splitlines() if not re.search(r'"[A-Z]+\d+",\s+# [\w`]', line)] == []
    filters = text.split("filterwarnings = [\n")[1].split("\n]\n")[0].splitlines()
    unexplained = [
        line
        for before, line in pairwise(filters)
        if line.strip().startswith('"ignore') and not before.strip().startswith("#")
    ]
    assert unexplained == []


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert pyproject()["project"]["license"] == "Apache-2.0"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.search(r"^timeout .* make test ", script.read_text(), flags=re.MULTILINE)
    assert ["make", "test"] in list(readme_commands())


def test_make_lists_each_of_its_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)[0].split())
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make (\w+)", shown, flags=re.MULTILINE)) == phony
    assert {"demo", "test", "check", "bench"} <= phony


def test_commands_in_the_readme_exist() -> None:
    seen = list(readme_commands())
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for words in seen:
        if words[0] == "make":
            named = [word for word in words[1:] if "=" not in word]
            assert set(named) <= targets, words
        if Path(words[0]).name == "cytorecon":
            assert_is_a_command(words[1:])
    assert ["make", "demo"] in seen


def assert_is_a_command(words: list[str]) -> None:
    if words[0] in {"--help", "--version"}:
        return
    assert words[0] in COMMANDS, words
    command = COMMANDS[words[0]]
    if hasattr(command, "commands"):  # a group
        assert words[1] in command.commands, words
        command = command.commands[words[1]]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    used = {word.split("=")[0] for word in words[1:] if word.startswith("--")}
    assert used <= known, f"cytorecon {words[0]} has no {', '.join(sorted(used - known))}"


def test_the_readme_names_each_command() -> None:
    text = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if not re.search(rf"(cytorecon|make) {name}\b", text)] == []


def test_contributing_names_only_files_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    paths = re.findall(r"`((?:cytorecon|dashboard|tests|docs|sample_data|benchmarks)/[\w./-]*)`", text)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_wheel_holds_every_file_of_both_packages(tmp_path: Path) -> None:
    from zipfile import ZipFile

    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    with ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        packed = set(wheel.namelist())
    files = {path.relative_to(ROOT).as_posix() for path in repository_files()}
    wanted = {name for name in files if name.startswith(("cytorecon/", "dashboard/"))}
    assert wanted - packed == set()
    assert {name.split("/")[0] for name in packed} == {
        "cytorecon", "dashboard", f"cytorecon-{cytorecon.__version__}.dist-info",
    }  # fmt: skip
