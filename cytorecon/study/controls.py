"""Rows of the manifest that are control tubes: FMO, or without the cells of a population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cytorecon.errors import KnowledgeError
from cytorecon.gating.control_of import ControlOf
from cytorecon.knowledge.markers import load_markers
from cytorecon.knowledge.populations import load_populations
from cytorecon.study.cells import Limits, RowReader
from cytorecon.study.model import ControlTube
from cytorecon.study.rows import panel_of_row
from cytorecon.study.tubes import resolved, template_of

COLUMN: Final = "control"
_ALLOWED: Final = "Allowed: 'fmo' and a marker (fmo CD25), or 'without' and a population (without B)."


@dataclass(frozen=True, slots=True)
class ControlRow:
    """One row of the manifest that is a control tube; patient and day do not matter."""

    reader: RowReader
    file: str
    panel: str
    dataset: int | None
    of: ControlOf | None


def is_control(reader: RowReader) -> bool:
    """Whether a row of the manifest is a control tube."""
    return reader.has(COLUMN)


def control_row(reader: RowReader) -> ControlRow:
    """Interpret one row of a control tube."""
    return ControlRow(
        reader=reader,
        file=reader.required_text("file"),
        panel=panel_of_row(reader),
        dataset=reader.whole_or_none("dataset", Limits(0)),
        of=_control_of(reader),
    )


def control_tubes(rows: Sequence[ControlRow], folder: Path) -> tuple[ControlTube, ...]:
    """Return the control tubes whose rows can be used."""
    usable = []
    for row in rows:
        if row.reader.failed() or row.of is None:
            continue
        name, template_path = template_of(row.panel, folder)
        usable.append(
            ControlTube(
                of=row.of,
                template=name,
                template_path=template_path,
                row=row.reader.number,
                path=resolved(folder, row.file),
                dataset=row.dataset,
            )
        )
    return tuple(usable)


def _control_of(reader: RowReader) -> ControlOf | None:
    """Return what the cell says, or note what is wrong with it."""
    kind, _, name = reader.text(COLUMN).partition(" ")
    name = name.strip()
    if kind.lower() == "fmo" and name:
        try:
            markers = {marker for part in name.split("+") for marker in load_markers().canonical(part)}
        except KnowledgeError:
            reader.problem(COLUMN, f"The marker of the FMO is not known by one meaning. {_ALLOWED}")
            return None
        return ControlOf(kind="fmo", name="+".join(sorted(markers)))
    if kind.lower() == "without" and name:
        if load_populations().find(name) is None:
            reader.problem(COLUMN, f"The population that is missing is not known. {_ALLOWED}")
            return None
        return ControlOf(kind="without", name=name)
    reader.problem(COLUMN, f"This is no kind of control tube. {_ALLOWED}")
    return None
