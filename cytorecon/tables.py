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
    "lod_cells_per_ul",
    "below_lloq",
    "cells_per_ul_reported",
    "count_method",
    "blood_ul_counted",
    "review",
    "overrides",
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

#: Of a count what no table of counts holds: part of its status, in the trajectory table, or in API and JSON.
NOT_IN_TABLES: Final = frozenset(
    {"detected", "gate_definition", "gate_spread", "absence_in_doubt", "uncertainty"}
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
    "reference_median",
    "reference_z",
    "reference_percentile",
    "reference_basis",
    "reference_source",
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
    "certain_after_day",
    "certain_by_day",
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

#: What a statement of the patient model rests on: patients pooled, visits of the patient, and both in words.
_RESTS_ON: Final = ("n_patients", "pool", "n_visits", "last_day", "rests_on", "reason")

#: One row per patient, population and day: the smooth recovery with its band.
RECOVERY_CURVE_COLUMNS: Final = (
    "patient",
    "population",
    "days_after_transplant",
    "median",
    "low",
    "high",
    "reported",
    "visit_low",
    "visit_high",
    "unit",
    "band",
    *_RESTS_ON,
)

#: One row per patient, population and planned visit to come.
FORECAST_COLUMNS: Final = (
    "patient",
    "population",
    "window",
    "days_after_transplant",
    "median",
    "low",
    "high",
    "reported",
    "unit",
    "band",
    "n",
    *_RESTS_ON,
)

#: One row per patient, milestone and planned visit to come: how likely it is reached by then.
MILESTONE_FORECAST_COLUMNS: Final = (
    "patient",
    "milestone",
    "population",
    "rule",
    "deadline_day",
    "window",
    "days_after_transplant",
    "probability",
    "low",
    "high",
    "reported",
    "n",
    *_RESTS_ON,
    "source",
)

#: One row per remark on a patient.
PATIENT_FLAG_COLUMNS: Final = (
    "patient",
    "flag",
    "population",
    "days_after_transplant",
    "value",
    "limit",
    "unit",
    "n",
    "words",
    "source",
)

#: One row per subset of a patient's immune profile.
PROFILE_COLUMNS: Final = (
    "patient",
    "compartment",
    "population",
    "measure",
    "unit",
    "days_after_transplant",
    "value",
    "reported",
    "position",
    "z",
    "earlier_day",
    "earlier_value",
    "earlier_reported",
    "earlier_position",
    "earlier_z",
    "n_cohort",
    "cohort_position",
    "cohort_z",
    "reference_set",
    "missing",
)

#: One row per patient: how far the profile lies from health.
PROFILE_DISTANCE_COLUMNS: Final = (
    "patient",
    "days_after_transplant",
    "distance",
    "n",
    "earlier_day",
    "earlier_distance",
    "n_earlier",
    "cohort_distance",
    "n_cohort",
    "n_within",
    "n_placed",
    "n_missing",
    "words",
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

#: What every row of a cohort's statistics ends with.
_HOW: Final = ("suppressed", "method")

#: One row per milestone, group and day: who has reached it, as if nothing competed.
TIME_TO_MILESTONE_COLUMNS: Final = (
    "milestone",
    "population",
    "rule",
    "by",
    "group",
    "day",
    "n",
    "n_reached",
    "n_competing",
    "n_left_out",
    "probability",
    "low",
    "high",
    "unit",
    "median_after_day",
    "median_by_day",
    "median_low_day",
    "median_high_day",
    "p_value",
    "p_adjusted",
    *_HOW,
)

#: One row per milestone, group, cause and day: which event came first.
CUMULATIVE_INCIDENCE_COLUMNS: Final = (
    "milestone",
    "population",
    "rule",
    "by",
    "group",
    "cause",
    "day",
    "n",
    "n_events",
    "n_left_out",
    "probability",
    "low",
    "high",
    "unit",
    "probability_if_unseen",
    *_HOW,
)

#: One row per milestone and group at a landmark: survival from there on.
LANDMARK_COLUMNS: Final = (
    "milestone",
    "population",
    "rule",
    "landmark_day",
    "group",
    "n",
    "n_events",
    "n_left_out",
    "horizon_day",
    "survival",
    "low",
    "high",
    "unit",
    "hazard_ratio",
    "hazard_ratio_low",
    "hazard_ratio_high",
    "p_value",
    *_HOW,
)

#: One row per window, population, measure and pair of groups.
COMPARISON_COLUMNS: Final = (
    "window",
    "population",
    "measure",
    "by",
    "group",
    "versus",
    "n",
    "n_versus",
    "n_censored",
    "n_censored_versus",
    "ratio",
    "low",
    "high",
    "unit",
    "ratio_reported",
    "superiority",
    "superiority_low",
    "superiority_high",
    "p_value",
    "p_adjusted",
    *_HOW,
)

#: One row per patient, population and measure: the mean level over a span of days.
AREA_COLUMNS: Final = (
    "patient",
    "population",
    "measure",
    "from_day",
    "to_day",
    "n",
    "n_censored",
    "mean_level",
    "low",
    "high",
    "unit",
    "days_seen",
    "coverage",
    "method",
)

#: One row per tube and ratio of populations; named as in the trajectory table, so that it can be compared.
RATIO_COLUMNS: Final = (
    *TUBE_COLUMNS,
    "population",
    "measure",
    "n",
    "value",
    "unit",
    "low",
    "high",
    "lloq",
    "censored",
    "reported",
    "method",
)

#: One row per patient whose curve was long enough.
CLUSTER_COLUMNS: Final = (
    "patient",
    "population",
    "measure",
    "cluster",
    "n",
    "n_left_out",
    "level",
    "low",
    "high",
    "unit",
    "stability",
    "silhouette",
    *_HOW,
)

#: One row per patient on the map of a cohort.
COHORT_MAP_COLUMNS: Final = (
    "patient",
    "window",
    "x",
    "y",
    "unit",
    "known_share",
    "n",
    "n_left_out",
    "explained_x",
    "explained_y",
    "x_populations",
    "y_populations",
    "method",
)

#: One row per population and term of a mixed model of log counts.
RECOVERY_MODEL_COLUMNS: Final = (
    "population",
    "measure",
    "by",
    "term",
    "factor",
    "low",
    "high",
    "unit",
    "n",
    "n_values",
    "n_censored",
    *_HOW,
)
