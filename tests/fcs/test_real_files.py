"""Files of real instruments: read as FlowIO reads them where it is right, or a clear error."""

from __future__ import annotations

import warnings
from pathlib import Path

import flowio
import numpy as np
import pytest

from cytorecon.errors import FcsError
from cytorecon.fcs import list_datasets, read_fcs, resolve_panel, safe_keywords
from cytorecon.sample import ChannelRole, Sample

#: File -> options without which FlowIO does not read it; values compared are linear ones.
SAME_AS_FLOWIO = {
    "diva/124500.fcs": {},
    "flowcap1_gvhd/gvhd01.fcs": {},
    "flowcore_comp/060909.001": {},
    "flowkit/gate_ref/data1.fcs": {},
    "flowkit/index_sorted/index_sorted_example.fcs": {},
    "flowkit/noncompliant/data_start_offset_discrepancy_example.fcs": {"ignore_offset_discrepancy": True},
    "flowkit/noncompliant/data_stop_offset_discrepancy_example.fcs": {"ignore_offset_discrepancy": True},
    "flowkit/simple_diamond_example/test_data_diamond_01.fcs": {},
    "flowkit/test_comp_example.fcs": {"ignore_offset_error": True},
    "flowsom_mouse_tbnk/68983.fcs": {},
    "gvhd_longitudinal/s5a01.fcs": {},
    "hipc_tcell/Yale_1228_rep1.fcs": {},
    "itn/sample01.fcs": {},
    "mclust_gvhd/gvhd_pos.fcs": {},
    "readers/0877408774.B08": {},
    "readers/Accuri - C6.fcs": {"use_header_offsets": True, "ignore_offset_error": True},
    "readers/Cytek NL-2000.fcs": {},
    "readers/Miltenyi Biotec - MACSQuant Analyzer.fcs": {},
    "readers/Partec - PAS.FCS": {"ignore_offset_error": True},
    "readers/Stratedigm - S1400.fcs": {},
    "readers/System II listmode with extra info in bits D10-D15.LMD": {},
    "readers/fcsparser_EY_2013-07-19_PBS_FCS_2.0_Custom_Without_Add_Well_A1.001.fcs": {},
    "readers/fcsparser_EY_2013-07-19_PBS_FCS_3.1_Custom_Add_Well_A1.001.fcs": {"ignore_offset_error": True},
    "readers/fcsparser_SG_2014-09-26_Duplicate_Names.fcs": {"ignore_offset_error": True},
    "readers/fcsparser_Sample_Well_A02.fcs": {},
    "readers/flowio_3FITC_4PE_004.fcs": {},
    "readers/flowio_G11.fcs": {},
    "readers/flowio_variable_int_example.fcs": {},
}

#: Empty labels ($P6S//) make FlowIO lose the next keyword, which is a channel's name.
NAMES_LOST = ("readers/0877408774.B08",)

#: $TIMESTEP holds no number; FlowIO refuses to make these linear.
NO_TIME_STEP = ("flowkit/noncompliant/", "readers/flowio_variable_int_example.fcs")


@pytest.mark.parametrize("name", SAME_AS_FLOWIO)
def test_the_same_values_as_flowio(real_data: Path, name: str) -> None:
    sample = read_fcs(real_data / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flow = flowio.FlowData(str(real_data / name), **SAME_AS_FLOWIO[name])
    if name.startswith(NO_TIME_STEP):
        flow.text.pop("timestep")
    theirs = flow.as_array()
    np.testing.assert_allclose(sample.events, theirs.astype(np.float32), rtol=1e-6, err_msg=name)
    if name not in NAMES_LOST:
        assert [channel.name for channel in sample.channels] == [label.strip() for label in flow.pnn_labels]


def test_floats_with_a_log_amplifier_are_linear_already(real_data: Path) -> None:
    sample = read_fcs(real_data / "gvhd_longitudinal_full" / "s5a01_full.fcs")
    assert sample.events.max() == 10_000
    assert [issue.code for issue in sample.issues].count("fcs.log_of_float") == 4
    assert set(safe_keywords(sample)) < set(sample.keywords)


def test_ten_bits_of_an_old_beckman_file_without_its_other_bits(real_data: Path) -> None:
    sample = read_fcs(real_data / "readers" / "System II listmode with extra info in bits D10-D15.LMD")
    assert sample.column("FS").max() <= 1023
    assert sample.channel("FL4 LOG").markers == {"CD33"}


def test_both_data_sets_of_an_lmd_file(real_data: Path) -> None:
    path = real_data / "readers" / "Beckman Coulter - Cytomics FC500.LMD"
    assert [info.resolution_bits for info in list_datasets(path)] == [10, 20]
    coarse, fine = read_fcs(path, dataset=0), read_fcs(path)
    assert resolve_panel(fine, ["CD3", "CD4"]).channels == {"CD3": "FL1", "CD4": "FL2"}
    # Ten bits of the same pulses: scatter agrees within a channel of 1024.
    np.testing.assert_allclose(coarse.column("FS Lin"), fine.column("FS") / 1024, atol=1.5)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (
            "readers/Beckman Coulter - Cyan.fcs",
            "HEADER and TEXT give different places for the events, and both are possible.",
        ),
        ("readers/fcsparser_corrupted.fcs", "This is not an FCS file. Found: it looks like plain text."),
        ("flowcore_comp/compref", "This is not an FCS file. Found: it looks like plain text."),
        ("itn/metadata.csv", "This is not an FCS file. Found: it looks like a text table (CSV)."),
        ("diva/PE_2.xml", "This is not an FCS file. Found: it looks like an XML text"),
    ],
)
def test_clear_errors(real_data: Path, name: str, found: str) -> None:
    with pytest.raises(FcsError) as caught:
        read_fcs(real_data / name)
    assert found in str(caught.value)


def roles(sample: Sample) -> dict[str, ChannelRole]:
    return {channel.name: channel.role for channel in sample.channels}


@pytest.mark.parametrize(
    ("name", "forward", "side", "time"),
    [
        ("readers/Beckman Coulter - Cytomics FC500.LMD", "FS", "SS", "TIME"),
        ("readers/Miltenyi Biotec - MACSQuant Analyzer.fcs", "FSC-A", "SSC-A", "HDR-TM"),
        ("readers/Cytek NL-2000.fcs", "FSC-A", "SSC-A", "Time"),
        ("readers/Partec - PAS.FCS", "FSC", "SSC", "Time"),
        ("itn/sample01.fcs", "FSC", "SSC", "Time"),
    ],
)
def test_roles_of_real_instruments(real_data: Path, name: str, forward: str, side: str, time: str) -> None:
    found = roles(read_fcs(real_data / name))
    assert found[forward] is ChannelRole.FORWARD_SCATTER
    assert found[side] is ChannelRole.SIDE_SCATTER
    assert found[time] is ChannelRole.TIME


@pytest.mark.parametrize(
    ("name", "panel"),
    [
        ("flowcap1_gvhd/gvhd01.fcs", {"CD3": "FL3-H", "CD4": "FL1-H", "CD8": "FL4-H"}),
        ("itn/sample01.fcs", {"CD3": "CD3", "CD4": "CD4", "CD8": "CD8"}),
        ("gvhd_longitudinal/s5a01.fcs", {"CD45": "FL2-H", "CD14": "FL3-H", "CD15": "FL1-H", "CD33": "FL4-H"}),
        (
            "readers/Miltenyi Biotec - MACSQuant Analyzer.fcs",
            {"CD45": "FL1-A", "CD3": "FL3-A", "CD4": "FL6-A"},
        ),
        ("flowsom_mouse_tbnk/68983.fcs", {"CD3": "PE-Cy7-A", "CD19": "PE-Cy5-A", "viability": "AmCyan-A"}),
        ("flowkit/gate_ref/data1.fcs", {"CD8": "FL4-H", "CD8b": "FL2-H"}),
        ("hipc_tcell/Yale_1228_rep1.fcs", {"CD45RA": "CD45RA", "CCR7": "CCR7", "HLA-DR": "HLADR"}),
    ],
)
def test_panels_of_real_tubes(real_data: Path, name: str, panel: dict[str, str]) -> None:
    assert dict(resolve_panel(read_fcs(real_data / name), panel).channels) == panel
