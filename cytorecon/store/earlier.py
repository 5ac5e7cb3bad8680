"""Which tubes of an earlier sheet the rows of a new one are, and what becomes of the others.

Tubes are named by patient, day and number, and rows come and go. A result must not be lost because
another row took its name, a file cannot be read today, or a sheet lists only what is new:

* A row is the stored tube of its patient and day that came from the same bytes. A row whose file
  cannot be read is the tube of the name it would get; one with new bytes takes a name that is free,
  or that of a tube of the same panel, whose file was then exported again.
* Bytes that a row or an upload counts now under another name are counted there only.
* What else is not listed stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cytorecon.errors import Issue, Severity
from cytorecon.study.model import LeftOutRow, Study, Tube

#: Code of the issue of a tube whose result stays although its row or its file cannot be read.
KEPT: Final = "tube.kept"
#: Code of the issue of a tube whose row changed and that was not analysed since.
AWAITS_ANALYSIS: Final = "tube.awaits_analysis"

#: What a sheet may say anew about a tube without changing a number of its result.
_BESIDE_THE_RESULT: Final = {"row": 0, "visit": "", "path": None, "template_path": None}
_MOST_NAMES: Final = 30


@dataclass(frozen=True, slots=True)
class EarlierTube:
    """A tube that came by an earlier sheet.

    Parameters
    ----------
    tube : Tube
        As stored.
    status : str
        Of its result; empty when it has none.
    file_sha256 : str
        Of the file of a good result; else empty.
    removed : bool
        Whether it was taken out of the study.
    """

    tube: Tube
    status: str = ""
    file_sha256: str = ""
    removed: bool = False

    @property
    def is_good(self) -> bool:
        """Whether it has a result that is worth keeping."""
        return self.status == "done"


def bytes_of(tube: Tube, file_sha256: str) -> tuple[str, int]:
    """Return what no two tubes of a study may share: the file, and the data set in it."""
    return file_sha256, tube.dataset or 0


def same_facts(one: Tube, other: Tube) -> bool:
    """Tell whether two tubes agree in all that a number depends on beside the events.

    Examples
    --------
    >>> tube = Tube(tube="P01/d30/1", patient="P01", day=30, row=2)
    >>> same_facts(tube, tube.model_copy(update={"row": 7, "visit": "+30"}))
    True
    >>> same_facts(tube, tube.model_copy(update={"beads_per_tube": 50000.0}))
    False
    """
    return one.model_copy(update=_BESIDE_THE_RESULT) == other.model_copy(update=_BESIDE_THE_RESULT)


def numbered(
    tubes: Sequence[Tube],
    taken: Collection[str],
    earlier: Sequence[EarlierTube],
    digest_of: Callable[[Tube], str | None],
) -> list[Tube]:
    """Return the tubes under the names they are stored by.

    Parameters
    ----------
    tubes : sequence of Tube
        Of the sheet, in its order.
    taken : collection of str
        Names of uploads.
    earlier : sequence of EarlierTube
        Tubes of earlier sheets.
    digest_of : callable
        SHA-256 of a tube's file, None when it cannot be read.

    Examples
    --------
    >>> known = EarlierTube(Tube(tube="P01/d30/1", patient="P01", day=30), "done", "ab")
    >>> rows = [Tube(tube=f"P01/d30/{n}", patient="P01", day=30, row=n) for n in (1, 2)]
    >>> digests = {1: "cd", 2: "ab"}
    >>> [tube.tube for tube in numbered(rows, (), [known], lambda tube: digests.get(tube.row))]
    ['P01/d30/2', 'P01/d30/1']
    """
    by_bytes = {
        (known.tube.patient, known.tube.day, *bytes_of(known.tube, known.file_sha256)): known.tube.tube
        for known in earlier
        if known.file_sha256
    }
    stored = {known.tube.tube: known for known in earlier}
    used = set(taken)
    names: dict[int, str] = {}

    def take(place: int, name: str | None) -> None:
        if name is not None and name not in used:
            names[place] = name
            used.add(name)

    for place, tube in enumerate(tubes):
        digest = digest_of(tube)
        if digest is not None:
            take(place, by_bytes.get((tube.patient, tube.day, *bytes_of(tube, digest))))
    for place, tube in enumerate(tubes):
        known = stored.get(tube.tube)
        if digest_of(tube) is None and known is not None and known.tube.template == tube.template:
            take(place, tube.tube)
    for place, tube in enumerate(tubes):
        number = 1
        while place not in names:
            name = f"{tube.patient}/d{tube.day}/{number}"
            if _is_free(stored.get(name), tube):
                take(place, name)
            number += 1
    return [tube.model_copy(update={"tube": names[place]}) for place, tube in enumerate(tubes)]


def _is_free(known: EarlierTube | None, tube: Tube) -> bool:
    return known is None or (not known.removed and known.tube.template == tube.template)


def counted_elsewhere(
    earlier: Iterable[EarlierTube], holders: Iterable[tuple[tuple[str, int], str]]
) -> dict[str, str]:
    """Return earlier tube -> tube that has its bytes now.

    Parameters
    ----------
    earlier : iterable of EarlierTube
        Removed ones count nothing and are left alone.
    holders : iterable of ((SHA-256, data set), tube)
        Of the rows of the sheet, and of the uploads that stand.
    """
    names: dict[tuple[str, int], list[str]] = {}
    for key, name in holders:
        names.setdefault(key, []).append(name)
    found = {}
    for known in earlier:
        now = names.get(bytes_of(known.tube, known.file_sha256), []) if known.file_sha256 else []
        if now and known.tube.tube not in now and not known.removed:
            found[known.tube.tube] = now[0]
    return found


def what_changed(known: Tube, listed: Tube) -> str:
    """Return the columns in which two tubes differ, for people."""
    fields = [name for name in type(known).model_fields if name not in {"tube", *_BESIDE_THE_RESULT}]
    return ", ".join(name for name in fields if getattr(known, name) != getattr(listed, name))


def awaits_analysis(known: Tube, listed: Tube) -> Issue:
    """Return the remark of a tube about which the sheet says something new."""
    return Issue(
        code=AWAITS_ANALYSIS,
        severity=Severity.WARNING,
        subject=listed.tube,
        message=f"Manifest row {listed.row} says something new about it ({what_changed(known, listed)}), "
        "and it was not analysed again yet; its result rests on what an earlier sheet said.",
        hint="Wait for the batch that is running, or start it again.",
    )


def remarks(
    stay: Sequence[EarlierTube],
    sheet: Study,
    digests: Mapping[int, str],
    *,
    remove_missing: bool,
) -> list[Issue]:
    """Return what to say about tubes that stay although the sheet does not list them.

    Parameters
    ----------
    stay : sequence of EarlierTube
        Those that are not removed.
    sheet : Study
        As the sheets say, with the rows that were left out.
    digests : mapping of int to str
        Row -> SHA-256 of its file, of rows that were left out.
    remove_missing : bool
        Whether they were to be removed.
    """
    issues = []
    suspects: dict[str, tuple[int, bool]] = {}
    for known in stay:
        found = _row_of(known, sheet.left_out, digests)
        if found is not None and known.is_good:
            suspects[known.tube.tube] = found
    for name, (row, sure) in suspects.items():
        issues.append(
            Issue(
                code=KEPT,
                severity=Severity.WARNING,
                subject=name,
                message=f"Kept from an earlier run; manifest row {row}, which {'is' if sure else 'may be'} "
                "its row, is left out because of a problem.",
                hint="Correct the row and run the batch again.",
            )
        )
    others = [known.tube.tube for known in stay if known.tube.tube not in suspects]
    if others:
        issues.append(_not_listed(others))
    if stay and remove_missing and sheet.left_out:
        issues.append(_nothing_removed(sheet.left_out))
    return issues


def _row_of(
    known: EarlierTube, left_out: Sequence[LeftOutRow], digests: Mapping[int, str]
) -> tuple[int, bool] | None:
    """Return the row that was left out and is, or may be, that of `known`, and whether it is."""
    for row in left_out:
        if known.file_sha256 and digests.get(row.row) == known.file_sha256:
            return row.row, True
    for row in left_out:
        if row.row not in digests and row.patient == known.tube.patient:
            return row.row, False
    return None


def _not_listed(names: Sequence[str]) -> Issue:
    more = len(names) - _MOST_NAMES
    listed = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    one = len(names) == 1
    return Issue(
        code="study.not_listed",
        severity=Severity.INFO,
        subject="manifest",
        message=f"{len(names)} tube{'' if one else 's'} of an earlier sheet {'is' if one else 'are'} not in "
        f"this one and stay{'s' if one else ''} as {'it is' if one else 'they are'}: {listed}.",
        hint=f"To take {'it' if one else 'them'} out, run the batch with --remove-missing.",
    )


def _nothing_removed(left_out: Sequence[LeftOutRow]) -> Issue:
    one = len(left_out) == 1
    return Issue(
        code="study.nothing_removed",
        severity=Severity.WARNING,
        subject="manifest",
        message=f"No tube was removed, because {len(left_out)} row{'' if one else 's'} of the manifest "
        f"{'is' if one else 'are'} left out, and a tube may be {'its' if one else 'theirs'}.",
        hint="Correct the sheet, then run the batch with --remove-missing again.",
    )
