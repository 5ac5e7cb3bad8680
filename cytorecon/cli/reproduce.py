"""``cytorecon reproduce``: whether signed results still come out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon import __version__
from cytorecon.cli.console import note, print_json, print_table
from cytorecon.cli.options import DEFAULT_JOBS, BlobsOption, JobsOption, JsonOption, StudyArgument
from cytorecon.errors import CytoreconError

if TYPE_CHECKING:
    from cytorecon.jobs.again import Again
    from cytorecon.store import Approval, PatientApproval
    from cytorecon.study.result import StudyResult


def reproduce(
    study: StudyArgument,
    patient: Annotated[str, typer.Option("--patient", metavar="P", help="Whose signed results.")],
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="SHEET", help="Sample sheet: its files are analysed again."),
    ] = None,
    kept_files: Annotated[
        bool,
        typer.Option(
            "--kept-files", help="The files that the study keeps of the patient are analysed again."
        ),
    ] = False,
    blobs: BlobsOption = "",
    jobs: JobsOption = DEFAULT_JOBS,
    as_json: JsonOption = False,
) -> None:
    """Compare signed results with what stands now or comes anew.

    Nothing is stored. Names each component that differs, causes before numbers: file, template, gates,
    software, counts. Ends with 0 when everything is the same, else with 1.
    """
    from cytorecon.jobs.again import analyse_again, analyse_kept
    from cytorecon.store import StudyApprovals, StudyStore
    from cytorecon.store.remote_blobs import open_blobs
    from cytorecon.study.signing import differences, signed_patient

    with StudyApprovals.open(study) as approvals:
        states = approvals.states(software_version=__version__)
    signed = _last_signed(states, patient, study).document
    with StudyStore.open(study) as store:
        if manifest is not None:
            result = _said(analyse_again(store, manifest, jobs=jobs), patient)
        elif kept_files:
            result = _said(analyse_kept(store, open_blobs(study, blobs), patient), patient)
        else:
            result = store.result(plots=False)
    found = differences(signed, signed_patient(result, patient, software_version=__version__))
    if as_json:
        print_json([one.model_dump() for one in found])
    elif found:
        print_table(("component", "signed", "now"), [(one.component, one.signed, one.now) for one in found])
    else:
        print(f"The same as signed: {signed.sha256}")
    if found:
        raise typer.Exit(1)


def _said(again: Again, patient: str) -> StudyResult:
    """Say how many tubes were analysed again, and return the study with their results."""
    own = [tube.tube for tube in again.result.study.tubes if tube.patient == patient]
    note(f"{len(again.tubes.intersection(own))} of {len(own)} tubes were analysed again.")
    return again.result


def _last_signed(states: tuple[PatientApproval, ...], patient: str, study: str) -> Approval:
    for state in states:
        if state.patient == patient and state.approvals:
            return state.approvals[-1]
    raise CytoreconError(
        "There is no signature to compare with.",
        subject=study,
        field=f"patient {patient}",
        allowed="a patient whose results were signed",
        hint="See: cytorecon approvals STUDY.",
    )
