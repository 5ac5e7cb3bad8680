"""Column names of the tidy tables, in their order. The only place that spells them."""

from __future__ import annotations

from typing import Final

#: Of every table made from a study: which tube of which patient on which day.
TUBE_COLUMNS: Final = ("patient", "days_after_transplant", "visit", "tube")

#: One row per tube and population; `None` in a cell is written as an empty field.
COUNT_COLUMNS: Final = (
    *TUBE_COLUMNS,
    "population",
    "parent",
    "status",
    "reason",
    "events",
    "parent_events",
    "background_events",
    "percent_of_parent",
    "percent_of_parent_low",
    "percent_of_parent_high",
    "percent_of_lymphocytes",
    "percent_of_lymphocytes_low",
    "percent_of_lymphocytes_high",
    "percent_of_leukocytes",
    "percent_of_leukocytes_low",
    "percent_of_leukocytes_high",
    "cells_per_ul",
    "cells_per_ul_low",
    "cells_per_ul_high",
    "lloq_cells_per_ul",
    "below_lloq",
    "cells_per_ul_reported",
    "count_method",
    "blood_ul_counted",
    "review",
    "file_sha256",
    "template",
    "template_version",
    "template_sha256",
    "gates_version",
    "software_version",
)

#: One row per tube of a cell product and population that is given per kg.
PRODUCT_DOSE_COLUMNS: Final = (
    *TUBE_COLUMNS,
    "population",
    "cells",
    "dose",
    "dose_low",
    "dose_high",
    "unit",
    "reported",
    "dose_lloq",
    "events",
    "cells_per_ul",
    "cells_per_ul_low",
    "cells_per_ul_high",
    "product_volume_ml",
    "recipient_weight_kg",
    "living_only",
    "count_method",
    "reason",
    "review",
    "template",
    "template_version",
)

#: One row per tube, also for the failed ones that have no counts.
TUBE_STATUS_COLUMNS: Final = (
    *TUBE_COLUMNS,
    "status",
    "error",
    "n_events",
    "errors",
    "warnings",
    "template",
)

#: One row per tube, population and measure: what is drawn against the day.
TRAJECTORY_COLUMNS: Final = (
    *TUBE_COLUMNS,
    "population",
    "measure",
    "value",
    "unit",
    "low",
    "high",
    "lloq",
    "censored",
    "reported",
    "count_method",
    "review",
    "age_years",
    "reference_low",
    "reference_high",
    "reference_percentiles",
    "reference_set",
    "reference_position",
    "gate_definition",
    "reference_note",
)

#: One row per readout from outside of the cytometer.
READOUT_COLUMNS: Final = (
    "patient",
    "days_after_transplant",
    "readout",
    "lineage",
    "value",
    "unit",
    "less_than",
    "more_than",
    "reported",
    "replaced_by",
    "note",
)

#: One row per patient and test that is due.
DUE_TEST_COLUMNS: Final = (
    "patient",
    "test",
    "due_from_day",
    "due_to_day",
    "because",
    "source",
)

#: One row per patient and milestone.
MILESTONE_COLUMNS: Final = (
    "patient",
    "milestone",
    "kind",
    "population",
    "rule",
    "threshold",
    "unit",
    "status",
    "after_day",
    "by_day",
    "confirmed",
    "confirmed_day",
    "deadline_day",
    "deadline",
    "borderline_days",
    "flagged_visits",
    "reading",
    "caution",
    "source",
)

#: One row per visit window, population and measure of a cohort.
COHORT_COLUMNS: Final = (
    "window",
    "target_day",
    "from_day",
    "to_day",
    "population",
    "measure",
    "unit",
    "n",
    "n_censored",
    "median",
    "median_reported",
    "quartile_low",
    "quartile_low_reported",
    "quartile_high",
    "quartile_high_reported",
    "suppressed",
    "rule",
)
