"""What a study is: patients with clocks, visits with tubes, clinical events.

All times are whole days on the patient's own clock: day 0 is the first anchor (usually the
transplant). Calendar dates are turned into days while a sheet is read and are not kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from cytorecon.counts import CountMethodRequest
from cytorecon.errors import Issue
from cytorecon.gating.control_of import ControlOf
from cytorecon.values import Frozen

#: CMV serology of a patient.
CmvSerology = Literal["negative", "positive", "unknown"]


class Anchor(Frozen):
    """A moment from which days are counted: transplant, second transplant, DLI, CAR-T and so on.

    Parameters
    ----------
    name : str
        Unique within the patient, e.g. ``"HCT1"``.
    kind : str
        One of the anchor kinds of ``knowledge/event_kinds.yaml``.
    day : int
        Day on the patient's clock; 0 for the first anchor.
    """

    name: str
    kind: str
    day: int = 0


class Patient(Frozen):
    """One patient, under the study's pseudonym.

    Parameters
    ----------
    patient : str
        Pseudonym.
    age_years : float or None
        Age at day 0, in years; None when unknown (then no reference range applies).
    sex : str
        ``"female"``, ``"male"`` or ``"unknown"``.
    cmv : {"negative", "positive", "unknown"}
        CMV serology of the patient, by which some reference ranges differ.
    programme : str
        Treatment programme, e.g. ``"allo_hsct"``; see ``knowledge/programmes.yaml``.
    graft : str
        Free text such as ``"PBSC, matched unrelated"``; empty when not given.
    anchors : tuple of Anchor
        At least one; the first has day 0.
    """

    patient: str
    age_years: float | None = None
    sex: str = "unknown"
    cmv: CmvSerology = "unknown"
    programme: str = "unknown"
    graft: str = ""
    anchors: tuple[Anchor, ...] = (Anchor(name="HCT1", kind="transplant", day=0),)

    def anchor(self, name: str) -> Anchor | None:
        """Return the anchor called `name`, or None when this patient has none."""
        return next((anchor for anchor in self.anchors if anchor.name == name), None)


class ClinicalEvent(Frozen):
    """Something that happened to a patient and belongs beside the counts.

    Parameters
    ----------
    patient : str
        Pseudonym.
    kind : str
        One of ``knowledge/event_kinds.yaml``: ``gvhd_acute``, ``cmv``, ``dli``, ``drug`` …
    label : str
        Short text for the lane, e.g. ``"grade II, skin"`` or ``"ciclosporin"``.
    start_day : int
        First day on the patient's clock.
    end_day : int or None
        Last day; None for a single day or still going on (see `ongoing`).
    ongoing : bool
        True when the event had not ended at the last visit.
    """

    patient: str
    kind: str
    label: str = ""
    start_day: int
    end_day: int | None = None
    ongoing: bool = False


class Readout(Frozen):
    """One value from outside of the cytometer: a blood count, chimerism, an immunoglobulin.

    Parameters
    ----------
    patient : str
        Pseudonym.
    day : int
        Day of the draw on the patient's clock.
    readout, lineage : str
        One of ``knowledge/readouts.yaml``, and the cells it was measured in; empty when there are none.
    value : float or None
        In `unit`; None when only a limit is known.
    unit : str
        That of the readout, whatever unit the sheet gives.
    less_than, more_than : float or None
        The limit where the sheet says ``<1`` or ``>99``.
    note : str
        Short text.
    """

    patient: str
    day: int
    readout: str
    lineage: str = ""
    value: float | None = None
    unit: str
    less_than: float | None = None
    more_than: float | None = None
    note: str = ""


class Tube(Frozen):
    """One FCS file of one visit, with what the sample sheet says about it.

    Parameters
    ----------
    tube : str
        Identifier, unique in the study and free of file names: ``"<patient>/d<day>/<n>"``.
    patient : str
        Pseudonym.
    day : int
        Day of the blood draw on the patient's clock.
    visit : str
        Name of the visit, e.g. ``"+30"``.
    template : str
        Name of the gating template, as packaged or as its file is called.
    template_path : Path or None
        The template's file, where it is not a packaged one. Never stored, as `path`.
    row : int
        Row of the sample sheet (the header is row 1); 0 for an upload.
    path : Path or None
        The FCS file. Known while a study is analysed, never written to a store or report.
    dataset : int or None
        Which data set of a file that holds several, from 0.
    wbc_cells_per_ul, lymphocytes_cells_per_ul : float or None
        Blood count of the same draw: white cells and absolute lymphocyte count (ALC).
    wbc_given_per_l, lymphocytes_given_per_l : bool
        Whether the sheet gives them in 10^9/L.
    beads_per_tube : float or None
        Counting beads added, of this lot.
    bead_lot : str
        Lot of the beads.
    blood_volume_ul : float or None
        Blood pipetted into the tube.
    acquired_volume_ul : float or None
        Volume a volumetric cytometer took up.
    dilution : float
        Final volume over blood volume; 1 when undiluted.
    pipetting_cv_percent, beads_cv_percent, wbc_cv_percent, lymphocytes_cv_percent : float or None
        How precise these quantities are: coefficient of variation, percent; None when not stated.
    count_method : str
        What the sheet asks for; ``auto`` takes the best method the sheet allows.
    product_volume_ml, recipient_weight_kg : float or None
        Volume of the cell product the sample was drawn from, and weight of who is given it: for a dose
        per kg. A tube of blood has neither.
    """

    tube: str
    patient: str
    day: int
    visit: str = ""
    template: str = "tbnk"
    template_path: Path | None = Field(default=None, exclude=True)
    row: int = 0
    path: Path | None = Field(default=None, exclude=True)
    dataset: int | None = None
    wbc_cells_per_ul: float | None = None
    lymphocytes_cells_per_ul: float | None = None
    wbc_given_per_l: bool = False
    lymphocytes_given_per_l: bool = False
    beads_per_tube: float | None = None
    bead_lot: str = ""
    blood_volume_ul: float | None = None
    acquired_volume_ul: float | None = None
    dilution: float = 1.0
    pipetting_cv_percent: float | None = None
    beads_cv_percent: float | None = None
    wbc_cv_percent: float | None = None
    lymphocytes_cv_percent: float | None = None
    count_method: CountMethodRequest = "auto"
    product_volume_ml: float | None = None
    recipient_weight_kg: float | None = None

    @property
    def is_product(self) -> bool:
        """Whether the sample is of a cell product and not of the patient's blood.

        Examples
        --------
        >>> Tube(tube="P01/d0/1", patient="P01", day=0, product_volume_ml=200).is_product
        True
        """
        return (self.product_volume_ml, self.recipient_weight_kg) != (None, None)


class ControlTube(Frozen):
    """A control tube of the manifest: it teaches its batch and is no patient's.

    Parameters
    ----------
    of : ControlOf
        What it is.
    template : str
        Name of the gating template of the tubes it is a control of.
    template_path : Path or None
        The template's file, where it is not a packaged one.
    row : int
        Row of the sample sheet.
    path : Path
        The FCS file.
    dataset : int or None
        Which data set of a file that holds several, from 0.
    """

    of: ControlOf
    template: str
    template_path: Path | None = None
    row: int
    path: Path
    dataset: int | None = None


class LeftOutRow(Frozen):
    """A row of the manifest that could not be used, as far as it could be read.

    Parameters
    ----------
    row : int
        As a spreadsheet shows it.
    patient : str
        Pseudonym; empty when the cell cannot be read.
    path : Path or None
        The file it names. Never written.
    """

    row: int
    patient: str = ""
    path: Path | None = Field(default=None, exclude=True)


class Study(Frozen):
    """A validated sample sheet: who, when, which file.

    Parameters
    ----------
    name : str
        Name of the study.
    patients, tubes, events, readouts
        In the order of the sheets.
    issues : tuple of Issue
        Rows that were left out and why.
    left_out : tuple of LeftOutRow
        Those of the manifest. Known while sheets are read, never written.
    controls : tuple of ControlTube
        Control tubes of the manifest. As `left_out`.
    lists_events, lists_readouts : bool
        Whether the sheets say anything about clinical events, and about readouts. As `left_out`.
    """

    name: str
    patients: tuple[Patient, ...]
    tubes: tuple[Tube, ...]
    events: tuple[ClinicalEvent, ...] = ()
    readouts: tuple[Readout, ...] = ()
    issues: tuple[Issue, ...] = ()
    left_out: tuple[LeftOutRow, ...] = Field(default=(), exclude=True)
    controls: tuple[ControlTube, ...] = Field(default=(), exclude=True)
    lists_events: bool = Field(default=True, exclude=True)
    lists_readouts: bool = Field(default=True, exclude=True)

    def patient(self, patient: str) -> Patient:
        """Return the patient with pseudonym `patient` (KeyError if absent)."""
        for candidate in self.patients:
            if candidate.patient == patient:
                return candidate
        raise KeyError(patient)
