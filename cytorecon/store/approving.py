"""Signatures of results: who signed what exactly, and whether that is still what stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, insert, select, update

from cytorecon.errors import StoreError
from cytorecon.gating.overrides import standing
from cytorecon.store import rows, schema
from cytorecon.store.audit import check_is_chained
from cytorecon.store.chain import digest
from cytorecon.store.decided import read_overrides
from cytorecon.store.documents import from_text
from cytorecon.store.history import Change, patient_of
from cytorecon.store.open_study import OpenStudy
from cytorecon.store.rights import (
    ONE_SIGNS,
    TWO_SIGN,
    check_rights,
    rule_mark,
    two_must_sign,
    user_mark,
    user_sha256,
)
from cytorecon.store.users import (
    SIGNING_ROLES,
    Role,
    User,
    check_name,
    hashed,
    is_password,
    password_hash_of,
    read_users,
    write_user,
)
from cytorecon.store.written import signature_text
from cytorecon.study.result import StudyResult
from cytorecon.study.signing import SignedPatient, signed_patient

State = Literal["approved", "not approved", "changed since it was approved", "needs a second person"]

_SIGNED = TypeAdapter(SignedPatient)
_PERSONS_OF_FOUR_EYES = 2


@dataclass(frozen=True, slots=True)
class Approval:
    """One signature.

    Parameters
    ----------
    patient : str
        Pseudonym.
    by : str
        User.
    at : str
        Time, ISO 8601, UTC.
    sha256 : str
        Of the document that was signed.
    document : SignedPatient
        It.
    """

    patient: str
    by: str
    at: str
    sha256: str
    document: SignedPatient


@dataclass(frozen=True, slots=True)
class PatientApproval:
    """How one patient's results stand.

    Parameters
    ----------
    patient : str
        Pseudonym.
    state : str
        In words.
    now : SignedPatient
        The document as it would be signed now.
    approvals : tuple of Approval
        All signatures, oldest first, of this document and of earlier ones.
    """

    patient: str
    state: State
    now: SignedPatient
    approvals: tuple[Approval, ...]


class StudyApprovals(OpenStudy):
    """Users and signatures of a study; see :class:`~cytorecon.store.open_study.OpenStudy`.

    Whoever can write the database can write users: it is the history, which cannot be changed unseen,
    that says who did.
    """

    def save_user(self, name: str, role: Role, password: str, *, active: bool = True) -> None:
        """Add a user, or give one another role, password or state.

        Raises
        ------
        StoreError
            If name or password cannot be used.
        """
        check_name(name, self._subject)
        kept = hashed(password, self._subject)
        after = user_sha256(name, role, active, kept)
        state = "" if active else ", not active"
        with self._changing(
            Change.USER_SAVED, reason=f"user {name}, {role}{state}", after_sha256=after, mark=user_mark(name)
        ) as connection:
            write_user(connection, User(name=name, role=role, active=active), kept)

    def users(self) -> tuple[User, ...]:
        """Return all users by name."""
        with self._reading() as connection:
            check_is_chained(connection, self._subject)
            return read_users(connection)

    def set_four_eyes(self, *, needed: bool) -> None:
        """Say whether two persons must sign, of whom one has set no gate of the patient by hand."""
        reason = TWO_SIGN if needed else ONE_SIGNS
        with self._changing(Change.RULE_SET, reason=reason, mark=rule_mark(four_eyes=needed)) as connection:
            connection.execute(update(schema.study).values(four_eyes=needed))

    def states(self, *, software_version: str) -> tuple[PatientApproval, ...]:
        """Return how each patient's results stand, in the order of the study."""
        with self._reading() as connection:
            check_is_chained(connection, self._subject)
            return self._states_now(connection, software_version)

    def approved(
        self, result: StudyResult, *, software_version: str, patients: Collection[str] | None = None
    ) -> frozenset[str]:
        """Return the patients whose results are approved as they stand in `result`; in an older schema, none.

        Parameters
        ----------
        result : StudyResult
            As it was read from this study: what is about to be shown.
        software_version : str
            Of the program that shows it.
        patients : collection of str, optional
            Who is looked at; `result` has their whole results. All patients by default.
        """
        with self._reading() as connection:
            version = connection.execute(select(schema.study.c.schema_version)).scalar_one()
            if version < schema.SCHEMA_VERSION or not _is_anything_signed(connection):
                return frozenset()
            states = _states(connection, self._subject, result, software_version, patients)
        return frozenset(state.patient for state in states if state.state == "approved")

    def sign(self, seen: Mapping[str, str], *, by: str, password: str, software_version: str) -> None:
        """Sign the documents of patients, all or none.

        Parameters
        ----------
        seen : mapping of str to str
            Patient -> SHA-256 of the document that the person saw.
        by, password : str
            Of a user who may sign.
        software_version : str
            Of the program.

        Raises
        ------
        StoreError
            If user and password do not fit, the user may not sign, user or rule are not what the history
            says, a document is not that any more, has no result, or is signed by this person already.
        """
        kept = self._check_signer(by, password)
        with self._writing() as connection:
            connection.execute(select(schema.study.c.revision).with_for_update())
            if password_hash_of(connection, by) != kept or not _may_sign(read_users(connection), by):
                raise self._refused(by)
            check_rights(connection, by, self._subject)
            states = {state.patient: state for state in self._states_now(connection, software_version)}
            for patient, sha256 in seen.items():
                self._check_seen(states.get(patient), patient, sha256, by)
                self._append(connection, states[patient].now, by)

    def _check_signer(self, by: str, password: str) -> str:
        with self._reading() as connection:
            check_is_chained(connection, self._subject)
            kept, users = password_hash_of(connection, by), read_users(connection)
        if not is_password(password, kept) or kept is None or not _may_sign(users, by):
            raise self._refused(by)
        return kept

    def _check_seen(self, state: PatientApproval | None, patient: str, sha256: str, by: str) -> None:
        field = f"patient {patient}"
        if state is None or not any(tube.status == "done" for tube in state.now.tubes):
            raise StoreError(
                "There is nothing to sign; nothing was signed.",
                subject=self._subject,
                field=field,
                found="no such patient" if state is None else "no tube with a result",
                allowed="a patient of the study with results",
                hint="Run the batch first.",
            )
        if state.now.sha256 != sha256:
            raise StoreError(
                "The results were changed after they were shown; nothing was signed.",
                subject=self._subject,
                field=field,
                found=state.now.sha256,
                allowed=sha256,
                hint="Look at them again, then sign what stands now.",
            )
        if any(one.by == by and one.sha256 == sha256 for one in state.approvals):
            raise StoreError(
                "This person signed these results already; nothing was signed.",
                subject=self._subject,
                field=field,
                found=f"a signature by {by}",
                allowed="one signature a person",
                hint="With the rule of four eyes, another person signs.",
            )

    def _append(self, connection: Connection, document: SignedPatient, by: str) -> None:
        table = schema.approvals
        signature = signature_text(document.patient, by, document.sha256, document.text)
        revision = self._note(
            connection, Change.APPROVED,
            patient=document.patient, reason=f"patient {document.patient}",
            after_sha256=digest(signature), who=by,
        )  # fmt: skip
        last = connection.execute(select(func.coalesce(func.max(table.c.number), 0))).scalar_one()
        connection.execute(
            insert(table),
            {
                "number": last + 1,
                "revision": revision,
                "patient": document.patient,
                "signed_by": by,
                "signed_sha256": document.sha256,
                "document": document.text,
            },
        )

    def _states_now(self, connection: Connection, software_version: str) -> tuple[PatientApproval, ...]:
        result = rows.read_study_result(connection, self._subject, plots=False)
        return _states(connection, self._subject, result, software_version)

    def _refused(self, by: str) -> StoreError:
        return StoreError(
            "The signature is refused; nothing was signed.",
            subject=self._subject,
            field=f"user {by}",
            found="a name or password that does not fit, or a user who may not sign",
            allowed=f"an active user with the role {' or '.join(SIGNING_ROLES)}, and the password",
            hint="Users are made with: cytorecon db user STUDY NAME --role approver.",
        )


def _states(
    connection: Connection,
    subject: str,
    result: StudyResult,
    software_version: str,
    patients: Collection[str] | None = None,
) -> tuple[PatientApproval, ...]:
    four_eyes = two_must_sign(connection)
    approvals = _approvals(connection, subject)
    editors = _editors(connection, result, subject)
    found = []
    for patient in (one.patient for one in result.study.patients):
        if patients is not None and patient not in patients:
            continue
        now = signed_patient(result, patient, software_version=software_version)
        own = tuple(one for one in approvals if one.patient == patient)
        signers = {one.by for one in own if one.sha256 == now.sha256}
        state = _state(own, signers, editors.get(patient, frozenset()), four_eyes=four_eyes)
        found.append(PatientApproval(patient, state, now, own))
    return tuple(found)


def _is_anything_signed(connection: Connection) -> bool:
    return connection.execute(select(schema.approvals.c.number).limit(1)).first() is not None


def _may_sign(users: Iterable[User], name: str) -> bool:
    return any(user.name == name and user.active and user.role in SIGNING_ROLES for user in users)


def _state(
    approvals: Sequence[Approval], signers: Collection[str], editors: Collection[str], *, four_eyes: bool
) -> State:
    if not signers:
        return "changed since it was approved" if approvals else "not approved"
    if not four_eyes:
        return "approved"
    uninvolved = [name for name in signers if name.casefold() not in editors]
    return "approved" if uninvolved and len(signers) >= _PERSONS_OF_FOUR_EYES else "needs a second person"


def _approvals(connection: Connection, subject: str) -> tuple[Approval, ...]:
    table, lines = schema.approvals, schema.history
    wanted = (
        select(table, lines.c.at).join(lines, lines.c.revision == table.c.revision).order_by(table.c.number)
    )
    return tuple(
        Approval(
            row.patient, row.signed_by, row.at, row.signed_sha256,
            from_text(_SIGNED, row.document, subject=subject, field=f"signature {row.number}"),
        )
        for row in connection.execute(wanted)
    )  # fmt: skip


def _editors(connection: Connection, result: StudyResult, subject: str) -> dict[str, frozenset[str]]:
    """Return patient -> who set gates of their tubes by hand, in small letters.

    A record counts when a result rests on it, and when it stands for one of the tubes.
    """
    records = read_overrides(connection, subject)
    by_id = {record.id: record.by.casefold() for record in records}
    found: dict[str, set[str]] = {}
    for _, record in standing(records):
        if record.scope == "sample":
            found.setdefault(patient_of(record.target), set()).add(record.by.casefold())
    of_tube = {tube.tube: tube.patient for tube in result.study.tubes}
    for outcome in result.tubes:
        used = {by_id[gate.override] for gate in outcome.gates if gate.override in by_id}
        if used:
            found.setdefault(of_tube[outcome.tube], set()).update(used)
    return {patient: frozenset(names) for patient, names in found.items()}
