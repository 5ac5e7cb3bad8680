"""The shape of the program: every module has its layer, its tests, and keeps to the edges."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: Only these open files or databases; everything else can be tested from memory.
EDGES = (
    "cytorecon/cli/", "cytorecon/evaluate/", "cytorecon/fcs/", "cytorecon/intake/", "cytorecon/knowledge/",
    "cytorecon/report/", "cytorecon/simulate/", "cytorecon/store/", "cytorecon/study/", "dashboard/services/",
    "cytorecon/workers/limits.py",  # a process asks the system how large it is
)  # fmt: skip
OPENING_CALLS = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "read_csv", "to_csv", "read_excel",
    "to_excel", "savez", "savez_compressed", "fromfile", "tofile", "mkdir", "unlink",
}  # fmt: skip


def sources() -> list[Path]:
    return sorted([*ROOT.glob("cytorecon/**/*.py"), *ROOT.glob("dashboard/**/*.py")])


def modules_of(package: str) -> set[str]:
    folder = ROOT / package
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    return packages | files


def layers(contract_id: str) -> set[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = config["tool"]["importlinter"]["contracts"]
    lines = next(contract["layers"] for contract in contracts if contract["id"] == contract_id)
    return {name.strip(" ()") for line in lines for name in line.split("|")}


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            # A study is opened by those who were told where it is; the store does the rest.
            whole = ast.unparse(node.func)
            yield whole if whole in ("StudyStore.open", "StudyFiles.open") else node.func.attr


def test_each_module_of_the_core_has_its_layer() -> None:
    assert {f"cytorecon.{name}" for name in modules_of("cytorecon")} - layers("layers") == set()


def test_each_module_of_the_dashboard_has_its_layer() -> None:
    assert modules_of("dashboard") - layers("layers-dashboard") == set()


@pytest.mark.parametrize("module", sorted(modules_of("cytorecon")))
def test_each_module_of_the_core_has_tests(module: str) -> None:
    folder, file = ROOT / "tests" / module, ROOT / "tests" / f"test_{module}.py"
    assert file.is_file() or any(folder.glob("test_*.py"))


def test_files_are_opened_only_at_the_edges() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources()
        if not path.relative_to(ROOT).as_posix().startswith(EDGES)
        for name in calls(ast.parse(path.read_text()))
        if name in OPENING_CALLS
    ]
    assert found == []


def test_imports_stand_at_the_top() -> None:
    # Lazy imports belong to the package's front door and to commands, whose --help must be quick.
    found = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for path in sources()
        if path.parent.name != "cli" and path != ROOT / "cytorecon/__init__.py"
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert found == []


@pytest.mark.parametrize("module", ["cytorecon", "cytorecon.cli"])
def test_importing_loads_no_heavy_library(module: str) -> None:
    heavy = ("dash", "flowkit", "numpy", "pandas", "plotly", "scipy", "sklearn", "sqlalchemy")
    program = f"import {module}, sys; print(sorted(set({heavy!r}) & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
