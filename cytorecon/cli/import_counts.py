"""``cytorecon import-counts``: a study from counts that were made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytorecon.cli.console import issue_lines, note, print_json
from cytorecon.cli.options import JsonOption


def import_counts(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="Counts, CSV or XLSX.")],
    out: Annotated[str, typer.Option("--out", metavar="STUDY", help="New study folder or PostgreSQL URL.")],
    patients: Annotated[
        Path | None, typer.Option("--patients", metavar="FILE", help="Sheet of patients.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option("--events", metavar="FILE", help="Sheet of clinical events.")
    ] = None,
    readouts: Annotated[
        Path | None,
        typer.Option("--readouts", metavar="FILE", help="Sheet of readouts: blood counts, chimerism, IgG."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Name of the study.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a study of counts that were made elsewhere.

    One row per patient, day, population and unit: columns patient, day, population, value, unit; low, high,
    lloq, gate_definition, count_method and visit may be there. Sheets beside the table are read with it. A
    row that cannot be used stops it, and nothing is stored. Reports say that nothing was gated here.
    """
    from cytorecon import __version__
    from cytorecon.pipeline import AnalysisSettings
    from cytorecon.store import StudyStore
    from cytorecon.study import load_counts
    from cytorecon.study.assay import assay_findings

    result = load_counts(table, patients=patients, events=events, readouts=readouts, name=name)
    doubts = [finding.issue for finding in assay_findings(result)]
    settings = AnalysisSettings(software_version=__version__).model_dump_json()
    StudyStore.create(out, result.study, settings, results=result.tubes, software_version=__version__).close()
    found = {
        "study": out,
        "patients": len(result.study.patients),
        "visits": len(result.tubes),
        "counts": sum(len(outcome.counts) for outcome in result.tubes),
    }
    if as_json:
        issues = [
            f"{issue.severity.value}: {issue.subject}: {issue.message}"
            for issue in (*result.study.issues, *doubts)
        ]
        print_json({**found, "issues": issues})
        return
    for line in issue_lines((*result.study.issues, *doubts)):
        note(line)
    note(f"{found['counts']} counts of {found['patients']} patients at {found['visits']} visits, given.")
    note(f"Study: {out}")
