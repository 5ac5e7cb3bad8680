"""``cytorecon export``: the results of a study for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytorecon.cli.approved import approved_in
from cytorecon.cli.choices import chosen
from cytorecon.cli.console import note, print_json
from cytorecon.cli.options import JsonOption, StudyArgument
from cytorecon.cli.output import check_folder, put_exports


def export(
    study: StudyArgument,
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="csv,...",
            help="What to write: csv, parquet, xlsx, registry, fhir, redcap; several with commas between.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write into.")],
    as_json: JsonOption = False,
) -> None:
    """Write the results of a study for other programs.

    csv, parquet and xlsx hold the tidy tables; registry the results closest to the contacts of a transplant
    registry; fhir a bundle of R4 Observations, final when everybody's results are approved; redcap a table to
    import with its data dictionary. Numbers are the same in all. The same study gives the same bytes; files
    of an earlier export are replaced.
    """
    from cytorecon.interop import FORMATS, export_files, export_tables
    from cytorecon.store import StudyStore

    asked = chosen(formats, FORMATS, option="--format")
    check_folder(out, option="--out")
    with StudyStore.open(study) as store:
        result = store.result(plots=False)
    # one bundle holds everybody
    approved = {patient.patient for patient in result.study.patients} <= approved_in(study, result)
    files = export_files(export_tables(result), asked, approved=approved)
    written = put_exports(out, files, option="--out")
    for file in written:
        note(str(file))
    if as_json:
        print_json({"files": [str(file) for file in written]})
