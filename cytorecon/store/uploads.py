"""What a sheet may say beside tubes that came by upload.

An urgent tube is uploaded on the dashboard, and at the end of the week it stands in the sheet with
all the others. Nothing that was acknowledged may be lost by that, and nothing counted twice:

* A row whose file holds the **same bytes** as an upload is the same tube. The upload stays as it
  is, under its name, and the row is left out with an issue that names row and tube. When the row
  says something else about the tube (patient, day, panel, beads …), one of the two is wrong, and
  the program cannot know which: the issue is an error, so that somebody looks. Whoever wants the
  sheet to rule removes the upload on the dashboard and runs the batch again.
* A row with **other bytes** is another tube, also on the same day. It takes the next number that no
  upload of that day has, removed ones included: they can be restored.
* What is known about a **patient** stays known when the sheets do not say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cytorecon.errors import Issue, Severity
from cytorecon.store.earlier import EarlierTube, numbered
from cytorecon.study.model import Patient, Study, Tube

#: What a row and an upload of the same file can say differently; not said is not different.
_COMPARED: Final = (
    "patient",
    "day",
    "template",
    "count_method",
    "beads_per_tube",
    "blood_volume_ul",
    "acquired_volume_ul",
    "dilution",
    "wbc_cells_per_ul",
    "lymphocytes_cells_per_ul",
)
_PRECISION: Final = (
    "pipetting_cv_percent",
    "beads_cv_percent",
    "wbc_cv_percent",
    "lymphocytes_cv_percent",
)
_NOT_SAID: Final = {"count_method": "auto", "dilution": 1.0}
#: Columns of the sheet that are called otherwise in a Tube.
_COLUMN: Final = {"template": "panel"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A tube that came by upload.

    Parameters
    ----------
    tube : Tube
        As stored.
    file_sha256 : str
        Of its file.
    removed : bool
        Whether it was taken out of the study.
    """

    tube: Tube
    file_sha256: str
    removed: bool = False


def beside_uploads(
    study: Study,
    uploads: Sequence[Upload],
    file_sha256: Mapping[str, str],
    earlier: Sequence[EarlierTube] = (),
) -> Study:
    """Return what of a sheet is added to a study that holds uploads.

    Parameters
    ----------
    study : Study
        As the sheets say.
    uploads : sequence of Upload
        Those the study holds, removed ones too.
    file_sha256 : mapping of str to str
        Tube of `study` -> SHA-256 of its file, for the files that can be read.
    earlier : sequence of EarlierTube
        Tubes of earlier sheets that the study holds.

    Returns
    -------
    Study
        Without the rows that are uploads, the others under the names they are stored by
        (:func:`cytorecon.store.earlier.numbered`), which no upload has, and an
        issue for each row whose file, or whose patient, day and panel, is that of an upload.

    Examples
    --------
    >>> uploaded = Upload(Tube(tube="P01/d30/1", patient="P01", day=30), "ab")
    >>> row = Tube(tube="P01/d30/1", patient="P01", day=30, row=2)
    >>> sheet = Study(name="s", patients=(Patient(patient="P01"),), tubes=(row,))
    >>> [tube.tube for tube in beside_uploads(sheet, [uploaded], {"P01/d30/1": "cd"}).tubes]
    ['P01/d30/2']
    >>> beside_uploads(sheet, [uploaded], {"P01/d30/1": "ab"}).tubes
    ()
    """
    same = listed_uploads(study, uploads, file_sha256)
    issues = [_listed_again(tube, same[tube.tube]) for tube in study.tubes if tube.tube in same]
    by_row = {tube.row: file_sha256.get(tube.tube) for tube in study.tubes}
    kept = numbered(
        [tube for tube in study.tubes if tube.tube not in same],
        {upload.tube.tube for upload in uploads},
        earlier,
        lambda tube: by_row[tube.row],
    )
    issues += _neighbours(kept, uploads)
    return study.model_copy(update={"tubes": tuple(kept), "issues": (*study.issues, *issues)})


def listed_uploads(
    study: Study, uploads: Sequence[Upload], file_sha256: Mapping[str, str]
) -> Mapping[str, Tube]:
    """Return tube of a sheet -> upload of the same bytes, for the uploads that stand."""
    standing = {upload.file_sha256: upload.tube for upload in uploads if not upload.removed}
    return {
        tube.tube: standing[file_sha256[tube.tube]]
        for tube in study.tubes
        if file_sha256.get(tube.tube) in standing
    }


def agrees(row: Tube, upload: Tube) -> bool:
    """Tell whether a row says nothing else about a tube than the form of its upload said."""
    return not _differing(row, upload)


def with_known_facts(said: Patient, known: Patient) -> Patient:
    """Return a patient as the sheets say, with what is known and they do not say kept.

    Examples
    --------
    >>> with_known_facts(Patient(patient="P01", sex="male"), Patient(patient="P01", age_years=4.0)).age_years
    4.0
    """
    kept: dict[str, object] = {}
    if said.age_years is None:
        kept["age_years"] = known.age_years
    if not said.graft:
        kept["graft"] = known.graft
    if said.sex == "unknown":
        kept["sex"] = known.sex
    if said.cmv == "unknown":
        kept["cmv"] = known.cmv
    if said.programme == "unknown":
        kept["programme"] = known.programme
        if said.anchors == Patient(patient=said.patient).anchors:
            kept["anchors"] = known.anchors
    return said.model_copy(update=kept)


def _differing(row: Tube, upload: Tube) -> str:
    fields = ((field, getattr(row, field), getattr(upload, field)) for field in _COMPARED)
    return ", ".join(
        f"{_COLUMN.get(field, field)} ({_words(said)} here, {_words(there)} there)"
        for field, said, there in fields
        if said not in (None, _NOT_SAID.get(field), there)
    )


def _listed_again(row: Tube, upload: Tube) -> Issue:
    differing = _differing(row, upload)
    if not differing:
        return Issue(
            code="study.listed_again",
            severity=Severity.INFO,
            subject=f"manifest row {row.row}",
            message=f"Its file was uploaded as tube {upload.tube} and is counted once, as that tube."
            + _precision_left(row, upload),
        )
    return Issue(
        code="study.listed_again",
        severity=Severity.ERROR,
        subject=f"manifest row {row.row}",
        message=f"Its file was uploaded as tube {upload.tube}, which says otherwise: {differing}. "
        "The upload stays and the row is left out.",
        hint="If the sheet is right, remove the upload on the dashboard and run the batch again; "
        "else correct the row.",
    )


def _precision_left(row: Tube, upload: Tube) -> str:
    """Return that the row states a precision which the upload's form has no field for."""
    left = [name for name in _PRECISION if getattr(row, name) is not None and getattr(upload, name) is None]
    return f" What the row states of precision ({', '.join(left)}) is not taken over." if left else ""


def _neighbours(tubes: Iterable[Tube], uploads: Sequence[Upload]) -> Iterator[Issue]:
    standing = {
        (upload.tube.patient, upload.tube.day, upload.tube.template): upload.tube.tube
        for upload in uploads
        if not upload.removed
    }
    for tube in tubes:
        upload = standing.get((tube.patient, tube.day, tube.template))
        if upload is not None:
            yield Issue(
                code="study.beside_upload",
                severity=Severity.WARNING,
                subject=f"manifest row {tube.row}",
                message=f"Tube {upload} of the same patient, day and panel was uploaded from another file; "
                f"both are counted, this row as {tube.tube}.",
                hint="If they are one sample, remove the upload on the dashboard.",
            )


def _words(value: object) -> str:
    if value is None:
        return "nothing"
    return f"{value:g}" if isinstance(value, float) else str(value)
