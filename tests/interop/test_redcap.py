"""The table for REDCap and its data dictionary."""

from __future__ import annotations

import re

from cytorecon.interop import ExportTables, export_tables
from cytorecon.interop.redcap import DICTIONARY_COLUMNS, redcap_dictionary, redcap_table
from cytorecon.study.model import Patient, Study
from cytorecon.study.result import StudyResult
from tests.builders import tube, tube_result

CURVES = {"CD4_T": 200.0, "CD8_T": 300.0, "B": 50.0, "NK": 80.0}


def test_the_keys_of_a_longitudinal_project_with_a_repeating_instrument(tables: ExportTables) -> None:
    table = redcap_table(tables)
    assert list(table.columns[:4]) == [
        "record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance",
    ]  # fmt: skip
    assert table["redcap_event_name"].tolist()[:6] == [
        "day_14_arm_1", "day_30_arm_1", "day_60_arm_1", "day_100_arm_1", "6_months_arm_1", "1_year_arm_1",
    ]  # fmt: skip
    assert set(table["redcap_repeat_instrument"]) == {"flow_cytometry"}
    assert set(table["redcap_repeat_instance"]) == {1}


def test_two_tubes_of_one_event_are_two_instances_and_a_day_outside_is_unscheduled() -> None:
    tubes = (tube("P01", 98), tube("P01", 102), tube("P01", 102, 2), tube("P01", 2000))
    study = Study(name="s", patients=(Patient(patient="P01"),), tubes=tubes)
    results = tuple(tube_result(own, CURVES) for own in tubes)
    table = redcap_table(export_tables(StudyResult(study=study, tubes=results)))
    assert table["redcap_event_name"].tolist() == [*["day_100_arm_1"] * 3, "unscheduled_arm_1"]
    assert table["redcap_repeat_instance"].tolist() == [1, 2, 3, 1]


def test_the_dictionary_names_every_field_of_the_table_and_no_other(tables: ExportTables) -> None:
    dictionary = redcap_dictionary(tables)
    assert tuple(dictionary.columns) == DICTIONARY_COLUMNS
    names = dictionary["Variable / Field Name"].tolist()
    assert names[0] == "record_id", "REDCap takes the first field for the record"
    fields = [name for name in redcap_table(tables).columns if not name.startswith("redcap_")]
    assert names == fields
    for name in names:
        assert re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", name), name
        assert "__" not in name


def test_every_status_of_the_table_is_a_choice(tables: ExportTables) -> None:
    dictionary = redcap_dictionary(tables).set_index("Variable / Field Name")
    choices = dictionary.loc["fc_b_status", "Choices, Calculations, OR Slider Labels"]
    codes = {choice.split(",")[0].strip() for choice in str(choices).split("|")}
    assert set(redcap_table(tables)["fc_b_status"]) <= codes
    assert dictionary.loc["fc_b_status", "Field Type"] == "dropdown"
    assert dictionary.loc["fc_b_n", "Text Validation Type OR Show Slider Number"] == "integer"


def test_beads_and_singlets_are_no_results(tables: ExportTables) -> None:
    assert not [name for name in redcap_table(tables).columns if "singlets" in name or "beads" in name]
