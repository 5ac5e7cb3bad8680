"""``cytorecon lock`` and ``unlock``: keep the results of a patient as they are, and let them change again."""

from __future__ import annotations

from typing import Annotated

import typer

from cytorecon.cli.options import StudyArgument

PatientArgument = Annotated[str, typer.Argument(metavar="PATIENT", help="Pseudonym.")]
WhoOption = Annotated[
    str, typer.Option("--by", metavar="INITIALS", envvar="CYTORECON_BY", help="Who does it; no e-mail.")
]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="Reason, for the history.")]


def lock(study: StudyArgument, patient: PatientArgument, by: WhoOption, why: WhyOption) -> None:
    """Keep the results of a patient as they are.

    That is tubes, facts, events and readouts. No batch, upload, worker or decision about a gate replaces them
    until somebody unlocks them. See: cytorecon approvals STUDY.
    """
    from cytorecon.store import StudyLocks

    with StudyLocks.open(study) as store:
        print(f"{patient}: {store.lock(patient, by=by, why=why).words}")


def unlock(study: StudyArgument, patient: PatientArgument, by: WhoOption, why: WhyOption) -> None:
    """Let the results of a patient be changed again.

    The history says who did it and why.
    """
    from cytorecon.store import StudyLocks

    with StudyLocks.open(study) as store:
        store.unlock(patient, by=by, why=why)
    print(f"{patient}: not locked any more")
