from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_csv_rows
from cytorecon.simulate.priors import PriorCurve, load_priors

HEADER = "scenario,population,day,median_cells_per_ul,between_patient_sd_log10,status,note\n"
CURVE = PriorCurve(days=(10, 100, 1000), medians=(10.0, 1000.0, 1000.0), sds=(0.5, 0.3, 0.3))


def test_every_row_of_the_file_is_on_its_curve() -> None:
    priors = load_priors()
    rows = read_csv_rows("simulator_priors.csv")
    assert len(rows) == 252
    for row in rows:
        curve = priors[row["scenario"]][row["population"]]
        assert curve.median(int(row["day"])) == pytest.approx(float(row["median_cells_per_ul"]))
        assert curve.sd(int(row["day"])) == pytest.approx(float(row["between_patient_sd_log10"]))


def test_between_two_days_the_median_is_log_linear_in_log_time() -> None:
    assert CURVE.median(10**1.5) == pytest.approx(100)
    assert CURVE.sd(10**1.5) == pytest.approx(0.4)


def test_before_the_first_day_the_line_goes_on_and_after_the_last_it_is_flat() -> None:
    assert CURVE.median(5) == pytest.approx(10 * 0.5**2)
    assert CURVE.median(5000) == pytest.approx(1000)
    assert CURVE.sd(1) == pytest.approx(0.5)


def test_a_row_that_is_not_synthetic_is_refused(tmp_path: Path) -> None:
    (tmp_path / "simulator_priors.csv").write_text(HEADER + "a,CD4,15,60,0.4,found,\n", encoding="utf-8")
    with pytest.raises(KnowledgeError) as error:
        load_priors(folder=tmp_path)
    assert str(error.value) == (
        "simulator_priors.csv, data row 1, status: 1 field cannot be used. Found: 'found'. "
        "Allowed: String should match pattern '^SYNTHETIC'."
    )


@pytest.mark.parametrize(("days", "found"), [((15,), "15"), ((15, 15), "15, 15")])
def test_a_curve_needs_two_days(days: tuple[int, ...], found: str, tmp_path: Path) -> None:
    rows = "".join(f"a,CD4,{day},60,0.4,SYNTHETIC,\n" for day in days)
    (tmp_path / "simulator_priors.csv").write_text(HEADER + rows, encoding="utf-8")
    with pytest.raises(KnowledgeError) as error:
        load_priors(folder=tmp_path)
    assert str(error.value) == (
        f"simulator_priors.csv, a, CD4: A recovery curve needs two or more different days. Found: {found}."
    )
