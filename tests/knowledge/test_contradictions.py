"""Each way to get a knowledge file wrong, with the message it gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.knowledge.files import read_text
from cytorecon.knowledge.milestones import load_milestone_rules
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.programmes import load_programmes
from cytorecon.knowledge.references import load_references
from cytorecon.knowledge.visit_windows import load_visit_windows

Loader = Callable[..., object]

POPULATION = "{name},{parent},cells,X,gate,,,,,high\n"
HEADER = (
    "population,parent,kind,display_name,gate,gate_definition,panel,alternative_definition,notes,confidence\n"
)
RANGES = (
    "set,population,measure,age_from,age_below,sex,low,high,percentiles,gate_definition,source,confidence\n"
)
#: Own ranges come with own medians; these are none.
NO_MEDIANS = "set,population,measure,gate_definition,age_from,sex,median\n"


def message(load: Loader, folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load(folder=folder)
    return str(caught.value)


def edited(name: str, before: str, after: str) -> str:
    text = read_text(name)
    assert before in text
    return text.replace(before, after, 1)


def test_a_population_occurs_twice(tmp_path: Path) -> None:
    rows = POPULATION.format(name="B", parent="root") * 2
    assert message(load_populations, tmp_path, "populations.csv", HEADER + rows) == (
        "populations.csv, data row 2, population: A population occurs twice. Found: B."
    )


def test_a_parent_is_unknown(tmp_path: Path) -> None:
    rows = POPULATION.format(name="B", parent="lymphocytes")
    assert message(load_populations, tmp_path, "populations.csv", HEADER + rows) == (
        "populations.csv, data row 1, parent: The parent is not a population of this file. "
        "Found: lymphocytes. Allowed: root or a name of the population column."
    )


def test_a_kind_of_event_occurs_twice(tmp_path: Path) -> None:
    text = edited("event_kinds.yaml", "kind: cmv", "kind: ebv")
    assert message(load_event_kinds, tmp_path, "event_kinds.yaml", text) == (
        "event_kinds.yaml, kind: A kind occurs twice. Found: ebv."
    )


def test_an_unknown_kind_of_event_is_asked_for(tmp_path: Path) -> None:
    text = "kinds:\n  - {kind: relapse, name: relapse, lane: course, anchor: '', ends_clock: true}\n"
    (tmp_path / "event_kinds.yaml").write_text(text)
    with pytest.raises(KnowledgeError) as caught:
        load_event_kinds(folder=tmp_path).find("fever")
    assert str(caught.value) == (
        "event_kinds.yaml: There is no such kind of event. Found: fever. Allowed: relapse."
    )


def test_a_programme_occurs_twice(tmp_path: Path) -> None:
    text = edited("programmes.yaml", "msc, ", "ageing, ")
    assert message(load_programmes, tmp_path, "programmes.yaml", text) == (
        "programmes.yaml, programmes: A programme occurs twice. Found: ageing."
    )


MSC = "programmes/msc.yaml"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "anchor_kind: cell_infusion",
            "anchor_kind: cmv",
            (
                "anchor_kind: This kind of event cannot start a clock. Found: cmv. Allowed: transplant, "
                "stem_cell_boost, dli, car_t, gene_therapy, cell_infusion, last_chemotherapy, enrolment."
            ),
        ),
        (
            "populations: [Treg",
            "populations: [Tregs",
            "populations: This is not known. Found: Tregs. Allowed: names of populations.csv.",
        ),
        (
            "below: [Th17]",
            "below: [Th18]",
            "ratios: This is not known. Found: Th18. Allowed: names of populations.csv.",
        ),
        (
            "readouts: [igg",
            "readouts: [ige",
            "readouts: This is not known. Found: ige. Allowed: names of readouts.yaml.",
        ),
        (
            "templates: [treg",
            "templates: [tregs",
            "templates: This is not known. Found: tregs. Allowed: names of the templates.",
        ),
    ],
)
def test_a_programme_names_something_that_is_not_there(tmp_path: Path, old: str, new: str, told: str) -> None:
    (tmp_path / "programmes").mkdir()
    assert message(load_programmes, tmp_path, MSC, edited(MSC, old, new)) == f"{MSC}, {told}"


def test_the_file_of_a_programme_is_that_of_another(tmp_path: Path) -> None:
    (tmp_path / "programmes").mkdir()
    assert message(load_programmes, tmp_path, MSC, edited(MSC, "programme: msc", "programme: mcs")) == (
        "programmes/msc.yaml: The file is that of another programme. Found: mcs. Allowed: msc."
    )


def test_an_unknown_programme_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "programmes.yaml").write_text("programmes: [msc]\n")
    with pytest.raises(KnowledgeError) as caught:
        load_programmes(folder=tmp_path).find("haplo")
    assert str(caught.value) == "programmes.yaml: There is no such programme. Found: haplo. Allowed: msc."


def test_a_milestone_occurs_twice(tmp_path: Path) -> None:
    text = edited("milestones.yaml", "milestone: b_20\n", "milestone: b_50\n")
    assert message(load_milestone_rules, tmp_path, "milestones.yaml", text) == (
        "milestones.yaml, milestone: A milestone occurs twice. Found: b_50."
    )


def test_a_milestone_that_does_not_exist_is_to_be_drawn_first(tmp_path: Path) -> None:
    text = edited("milestones.yaml", "drawn_first: [cd4_50_d100,", "drawn_first: [cd4_d100,")
    found = message(load_milestone_rules, tmp_path, "milestones.yaml", text)
    assert found.startswith(
        "milestones.yaml, drawn_first: There is no such milestone. Found: cd4_d100. "
        "Allowed: cd4_50_confirmed_d100, cd4_50_d100, "
    )


def test_a_confirmation_by_a_deadline_needs_both(tmp_path: Path) -> None:
    text = edited("milestones.yaml", "    confirmation: 2\n    by_day: 100\n", "    confirmation: 2\n")
    found = message(load_milestone_rules, tmp_path, "milestones.yaml", text)
    assert found == (
        "milestones.yaml, cd4_50_confirmed_d100.confirm_by_deadline: A confirmation by the deadline needs a "
        "confirmation and a deadline. Found: true. Allowed: false, or a confirmation of 2 or more visits and "
        "a by_day."
    )


def test_a_milestone_names_an_unknown_programme(tmp_path: Path) -> None:
    text = edited("milestones.yaml", "[allo_hsct, scid_hsct], age_from", "[allo, scid_hsct], age_from")
    found = message(load_milestone_rules, tmp_path, "milestones.yaml", text)
    assert found == (
        "milestones.yaml, cd4_50_confirmed_d100.applies_to.programmes: There is no such programme. "
        "Found: allo. Allowed: allo_hsct, auto_hsct, auto_hsct_autoimmune, scid_hsct, gene_therapy, car_t, "
        "msc, ipsc_product, chemotherapy, ageing, unknown."
    )


def test_a_window_misses_its_target(tmp_path: Path) -> None:
    text = edited("visit_windows.yaml", "target_day: 100,", "target_day: 200,")
    assert message(load_visit_windows, tmp_path, "visit_windows.yaml", text) == (
        "visit_windows.yaml, day 100: The window does not hold its target day. Found: day 200. "
        "Allowed: day 80 to 139."
    )


def test_windows_overlap(tmp_path: Path) -> None:
    text = edited("visit_windows.yaml", "from_day: 45, to_day: 79", "from_day: 45, to_day: 80")
    assert message(load_visit_windows, tmp_path, "visit_windows.yaml", text) == (
        "visit_windows.yaml, day 100: The windows overlap or are not in order. Found: it begins on day 80. "
        "Allowed: after day 80, the end of 'day 60'."
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "s,B,cells_per_ul,0,1,all,300,200,10-90,CD19+,paper,found\n",
            "data row 1, low: The lower limit is not below the upper one. Found: 300. Allowed: below 200.",
        ),
        (
            "s,B,cells_per_ul,2,1,all,100,200,10-90,CD19+,paper,found\n",
            "data row 1, age_below: The age band is empty. Found: 1. Allowed: above 2.",
        ),
        (
            "s,B,cells_per_ul,0,1,all,100,200,10-90,CD19+,paper,RECALLED - verify\n",
            (
                "data row 1, confidence: A recalled figure is not used for patients. "
                "Found: RECALLED - verify. Allowed: a figure that was found in its source."
            ),
        ),
        (
            (
                "s,B,cells_per_ul,0,2,all,100,200,10-90,CD19+,paper,found\n"
                "s,B,cells_per_ul,1,,male,100,200,10-90,CD19+,paper,found\n"
            ),
            (
                "data row 2, age_from: Two rows of one set cover the same age. "
                "Found: s, B, cells_per_ul, from 1 years."
            ),
        ),
    ],
)
def test_reference_rows_contradict_themselves(tmp_path: Path, rows: str, expected: str) -> None:
    found = message(load_references, tmp_path, "reference_ranges.csv", RANGES + rows)
    assert found == f"reference_ranges.csv, {expected}"


def test_a_default_names_a_set_with_another_gate(tmp_path: Path) -> None:
    rows = "s,B,cells_per_ul,0,,all,100,200,10-90,CD20+,paper,found\n"
    defaults = (
        "defaults:\n  - {population: B, measure: cells_per_ul, ours: [CD19+],"
        " gate_definitions: [CD19+], reason: x,"
        " bands: [{age_from: 0, age_below: 125, set: s}]}\n"
    )
    (tmp_path / "reference_defaults.yaml").write_text(defaults)
    (tmp_path / "reference_medians.csv").write_text(NO_MEDIANS)
    assert message(load_references, tmp_path, "reference_ranges.csv", RANGES + rows) == (
        "reference_defaults.yaml, B, cells_per_ul: The default names a set without a comparable row. "
        "Found: s. Allowed: no set, for no row has this gate."
    )


def test_rows_by_sex_of_the_same_age_do_not_overlap(tmp_path: Path) -> None:
    rows = "".join(
        f"s,B,cells_per_ul,0,,{sex},100,{high},10-90,CD19+,paper,found\n"
        for sex, high in (("male", 200), ("female", 300))
    )
    (tmp_path / "reference_ranges.csv").write_text(RANGES + rows)
    (tmp_path / "reference_medians.csv").write_text(NO_MEDIANS)
    (tmp_path / "reference_defaults.yaml").write_text(
        "defaults:\n  - {population: B, measure: cells_per_ul, ours: [CD19+],"
        " gate_definitions: [CD19+], reason: x,"
        " bands: [{age_from: 0, age_below: 125, set: s}]}\n"
    )
    references = load_references(folder=tmp_path)
    found = [references.find("B", "cells_per_ul", 30.0, sex) for sex in ("male", "female", "unknown")]
    assert [None if row is None else row.high for row in found] == [200, 300, None]
