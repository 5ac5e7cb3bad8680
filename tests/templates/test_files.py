"""From files to counts by templates other than TBNK: labels, scales, gates, criteria."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import cytorecon as cr
from cytorecon.cli import main
from cytorecon.errors import PanelError
from cytorecon.gating.gated import GatedSample
from tests.templates.agreement import agrees
from tests.templates.linear import read_tube, write_tube
from tests.templates.test_other_cells import BLOOD, PRODUCT, STROMA, dyed_graft
from tests.templates.test_t_cells import MEMORY, TREG, tube
from tests.templates.tubes import GRANULOCYTE, Cells, made_tube

HIGH = 0.7


def gated(sample: cr.Sample, template: str) -> GatedSample:
    return cr.gate(sample, template)


def test_a_memory_tube(tmp_path: Path) -> None:
    made = tube(MEMORY, "CD45RA", "CCR7")
    labels = {"CD3": "CD3 FITC", "CD4": "CD4 PE", "CD8": "CD8a APC", "CD45RA": "CD45RA PC7", "CCR7": "CD197"}
    found = gated(read_tube(str(tmp_path / "a.fcs"), made, labels), "t_memory")
    for kind, population in (("4 naive", "CD4_naive"), ("4 EM", "CD4_EM"), ("8 TEMRA", "CD8_TEMRA")):
        agrees(found, made, population, kind)


def test_a_tube_of_regulatory_cells(tmp_path: Path) -> None:
    made = tube(TREG, "CD25", "CD127")
    labels = {name: name for name in ("CD3", "CD4", "CD8", "CD25", "CD127")}
    found = gated(read_tube(str(tmp_path / "a.fcs"), made, labels), "treg")
    agrees(found, made, "Treg", "4 treg naive", "4 treg memory", at_least=0.85)


def test_a_channel_of_two_markers_is_told_apart_by_the_template(tmp_path: Path) -> None:
    cells = [
        Cells("ab", 1500, {"CD3": HIGH, "CD4": HIGH}),
        Cells("gd", 150, {"CD3": 0.75, "both": 0.72}),
        Cells("B", 250, {"both": 0.6}),
        Cells("NK", 300),
    ]
    made = made_tube(cells, ("CD3", "CD4", "both"))
    sample = read_tube(
        str(tmp_path / "a.fcs"), made, {"CD3": "CD3 APC", "CD4": "CD4", "both": "CD19+TCRgd PE-Cy7"}
    )
    found = gated(sample, "gamma_delta")
    agrees(found, made, "gdT", "gd")
    agrees(found, made, "B", "B")
    assert [issue.subject for issue in found.issues if issue.code == "panel.shared"] == ["TCRgd", "CD19"]


def test_a_marker_of_a_shared_channel_is_missing_where_no_template_tells_it_apart(tmp_path: Path) -> None:
    made = made_tube([Cells("T", 500, {"CD3": HIGH})], ("CD3", "CAR"))
    sample = read_tube(str(tmp_path / "a.fcs"), made, {"CD3": "CD3", "CAR": "CD4+CD8"})
    with pytest.raises(PanelError) as caught:
        gated(sample, "t_memory")
    assert "CD4 (not found), CD8 (not found)" in str(caught.value)


def test_criteria_of_a_product_are_judged_beside_its_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """60 blood cells among 4,000: 1.5 %; of CD34 there is one mode only, so nobody can say."""
    blood = {marker: place for marker, place in BLOOD.items() if marker != "CD34"}
    made = made_tube([PRODUCT, Cells("blood", 61, blood, (0.5, 0.3))], STROMA)
    path = str(tmp_path / "a.fcs")
    write_tube(path, made, {marker: marker for marker in STROMA})
    assert main(["gate", path, "--template", "msc_identity", "--json"]) == 0
    (item,) = json.loads(capsys.readouterr().out)
    rows = {row["criterion"]: row for row in item["criteria"]["msc_isct_2006"]}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "CD73": "pass",
        "CD90": "pass",
        "CD105": "pass",
        "CD45": "pass",
        "CD34": "not assessable",
        "CD14 or CD11b": "pass",
        "CD19 or CD79a": "pass",
        "HLA-DR": "pass",
    }
    assert rows["CD45"]["value"] == pytest.approx(100 * 61 / 4061, abs=0.1)
    assert main(["gate", path, "--template", "msc_identity"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "≤ 2" in line and "CD34" in line)
    assert "not assessable" in line


def test_templates_without_criteria_have_none_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "a.fcs")
    write_tube(
        path, made_tube([PRODUCT], ("CD3", "CD4", "CD8")), {name: name for name in ("CD3", "CD4", "CD8")}
    )
    assert main(["gate", path, "--template", "t_cd4_cd8", "--json"]) == 0
    (item,) = json.loads(capsys.readouterr().out)
    assert "criteria" not in item


def test_a_batch_lends_its_reference_to_a_tube_that_lacks_it(tmp_path: Path) -> None:
    """CD25 high begins where CD8 T cells end; one tube of the batch has no CD8 T cells."""
    labels = {name: name for name in ("CD3", "CD4", "CD8", "CD25", "CD127")}
    tubes = [tube(TREG, "CD25", "CD127", seed=seed) for seed in range(1, 9)]
    tubes.append(tube([*TREG[:4], Cells("8", 40, TREG[4].bright)], "CD25", "CD127", seed=9))
    samples = [
        read_tube(str(tmp_path / f"{number}.fcs"), made, labels, seed=number)
        for number, made in enumerate(tubes)
    ]
    *usual, lacking = cr.gate(samples, "treg")
    for found, made in zip((*usual, lacking), tubes, strict=True):
        agrees(found, made, "Treg", "4 treg naive", "4 treg memory", at_least=0.85)
    methods = [
        next(record.method for record in found.records() if record.gate == "CD25_high")
        for found in (*usual, lacking)
    ]
    assert methods == ["shrunk_to_batch"] * 8 + ["batch_tail"]


def test_one_tube_of_twelve_markers_in_eight_colours_serves_several_templates(tmp_path: Path) -> None:
    """CD8 beside IgD, CD4 beside IgM, CD19 beside TCRgd."""
    cells = [
        Cells("4 naive", 900, {"CD3": HIGH, "CD4": HIGH, "CD45RA": HIGH, "CD27": 0.5, "CD45": 0.8}),
        Cells("4 EM", 500, {"CD3": HIGH, "CD4": HIGH, "CD45": 0.8}),
        Cells("8 naive", 500, {"CD3": HIGH, "CD8": HIGH, "CD45RA": HIGH, "CD27": 0.5, "CD45": 0.8}),
        Cells("8 TEMRA", 400, {"CD3": HIGH, "CD8": HIGH, "CD45RA": HIGH, "CD45": 0.8}),
        Cells("8 EM", 400, {"CD3": HIGH, "CD8": HIGH, "CD45": 0.8}),
        Cells("gd", 150, {"CD3": 0.75, "CD19": 0.72, "CD45": 0.8}),
        Cells("B naive", 400, {"CD19": 0.6, "CD8": 0.55, "CD4": 0.5, "CD45RA": HIGH, "CD45": 0.8}),
        Cells("B switched", 150, {"CD19": 0.6, "CD27": 0.55, "CD45RA": HIGH, "CD45": 0.8}),
        Cells("neutrophils", 3000, {"CD45": 0.65}, GRANULOCYTE),
    ]
    markers = ("CD3", "CD4", "CD8", "CD19", "CD27", "CD45RA", "CD45")
    made = made_tube(cells, markers)
    shared = {"CD4": "CD4+SmIgM", "CD8": "CD8+SmIgD", "CD19": "CD19+TCRgd"}
    sample = read_tube(str(tmp_path / "a.fcs"), made, {name: shared.get(name, name) for name in markers})
    memory = gated(sample, "t_memory_cd27")
    agrees(memory, made, "CD4_naive", "4 naive")
    agrees(memory, made, "CD8_TEMRA", "8 TEMRA")
    agrees(gated(sample, "gamma_delta"), made, "gdT", "gd")
    maturation = gated(sample, "b_maturation")
    agrees(maturation, made, "B_naive", "B naive")
    agrees(maturation, made, "B_switched_memory", "B switched", at_least=0.93)


def test_without_cd45_nothing_is_a_share_of_leukocytes(tmp_path: Path) -> None:
    """The population holds every viable event then; a blood count must not be spread over debris."""
    made = tube(MEMORY, "CD45RA", "CCR7")
    labels = {name: name for name in ("CD3", "CD4", "CD8", "CD45RA", "CCR7")}
    write_tube(str(tmp_path / "a.fcs"), made, labels)
    (tmp_path / "manifest.csv").write_text(
        "file,patient,day,panel,wbc_cells_per_ul\na.fcs,P01,30,t_memory,4000\n", encoding="utf-8"
    )
    result = cr.analyze_study(cr.load_study(tmp_path / "manifest.csv"))
    counts = {count.population: count for count in result.tubes[0].counts}
    assert counts["leukocytes"].status == "not_evaluable"
    assert counts["CD4_naive"].percent_of_leukocytes is None
    assert counts["CD4_naive"].percent_of_lymphocytes is not None
    assert counts["CD4_naive"].cells_per_ul is None
    assert counts["CD4_naive"].count_method == "none"


def test_the_dose_of_a_graft_from_the_sheet_to_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """400 cells, 2,000 of 50,000 beads, 100 µL: 100/µL x 250 mL x 1000 / 50 kg = 0.5 million per kg."""
    made = dyed_graft(400, 2000)
    labels = {"CD45": "CD45 FITC", "CD34": "CD34 PE", "viability": "7-AAD"}
    write_tube(str(tmp_path / "a.fcs"), made, labels)
    write_tube(str(tmp_path / "b.fcs"), made, labels, seed=8)
    head = "file,patient,day,panel,beads_per_tube,blood_volume_ul,product_volume_ml,recipient_weight_kg\n"
    rows = "a.fcs,P01,0,cd34,50000,100,250,50\nb.fcs,P02,0,cd34,50000,100,250,\n"
    (tmp_path / "manifest.csv").write_text(head + rows, encoding="utf-8")
    place, doses = str(tmp_path / "study"), tmp_path / "doses.csv"
    assert main(["batch", str(tmp_path / "manifest.csv"), "--out", place, "--jobs", "1"]) == 0
    capsys.readouterr()
    words = ["counts", place, "--out", str(tmp_path / "counts.csv"), "--product-dose", str(doses)]
    assert main(words) == 0
    said = capsys.readouterr().err.splitlines()
    assert "P02/d0/1: no dose of CD34+ cells: the sheet does not give recipient_weight_kg" in said
    first, second = csv.DictReader(io.StringIO(doses.read_text(encoding="utf-8")))
    assert float(first["dose"]) == pytest.approx(0.5, rel=0.1)
    assert float(first["dose_low"]) < float(first["dose"]) < float(first["dose_high"])
    assert (first["unit"], first["living_only"], first["count_method"]) == ("10^6/kg", "True", "beads")
    assert f"P01/d0/1: {first['reported']} x 10^6/kg CD34+ cells (95 % interval" in "\n".join(said)
    assert (second["dose"], second["reason"]) == ("", "the sheet does not give recipient_weight_kg")
    assert main(["report", place, "--out", str(tmp_path / "report")]) == 0
    assert (tmp_path / "report" / "product_dose.csv").read_bytes() == doses.read_bytes()
    page = (tmp_path / "report" / "patient_P01.html").read_text(encoding="utf-8")
    assert f"Cell product P01/d0/1: {first['reported']} x 10^6/kg CD34+ cells (95 % interval" in page
    assert "product_dose.csv" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
