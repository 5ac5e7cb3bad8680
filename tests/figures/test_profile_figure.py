from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np

from cytorecon.figures.profile import profile_svg
from cytorecon.patient import immune_profile, profile_distance
from cytorecon.trajectory import trajectories
from tests import builders

SVG = "{http://www.w3.org/2000/svg}"


def picture(patient: str = "P01", **zs: float) -> ElementTree.Element:
    result = builders.study_result()
    table = trajectories(result)
    table["reference_z"] = np.nan
    for population, z in zs.items():
        table.loc[table["population"] == population, "reference_z"] = z
    profile = immune_profile(table, result.study, patient)
    return ElementTree.fromstring(profile_svg(profile, profile_distance(profile)))


def words(svg: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in svg.iter(f"{SVG}text")]


def test_it_says_who_when_how_far_and_what_is_missing() -> None:
    found = words(picture(CD4_CD8_ratio=-1.0))
    assert "Immune profile of P01, day 365" in found
    assert any(
        text.startswith("No distance to health, as too few ranges are known: 1 subset") for text in found
    )
    assert "not measured: Regulatory T" in found
    assert "420" in found


def test_a_z_score_is_a_point_at_its_place() -> None:
    def centres(z: float) -> set[float]:
        # 5.5 is the radius of a point of now
        return {
            float(each.get("cx", "0"))
            for each in picture(CD4_CD8_ratio=z).iter(f"{SVG}circle")
            if each.get("r") == "5.5"
        }

    legend = centres(0.0) & centres(3.0)
    low, middle, high = (next(iter(centres(z) - legend)) for z in (-3.0, 0.1, 3.0))
    assert low < middle < high
    assert abs((low + high) / 2 - middle) < 5


def test_beyond_the_axis_is_an_arrow() -> None:
    inside, outside = (len(list(picture(CD4_CD8_ratio=z).iter(f"{SVG}polygon"))) for z in (-5.0, -9.0))
    assert outside > inside


def test_text_of_others_is_no_markup() -> None:
    result = builders.study_result()
    table = trajectories(result)
    table["reference_set"] = "<script>x</script>"
    profile = immune_profile(table, result.study, "P01")
    svg = profile_svg(profile, profile_distance(profile))
    assert "<script" not in svg


def test_a_patient_without_a_visit_is_said() -> None:
    result = builders.study_result()
    table = trajectories(result)
    profile = immune_profile(table[table["patient"] != "P01"], result.study, "P01")
    svg = profile_svg(profile, profile_distance(profile))
    assert "Immune profile of P01, no visit" in svg
