"""What ships: figures have unit and source, nothing recalled, and the files agree with each other."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.counting import load_counting_rules
from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.knowledge.files import read_csv_rows, read_text
from cytorecon.knowledge.milestones import load_milestone_rules
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.programmes import load_programmes
from cytorecon.knowledge.references import load_references
from cytorecon.knowledge.visit_labels import load_visit_labels
from cytorecon.knowledge.visit_windows import load_visit_windows

EVERYWHERE = [
    *("singlets", "viable", "leukocytes", "lymphocytes", "CD3_T", "CD4_T", "CD8_T", "DN_T", "DP_T"),
    *("NKT_like", "B", "NK", "monocytes", "granulocytes", "beads"),
]


def test_populations_begin_with_the_names_used_everywhere_and_have_known_parents() -> None:
    populations = load_populations()
    names = [row.population for row in populations.rows]
    assert names[: len(EVERYWHERE)] == EVERYWHERE
    assert len(names) == len(set(names))
    assert {populations.kind_of(name) for name in ("singlets", "viable")} == {"events"}
    assert populations.kind_of("beads") == "beads"
    assert populations.kind_of("CD4_CD8_ratio") == "ratio"


def test_a_name_only_a_template_knows_is_cells_and_comes_last_by_alphabet() -> None:
    populations = load_populations()
    assert populations.kind_of("my_subset") == "cells"
    assert populations.display_name("my_subset") == "my_subset"
    assert sorted(["zeta", "my_subset", "B", "CD3_T"], key=populations.order) == [
        "CD3_T",
        "B",
        "my_subset",
        "zeta",
    ]


@pytest.mark.parametrize(
    "name", ["populations.csv", "reference_ranges.csv", "milestones.yaml", "counting.yaml"]
)
def test_nothing_recalled_ships(name: str) -> None:
    assert "RECALLED" not in read_text(name).upper()


def test_no_median_of_the_reference_sets_ships() -> None:
    assert "median" not in read_csv_rows("reference_ranges.csv")[0]


def test_reference_rows_are_the_published_ones() -> None:
    """Figures typed from the sources of the rows, not read back from the file."""
    references = load_references()

    def limits(population: str, age: float, measure: str = "cells_per_ul", sex: str = "all") -> object:
        found = references.find(population, measure, age, sex)
        return None if found is None else (found.set, found.low, found.high, found.percentiles)

    assert limits("CD4_T", 0.1) == ("shearer_2003", 1600, 4000, "10-90")
    assert limits("CD4_T", 13) == ("shearer_2003", 530, 1300, "10-90")
    assert limits("CD3_T", 5) == ("shearer_2003", 1400, 3700, "10-90")
    assert limits("B", 30) == ("mayo_tbbs_2013", 99, 527, "")
    assert limits("NK", 60) == ("mayo_tbbs_2013", 110, 657, "")
    assert limits("CD3_T", 30) == ("lhsc", 800, 2560, "")
    assert limits("CD4_T", 40, "percent_of_lymphocytes") == ("reichert_1991", 28, 58, "central 95")
    assert limits("CD4_CD8_ratio", 40, "ratio", "female") == ("singapore_2004", 0.70, 3.22, "")


def test_band_edges_belong_to_the_older_band() -> None:
    references = load_references()
    younger, older = (references.find("CD4_T", "cells_per_ul", age, "all") for age in (17.999, 18.0))
    assert younger is not None
    assert older is not None
    assert (younger.set, older.set) == ("shearer_2003", "mayo_tbbs_2013")


@pytest.mark.parametrize(("age", "low"), [(55.0, 101), (55.99, 101), (56.0, 110)])
def test_a_person_of_55_completed_years_is_not_over_55(age: float, low: float) -> None:
    """The Mayo catalogue says "18-55 years" and ">55 years"."""
    found = load_references().find("NK", "cells_per_ul", age, "all")
    assert found is not None
    assert (found.set, found.low) == ("mayo_tbbs_2013", low)


def test_every_shipped_reference_set_has_a_title() -> None:
    references = load_references()
    assert set(references.titles) == {row.set for row in references.ranges}


@pytest.mark.parametrize(
    ("population", "measure", "age", "sex"),
    [
        ("CD4_T", "cells_per_ul", None, "female"),
        ("CD4_T", "cells_per_ul", 130.0, "female"),
        ("lymphocytes", "cells_per_ul", 40.0, "unknown"),
        ("lymphocytes", "cells_per_ul", 3.0, "female"),
        ("NK", "percent_of_lymphocytes", 15.0, "male"),
        ("CD4_naive", "percent_of_parent", 40.0, "male"),
        ("my_subset", "cells_per_ul", 40.0, "male"),
    ],
)
def test_no_limits_are_shown_where_none_fit(
    population: str, measure: str, age: float | None, sex: str
) -> None:
    assert load_references().find(population, measure, age, sex) is None


def test_another_set_can_be_asked_for_but_not_another_gate() -> None:
    references = load_references()
    other = references.find("CD4_T", "cells_per_ul", 40.0, "male", set_name="hong_kong_2013")
    assert other is not None
    assert (other.low, other.high) == (396, 1309)
    # CD8 of this set was stained for another chain of CD8.
    assert "milieu_interieur" in references.sets("CD4_CD8_ratio", "ratio")
    assert references.find("CD4_CD8_ratio", "ratio", 40.0, "male", set_name="milieu_interieur") is None


def test_defaults_and_rules_name_known_populations() -> None:
    populations = load_populations()
    references, rules = load_references(), load_milestone_rules()
    used = {default.population for default in references.defaults}
    used |= {
        asked.population
        for rule in rules.milestones
        for asked in rule.conditions
        if asked.measure != "readout"
    }
    used |= {row.population for row in references.ranges}
    assert {name for name in used if populations.find(name) is None} == set()


def test_every_milestone_has_source_and_effect_and_the_known_thresholds() -> None:
    rules = {rule.milestone: rule for rule in load_milestone_rules().milestones}
    first = rules["cd4_50_confirmed_d100"]
    assert (first.threshold, first.operator, first.confirmation, first.by_day) == (50, ">", 2, 100)
    assert "van Roessel 2020" in first.source
    assert {rules[name].threshold for name in ("cd4_104_d100", "cd4_115_d180")} == {104, 115}
    assert rules["cd4_248_d100"].effect.startswith("No clinical association")


def test_clocks_end_with_what_ends_a_reporting_period_or_competes() -> None:
    kinds = load_event_kinds()
    assert kinds.ending_kinds == {"transplant", "car_t", "gene_therapy", "graft_failure", "relapse", "death"}
    assert set(kinds.anchor_kinds) >= {"transplant", "dli", "car_t"}
    assert {programme.anchor_kind for programme in load_programmes().programmes} <= set(kinds.anchor_kinds)


def test_windows_and_limits_are_what_the_documents_say() -> None:
    rules, windows = load_counting_rules(), load_visit_windows()
    assert rules.lloq_events("CD4_T") == 50
    assert (rules.beads.minimum_events.value, rules.beads.review_events.value) == (100, 1000)
    assert [window.target_day for window in windows.windows] == [-7, 14, 30, 60, 100, 180, 270, 365, 545, 730]
    assert windows.minimum_patients == 5


def test_a_csv_of_the_package_opens_in_a_spreadsheet() -> None:
    """Every row has as many fields as the header, and lines end as a spreadsheet expects."""
    for name in ("populations.csv", "reference_ranges.csv"):
        text = read_text(name)
        assert "\r" not in text
        rows = [row for row in csv.reader(text.splitlines()) if not row[0].startswith("#")]
        assert {len(row) for row in rows} == {len(rows[0])}


def test_a_users_folder_is_used_by_every_loader(tmp_path: Path) -> None:
    text = read_text("counting.yaml").replace("value: 50\n", "value: 20\n")
    (tmp_path / "counting.yaml").write_text(text, encoding="utf-8")
    assert load_counting_rules(folder=tmp_path).lloq_events("B") == 20
    assert load_counting_rules().lloq_events("B") == 50


def test_limits_of_amounts_hold_what_laboratories_pipette() -> None:
    amounts = load_counting_rules().amounts
    for column, usual in (
        ("beads_per_tube", (48_440, 51_420, 100_000)),
        ("blood_volume_ul", (20, 50, 100, 200)),
        ("acquired_volume_ul", (25, 100, 500)),
        ("dilution", (1, 2, 10, 20)),
    ):
        assert all(amounts.of(column).is_usual(value) for value in usual)
        assert amounts.of(column).reason
        assert amounts.of(column).source
    assert not amounts.beads_per_tube.is_possible(999)
    assert not amounts.blood_volume_ul.is_possible(0.05)
    assert not amounts.dilution.is_possible(0.1)


def test_limits_of_amounts_must_be_in_order(tmp_path: Path) -> None:
    text = read_text("counting.yaml").replace("usual_low: 5000\n", "usual_low: 500\n")
    (tmp_path / "counting.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_counting_rules(folder=tmp_path)
    error = caught.value
    assert (error.subject, error.field, error.allowed) == (
        "counting.yaml",
        "amounts.beads_per_tube",
        "Value error, least, usual_low, usual_high and most must be in this order",
    )


def test_words_for_visits_hold_no_name_twice_and_a_users_words_replace_them(tmp_path: Path) -> None:
    words = [word for group in load_visit_labels().words for word in group]
    assert sorted(words) == sorted(set(words))
    assert all(word == word.lower() for word in words)
    own = "longest: 10\nletters_beside_digits: 1\ndigits: 3\nwords: [[ronda]]\n"
    (tmp_path / "visit_labels.yaml").write_text(own, encoding="utf-8")
    labels = load_visit_labels(folder=tmp_path)
    assert labels.allows("Ronda", beside_digit=False)
    assert not labels.allows("week", beside_digit=False)
