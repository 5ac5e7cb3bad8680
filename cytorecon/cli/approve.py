"""``cytorecon approve`` and ``approvals``: sign results, and see what is signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cytorecon import __version__
from cytorecon.cli.console import note, print_json, print_table
from cytorecon.cli.options import JsonOption, StudyArgument
from cytorecon.cli.password import ask_password

if TYPE_CHECKING:
    from cytorecon.store import Lock, PatientApproval

_SHOWN_DIGITS: Final = 16
PatientsOption = Annotated[
    list[str] | None, typer.Option("--patient", metavar="P", help="Only this patient; may be repeated.")
]


def approve(
    study: StudyArgument,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who signs; see: db user.")],
    patients: PatientsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign results as they stand; asks for your password.

    What is signed is one hash over files, templates, gates, decisions, counts, remarks, events, reference
    ranges and software. A later change leaves the signature on what was signed, and the report is a draft
    again. Without --patient all patients with results are signed that you have not signed yet.
    """
    from cytorecon.store import StudyApprovals

    with StudyApprovals.open(study) as store:
        states = store.states(software_version=__version__)
        seen = {state.patient: state.now.sha256 for state in states if _is_asked(state, patients, by)}
        # a name that is none comes back as an error that says so
        seen |= {name: "" for name in patients or () if name not in {state.patient for state in states}}
        if not seen:
            note(f"Nothing to sign: {by} has signed all results as they stand.")
            return
        for patient, sha256 in seen.items():
            note(f"{patient}  {sha256}")
        password = ask_password(by)
        store.sign(seen, by=by, password=password, software_version=__version__)
        states, locks = store.states(software_version=__version__), store.locks()
    _show([state for state in states if state.patient in seen], locks, as_json=as_json)


def approvals(study: StudyArgument, as_json: JsonOption = False) -> None:
    """List whose results are approved, and who signed them."""
    from cytorecon.store import StudyApprovals

    with StudyApprovals.open(study) as store:
        states, locks = store.states(software_version=__version__), store.locks()
    _show(states, locks, as_json=as_json)


def _is_asked(state: PatientApproval, patients: Sequence[str] | None, by: str) -> bool:
    if patients:
        return state.patient in patients
    has_result = any(tube.status == "done" for tube in state.now.tubes)
    return has_result and not any(one.by == by and one.sha256 == state.now.sha256 for one in state.approvals)


def _show(states: Sequence[PatientApproval], locks: Mapping[str, Lock], *, as_json: bool) -> None:
    if as_json:
        print_json([_row(state, locks.get(state.patient)) for state in states])
        return
    print_table(
        ("patient", "state", "now", "signed", "locked"),
        [
            (
                state.patient,
                state.state,
                state.now.sha256[:_SHOWN_DIGITS],
                _signatures(state),
                f"by {lock.by} since {lock.at}" if (lock := locks.get(state.patient)) else "",
            )
            for state in states
        ],
    )


def _signatures(state: PatientApproval) -> str:
    return "; ".join(
        f"{one.by} at {one.at}" + ("" if one.sha256 == state.now.sha256 else " (of what stood then)")
        for one in state.approvals
    )


def _row(state: PatientApproval, lock: Lock | None) -> dict[str, object]:
    return {
        "patient": state.patient,
        "state": state.state,
        "sha256": state.now.sha256,
        "signatures": [{"by": one.by, "at": one.at, "sha256": one.sha256} for one in state.approvals],
        "locked": {"by": lock.by, "at": lock.at, "why": lock.why} if lock else None,
    }
