"""A second opinion: the same file read with FlowIO, and why the two differ where they do.

FlowIO is what FlowKit and readfcs stand on. Agreement of two programmes that share no code is the best
evidence that a file was understood; a difference that none of the known causes explains is a defect of
one of them. The causes stand in ``docs/fcs_cross_check.md``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path

import flowio
import numpy as np
import numpy.typing as npt

from cytorecon.errors import FcsError
from cytorecon.fcs.read import read_fcs
from cytorecon.fcs.source import open_source
from cytorecon.sample import Sample
from cytorecon.values import Frozen


class Cause(StrEnum):
    """Why FlowIO gives something else; the value is the explanation."""

    SHADOWED = (
        "FlowIO drops the $ of keywords, so that a custom keyword of the same name takes the place of the "
        "standard one."
    )
    EMPTY_VALUE = "An empty value makes FlowIO take the next keyword for a part of it."
    SUPPLEMENT = "FlowIO does not read the supplemental TEXT."
    KIND_OF_PARAMETER = (
        "FlowIO ignores $PnDATATYPE of FCS 3.2 and reads all parameters as one kind of number."
    )
    BYTE_ORDER = (
        "FlowIO reads a byte order that is neither ascending nor descending as that of this computer."
    )
    LOG_OF_FLOAT = "FlowIO applies a log amplifier to floating-point data, which are linear by the standard."
    PLACE = "HEADER and TEXT give two places for the events; FlowIO takes one without looking which one fits."
    TIME_STEP = "FlowIO cannot make anything linear when $TIMESTEP is no number of seconds."
    GAIN = "FlowIO divides by a gain that is no positive number, or divides time by a gain."
    NO_FINAL_DELIMITER = "FlowIO cuts off the last character of TEXT when no delimiter stands there."
    TOT = "FlowIO returns whatever DATA holds and does not compare it with $TOT."
    ODD_WIDTH = "FlowIO does not decode integers of this width, or ASCII."
    UNEXPLAINED = "No known cause: one of the two programmes is wrong. Please report it (without the file)."


class Difference(Frozen):
    """One thing that the two programmes read differently: where, and why."""

    subject: str
    cause: Cause


class CrossCheck(Frozen):
    """What came of reading one data set twice.

    Parameters
    ----------
    refused_by_us, refused_by_flowio : str
        Why it was not read: our message, and the kind of FlowIO's exception; empty where it was.
    leniently : bool
        True when FlowIO read it only after it was told to ignore what it found wrong.
    n_events, n_channels : int
        As we read it; 0 when refused.
    differences : tuple of Difference
        Empty when both agree in names and in all values within the precision of float32.
    """

    refused_by_us: str = ""
    refused_by_flowio: str = ""
    leniently: bool = False
    n_events: int = 0
    n_channels: int = 0
    differences: tuple[Difference, ...] = ()

    @property
    def verdict(self) -> str:
        """One line for people."""
        if self.refused_by_us and self.refused_by_flowio:
            return "refused by both"
        if self.refused_by_us:
            return "refused by cytorecon, read by FlowIO"
        if self.refused_by_flowio:
            return f"read by cytorecon, refused by FlowIO ({self.refused_by_flowio})"
        if self.differences:
            return "read differently"
        return "the same" + (", once FlowIO was told to ignore what it found wrong" if self.leniently else "")

    @property
    def is_explained(self) -> bool:
        """True unless the two differ for a reason that is not known."""
        return all(difference.cause is not Cause.UNEXPLAINED for difference in self.differences)


def cross_check(path: str | Path, *, dataset: int | None = None) -> CrossCheck:
    """Read a data set with FlowIO too, and explain what differs.

    Parameters
    ----------
    path : str or Path
        The file.
    dataset : int, optional
        Which data set; see :func:`~cytorecon.fcs.read_fcs`. Without it, and where
        :func:`~cytorecon.fcs.read_fcs` chooses one of several, each of them in turn is compared
        until one agrees.

    Raises
    ------
    FcsError
        If there is nothing to read: no such file, an empty one, a folder.
    """
    with open_source(path):
        pass
    try:
        sample = read_fcs(path, dataset=dataset)
        refused_by_us = ""
    except FcsError as error:
        sample, refused_by_us = None, str(error)
    if sample is None:
        refused, leniently = _refusal(path)
        return CrossCheck(refused_by_us=refused_by_us, refused_by_flowio=refused, leniently=leniently)
    return _compared(sample, Path(path), dataset)


#: FlowIO's options, from strict to lenient; it has no other way to read what many instruments write.
_OPTIONS: Sequence[dict[str, bool]] = (
    {},
    {"ignore_offset_error": True, "ignore_offset_discrepancy": True},
    {"ignore_offset_error": True, "ignore_offset_discrepancy": True, "use_header_offsets": True},
)


def _compared(sample: Sample, path: Path, dataset: int | None) -> CrossCheck:
    """Take the reading of FlowIO that differs least, the strictest of those."""
    refusals: list[str] = []
    best: CrossCheck | None = None
    for options in _OPTIONS:
        flows, reason = _read_with_flowio(path, options)
        for flow in flows if dataset is None else flows[dataset : dataset + 1]:
            found = tuple(_differences(sample, flow))
            if best is None or len(found) < len(best.differences):
                best = CrossCheck(leniently=bool(options), differences=found)
        if reason:
            refusals.append(reason)
        elif best is not None and not best.differences:
            break
    best = best or CrossCheck(
        refused_by_flowio=refusals[0] if refusals else "no such data set", leniently=True
    )
    return best.model_copy(update={"n_events": sample.n_events, "n_channels": len(sample.channels)})


def _refusal(path: str | Path) -> tuple[str, bool]:
    """Return why FlowIO does not read the file, if so, and whether it had to be told to ignore something."""
    reasons = [_read_with_flowio(Path(path), options)[1] for options in _OPTIONS]
    return (reasons[0] if all(reasons) else "", bool(reasons[0]))


def _read_with_flowio(path: Path, options: dict[str, bool]) -> tuple[list[flowio.FlowData], str]:
    """Return its data sets, or why there are none."""
    # By its path: it closes an open file behind the first data set, and refuses the second then.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of is compared below; it leaves open what it refuses
        try:
            flows = flowio.read_multiple_data_sets(str(path), **options)
        except Exception as error:  # noqa: BLE001  # a peer may fail in any way: that is what is asked
            return [], type(error).__name__
    return ([], "no events") if any(flow.events is None for flow in flows) else (flows, "")


def _differences(sample: Sample, flow: flowio.FlowData) -> Iterator[Difference]:
    theirs = _linear_values(flow)
    if theirs is None:
        yield Difference(subject="time", cause=Cause.TIME_STEP)
        flow.text.pop("timestep", None)  # then it leaves time alone
        theirs = _linear_values(flow)
    if theirs is None:
        yield Difference(subject="values", cause=_first(_causes(sample)))
        return
    if theirs.shape != sample.events.shape:
        same_width = theirs.shape[1] == sample.events.shape[1]
        yield Difference(subject="size", cause=Cause.TOT if same_width else _first(_causes(sample)))
        return
    with np.errstate(over="ignore", invalid="ignore"):
        close = np.isclose(sample.events, theirs.astype(np.float32), rtol=1e-6, atol=0, equal_nan=True)
    for channel in sample.channels:
        if not close[:, channel.index].all():
            cause = _first(_causes(sample, channel.index))
            yield Difference(subject=f"values of {channel.name}", cause=cause)
    yield from _different_names(sample, flow)


def _different_names(sample: Sample, flow: flowio.FlowData) -> Iterator[Difference]:
    borrowed = {issue.subject for issue in sample.issues if issue.code == "fcs.label_borrowed"}
    for what, theirs in (("name", flow.pnn_labels), ("label", flow.pns_labels)):
        for channel, text in zip_longest(sample.channels, theirs):
            if channel is None:
                yield Difference(subject=f"number of {what}s", cause=_first(_causes(sample)))
                break
            ours = channel.name if what == "name" else channel.marker_text
            same = (text or "").strip(" \x00") == ours  # spaces around a name are not a part of it for us
            if not same and (what == "name" or channel.name not in borrowed):
                yield Difference(subject=f"{what} of {channel.name}", cause=_first(_causes(sample)))


def _linear_values(flow: flowio.FlowData) -> npt.NDArray[np.float64] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values: npt.NDArray[np.float64] = flow.as_array()
    except Exception:  # noqa: BLE001  # a peer may fail in any way
        return None
    return values


def _first(causes: Sequence[Cause]) -> Cause:
    return causes[0] if causes else Cause.UNEXPLAINED


def _causes(sample: Sample, column: int | None = None) -> list[Cause]:
    """Known causes whose condition the file, or one column of it, meets; what changes most comes first."""
    keywords = sample.keywords
    found = {(issue.code, issue.subject) for issue in sample.issues}
    codes = {code for code, _ in found}
    order = [part.strip() for part in keywords["$BYTEORD"].split(",")]
    kinds = {
        value.strip().upper() for name, value in keywords.items() if re.fullmatch(r"\$P\d+DATATYPE", name)
    }
    shadowed = any(
        re.fullmatch(r"PAR|TOT|TIMESTEP|DATATYPE|BYTEORD|P\d+[BEGNRS]", name) and f"${name}" in keywords
        for name in keywords
    )
    met = {
        Cause.KIND_OF_PARAMETER: bool(kinds - {keywords["$DATATYPE"].strip().upper()}),
        Cause.BYTE_ORDER: order not in (sorted(order), sorted(order, reverse=True)),
        Cause.ODD_WIDTH: keywords["$DATATYPE"].strip().upper() == "A" or "fcs.padded_events" in codes,
        Cause.SHADOWED: shadowed,
        Cause.EMPTY_VALUE: "fcs.empty_value" in codes,
        Cause.PLACE: "fcs.data_offsets_disagree" in codes,
        Cause.LOG_OF_FLOAT: column is not None and ("fcs.log_of_float", f"$P{column + 1}E") in found,
        Cause.SUPPLEMENT: (keywords.get("$BEGINSTEXT", "0").strip() or "0") != "0",
        Cause.TIME_STEP: "fcs.no_time_step" in codes,
        Cause.GAIN: column is not None and f"$P{column + 1}G" in keywords,
        Cause.NO_FINAL_DELIMITER: "fcs.no_final_delimiter" in codes,
    }
    return [cause for cause, is_met in met.items() if is_met]
