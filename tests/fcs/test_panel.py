from __future__ import annotations

import numpy as np
import pytest

from cytorecon.errors import KnowledgeError, PanelError
from cytorecon.fcs import resolve_panel, scatter_channel
from cytorecon.fcs.channels import read_channels, read_detectors
from cytorecon.sample import ChannelRole, Sample

SIX_COLOURS = {
    "FSC-A": "", "FSC-H": "", "SSC-A": "", "FITC-A": "CD3 FITC", "PE-A": "CD16+56 PE",
    "PerCP-Cy5-5-A": "CD45",
    "PE-Cy7-A": "CD4", "APC-A": "CD19", "APC-Cy7-A": "CD8", "Time": "",
}  # fmt: skip


def sample(names: dict[str, str]) -> Sample:
    keywords: dict[str, str] = {}
    for index, (name, label) in enumerate(names.items(), start=1):
        keywords |= {f"$P{index}N": name, f"$P{index}S": label}
    channels, issues = read_channels(
        keywords, read_detectors(keywords, len(names), "tube.fcs"), [1] * len(names)
    )
    return Sample(np.zeros((1, len(names)), np.float32), channels, issues=issues)


def message(tube: Sample, required: list[str], mapping: dict[str, str] | None = None) -> str:
    with pytest.raises(PanelError) as caught:
        resolve_panel(tube, required, mapping=mapping)
    return str(caught.value)


def test_a_marker_that_nobody_knows_is_named_and_not_the_next_that_is_missing() -> None:
    tube = sample({"FITC-A": "", "PE-A": "CD4"})
    with pytest.raises(PanelError) as caught:
        resolve_panel(tube, ["CD3", "CD4"], ["viability"], {"CD99X": "FITC-A"})
    assert str(caught.value) == (
        "The panel lacks what is needed: CD3 (not found). Found: FITC-A; PE-A 'CD4' = CD4. Nothing asks for "
        "CD99X, which --map names. Say which channel it is with --map CD3=CHANNEL."
    )
    known = resolve_panel(tube, ["CD4"], [], {"CD25": "FITC-A"})
    assert dict(known.channels) == {"CD25": "FITC-A", "CD4": "PE-A"}


def test_a_clinical_six_colour_tube() -> None:
    match = resolve_panel(
        sample(SIX_COLOURS), ["CD45", "CD3", "CD4", "CD8", "CD19", "CD16+CD56"], ["viability"]
    )
    assert match.channels == {
        "CD45": "PerCP-Cy5-5-A", "CD3": "FITC-A", "CD4": "PE-Cy7-A", "CD8": "APC-Cy7-A", "CD19": "APC-A",
        "CD16+CD56": "PE-A",
    }  # fmt: skip
    assert [str(issue) for issue in match.issues] == [
        "info: viability: Optional marker: not found. Use --map viability=CHANNEL."
    ]


def test_a_combination_in_two_channels() -> None:
    tube = sample({"FL1": "CD56 PE", "FL2": "CD16 FITC"})
    assert resolve_panel(tube, ["CD16+CD56"]).channels == {"CD16": "FL2", "CD56": "FL1"}
    assert resolve_panel(tube, ["CD16+CD56"], mapping={"CD56": "FL2", "CD16": "FL1"}).channels == {
        "CD56": "FL2",
        "CD16": "FL1",
    }


def test_the_combined_channel_wins_over_single_ones() -> None:
    tube = sample({"FL1": "CD56", "FL2": "CD16", "FL3": "CD56+CD16 PE"})
    assert resolve_panel(tube, ["CD16+CD56"]).channels == {"CD16+CD56": "FL3"}


def test_half_a_combination_is_missing() -> None:
    assert message(sample({"FL1": "CD56 PE"}), ["CD16+CD56"]) == (
        "The panel lacks what is needed: CD16+CD56 (not found, nor CD16 alone). Found: FL1 'CD56 PE' = CD56. "
        "Say which channel it is with --map CD16+CD56=CHANNEL."
    )


def test_one_marker_of_a_combined_channel_is_not_that_marker() -> None:
    assert "CD3 (not found)" in message(sample({"FL1": "CD3-19-20"}), ["CD3"])


def test_cd8b_is_not_cd8() -> None:
    tube = sample({"FL2-H": "CD8b PE", "FL4-H": "CD8 APC"})
    assert resolve_panel(tube, ["CD8"], ["CD8b"]).channels == {"CD8": "FL4-H", "CD8b": "FL2-H"}


def test_area_is_taken_of_one_detector() -> None:
    tube = sample({"FITC-W": "CD3", "FITC-H": "CD3", "FITC-A": "CD3"})
    assert resolve_panel(tube, ["CD3"]).channels == {"CD3": "FITC-A"}


def test_two_detectors_with_one_marker_ask() -> None:
    tube = sample({"FITC-A": "CD3", "PE-A": "CD3 PE"})
    assert message(tube, ["CD3"]) == (
        "The panel lacks what is needed: CD3 (more than one channel carries it: FITC-A, PE-A). "
        "Found: FITC-A 'CD3' = CD3; PE-A 'CD3 PE' = CD3. Say which channel it is with --map CD3=CHANNEL."
    )
    (issue,) = resolve_panel(tube, [], ["CD3"]).issues
    assert str(issue) == (
        "warning: CD3: Optional marker: more than one channel carries it: FITC-A, PE-A. Use --map "
        "CD3=CHANNEL."
    )
    assert resolve_panel(tube, ["CD3"], mapping={"CD3": "PE-A"}).channels == {"CD3": "PE-A"}


def test_channels_of_one_name_cannot_be_used() -> None:
    labels = {"$P1N": "FITC-A", "$P1S": "CD3", "$P2N": "FITC-A", "$P2S": "CD3"}
    tube = Sample(
        np.zeros((1, 2), np.float32), read_channels(labels, read_detectors(labels, 2, ""), [1, 1])[0]
    )
    assert "more than one channel carries it: FITC-A, FITC-A" in message(tube, ["CD3"])


def test_a_name_shared_with_another_marker_cannot_be_used() -> None:
    labels = {"$P1N": "PE-Cy7-A", "$P1S": "CD4", "$P2N": "PE-Cy7-A", "$P2S": "CD8"}
    tube = Sample(
        np.zeros((1, 2), np.float32), read_channels(labels, read_detectors(labels, 2, ""), [1, 1])[0]
    )
    problem = "its channel name PE-Cy7-A occurs more than once in the file"
    assert message(tube, ["CD4", "CD8"]).startswith(
        f"The panel lacks what is needed: CD4 ({problem}), CD8 ({problem}). "
    )
    assert dict(resolve_panel(tube, [], ["CD4"]).channels) == {}


def test_missing_markers_are_named_together_with_what_was_found() -> None:
    assert message(sample({"FSC-A": "", "FL1": "CD3 FITC", "FL2": ""}), ["CD3", "CD19", "CD45"]) == (
        "The panel lacks what is needed: CD19 (not found), CD45 (not found). Found: FL1 'CD3 FITC' = "
        "CD3; FL2. "
        "Say which channel it is with --map CD19=CHANNEL."
    )


def test_the_users_word_wins_and_takes_the_channel() -> None:
    tube = sample({"FL1": "CD3", "FL2": "CD19"})
    assert resolve_panel(tube, ["CD19"], ["CD3"], {"CD19": "FL1"}).channels == {"CD19": "FL1"}


def test_the_users_word_must_name_a_channel() -> None:
    assert message(sample({"FL1": "CD3"}), ["CD3"], {"CD3": "FL9"}) == (
        "--map CD3=FL9: No channel has the name given for a marker. Found: FL1 'CD3' = CD3. "
        "Use a detector name ($PnN) of this sample."
    )


def test_a_requirement_must_be_a_marker() -> None:
    with pytest.raises(KnowledgeError) as caught:
        resolve_panel(sample({"FL1": "CD3"}), ["PTPRC"])
    assert str(caught.value) == (
        "markers.csv: 'PTPRC' is not a marker we know by one meaning. Found: CD45 or CD45RA or CD45RO. "
        "Use a name of the column canonical, or a CD number."
    )


@pytest.mark.parametrize(
    ("names", "aspect", "expected"),
    [
        (["FSC-H", "FSC-A", "FSC-W"], "A", "FSC-A"),
        (["FSC-H", "FSC-A", "FSC-W"], "H", "FSC-H"),
        (["FSC"], "A", "FSC"),
        (["FSC"], "H", None),
        (["FS PEAK LIN", "FS INT LIN", "FS TOF LIN"], "W", "FS TOF LIN"),
        (["FSC LogA", "FSC LinA"], "A", "FSC LinA"),
        (["SSC-A"], "A", None),
    ],
)
def test_the_main_forward_scatter(names: list[str], aspect: str, expected: str | None) -> None:
    found = scatter_channel(sample(dict.fromkeys(names, "")), ChannelRole.FORWARD_SCATTER, aspect)
    assert (found.name if found else None) == expected


GAMMA_DELTA_OR_B = {frozenset({"CD19", "TCRgd"}): "CD3"}


def test_two_markers_of_one_channel_are_found_where_a_template_tells_their_cells_apart() -> None:
    tube = sample({"FL1": "CD3", "FL2": "CD19+TCRgd PE-Cy7"})
    match = resolve_panel(tube, ["CD3", "CD19"], ["TCRgd"], shared=GAMMA_DELTA_OR_B)
    assert match.channels == {"CD3": "FL1", "CD19": "FL2", "TCRgd": "FL2"}
    assert [str(issue) for issue in match.issues] == [
        "info: CD19: It shares a channel with TCRgd; the template tells their cells apart.",
        "info: TCRgd: It shares a channel with CD19; the template tells their cells apart.",
    ]


def test_a_channel_of_its_own_is_preferred_to_a_shared_one() -> None:
    tube = sample({"FL1": "CD19", "FL2": "CD19+TCRgd", "FL3": "CD3"})
    match = resolve_panel(tube, ["CD19"], ["TCRgd"], shared=GAMMA_DELTA_OR_B)
    assert match.channels == {"CD19": "FL1", "TCRgd": "FL2"}


def test_a_shared_channel_must_carry_exactly_those_markers() -> None:
    tube = sample({"FL1": "CD19+CD20", "FL2": "CD16+56", "FL3": "CD3"})
    assert dict(resolve_panel(tube, [], ["CD19", "CD16"], shared=GAMMA_DELTA_OR_B).channels) == {}


def test_two_shared_channels_ask() -> None:
    tube = sample({"FL1": "CD19+TCRgd", "FL2": "TCRgd/CD19", "FL3": "CD3"})
    (issue,) = resolve_panel(tube, [], ["CD19"], shared=GAMMA_DELTA_OR_B).issues
    assert issue.code == "panel.ambiguous"


def test_the_users_word_wins_over_a_shared_channel() -> None:
    tube = sample({"FL1": "TCRgd+CD19", "FL2": "CD3"})
    match = resolve_panel(tube, ["CD19"], ["TCRgd"], {"CD19": "FL1"}, GAMMA_DELTA_OR_B)
    assert match.channels == {"CD19": "FL1"}


def test_without_the_marker_that_tells_them_apart_a_shared_channel_carries_neither() -> None:
    tube = sample({"FL1": "CD19+TCRgd", "FL2": "CD45"})
    assert dict(resolve_panel(tube, [], ["CD19", "TCRgd"], shared=GAMMA_DELTA_OR_B).channels) == {}
    told = resolve_panel(tube, [], ["CD19"], {"CD3": "FL2"}, GAMMA_DELTA_OR_B)
    assert told.channels == {"CD3": "FL2", "CD19": "FL1"}
