from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.channel_roles import load_channel_roles

#: Names in files of BD, Beckman, Miltenyi, Cytek, Accuri, Attune, Partec, Stratedigm, Guava, CyTOF.
NAMES = {
    "FSC-A": "forward_scatter A", "FSC-H": "forward_scatter H", "FSC": "forward_scatter ",
    "FS": "forward_scatter ",
    "FS INT": "forward_scatter A", "FS PEAK LIN": "forward_scatter H", "FS TOF": "forward_scatter W",
    "FS Lin": "forward_scatter ", "FSC LogH": "forward_scatter H", "FSC LinA": "forward_scatter A",
    "FSC-HLin": "forward_scatter H", "FSC PMT-A": "forward_scatter A",
    "SSC-W": "side_scatter W", "SS INT LIN": "side_scatter A", "SS Log": "side_scatter ",
    "SSC": "side_scatter ",
    "SSC-B-A": "side_scatter A", "VSSC-A": "side_scatter A", "SSC_1-A": "side_scatter A",
    "405nm 405SSC (405/10) LogH": "side_scatter H",
    "Time": "time ", "TIME": "time ", "HDR-T": "time ", "HDR-TM": "time ",
    "HDR-CE": "other ", "Time MSW": "other ", "Event Count": "other ", "Pulse Width": "other W",
    "Width": "other ",
    "Event_length": "other ",
    "FITC-A": "fluorescence A", "FL1-H": "fluorescence H", "FL1 LOG": "fluorescence ",
    "FL1 INT LOG": "fluorescence A",
    "B1-A": "fluorescence A", "CD8": "fluorescence ", "BL 530/30-A": "fluorescence A",
    "FL 2 Area": "fluorescence A",
    "Pr141Di": "fluorescence ", "FL10-W": "fluorescence W",
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_roles_and_sides_of_the_pulse(name: str, expected: str) -> None:
    roles = load_channel_roles()
    assert f"{roles.role_of(name)} {roles.aspect_of(name)}" == expected


def test_columns_of_one_detector() -> None:
    roles = load_channel_roles()
    assert {roles.detector_of(name) for name in ("FL1 LogA", "FL1 LinH", "FL1 Log", "FL1", "FL1-A")} == {
        "FL1"
    }
    assert roles.detector_of("APC-Cy7-A") == "APC-Cy7"


def test_a_pattern_must_be_one(tmp_path: Path) -> None:
    text = (
        "roles: [{role: time, pattern: '(', source: x}]\naspects: []\n"
        "amplification: {pattern: x, source: x}\n"
    )
    (tmp_path / "channel_roles.yaml").write_text(text)
    with pytest.raises(KnowledgeError) as caught:
        load_channel_roles(tmp_path)
    assert str(caught.value) == (
        "channel_roles.yaml, roles.0.pattern: 1 field cannot be used. Found: '('. Allowed: Value error, "
        "a regular expression (missing ), unterminated subpattern at position 0)."
    )
