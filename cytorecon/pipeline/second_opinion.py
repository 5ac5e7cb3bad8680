"""The comparison with FlowIO, without names of people in it."""

from __future__ import annotations

from pathlib import Path

from cytorecon.fcs import read_fcs
from cytorecon.fcs.cross_check import CrossCheck, cross_check
from cytorecon.intake.clean import clean, renamed_text


def second_opinion(path: Path, *, dataset: int | None = None) -> CrossCheck:
    """Return :func:`~cytorecon.fcs.cross_check.cross_check` of a file, its channels called as elsewhere.

    Parameters
    ----------
    path : Path
        An FCS file.
    dataset : int, optional
        Which data set, where it holds several.
    """
    found = cross_check(path, dataset=dataset)
    # who asks has named the file, as in every other message
    refusal = found.refused_by_us.removeprefix(f"{path.name}, ").removeprefix(f"{path.name}: ")
    found = found.model_copy(update={"refused_by_us": refusal})
    if not found.differences:
        return found
    before = read_fcs(path, dataset=dataset)
    after = clean(before).sample
    renamed = {
        old.name: new.name
        for old, new in zip(before.channels, after.channels, strict=True)
        if old.name != new.name
    }
    return found.model_copy(
        update={
            "differences": tuple(
                one.model_copy(update={"subject": renamed_text(one.subject, renamed)})
                for one in found.differences
            )
        }
    )
