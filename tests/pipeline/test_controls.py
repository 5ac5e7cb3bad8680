"""Control tubes: FMO tubes give thresholds, depleted tubes backgrounds, and neither has a result."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cytorecon as cr
from cytorecon.errors import CytoreconError, Severity
from cytorecon.gating.axes import Axes
from cytorecon.gating.control_of import ControlOf
from cytorecon.gating.controls import (
    ControlEvidence,
    control_evidence,
    end_of_negatives,
    with_controls,
)
from cytorecon.gating.estimates import ValleyEstimate
from cytorecon.gating.found import FoundPart
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.prior import Background, GatingPrior, ReferencePrior
from cytorecon.gating.search.thresholds import _by_fmo
from cytorecon.gating.shapes import Threshold
from cytorecon.jobs import run_batch
from cytorecon.knowledge.quality import ControlLimits, load_quality_limits
from cytorecon.knowledge.template import ValleyGate
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import Control
from cytorecon.sample import Sample
from cytorecon.simulate import SimulatedTube, write_fcs
from tests.pipeline.tubes import BLOOD, events, flags, is_close, samples, statuses, tube

LIMITS = load_quality_limits().controls
TUBES = 8


@pytest.fixture(scope="module")
def without_b() -> tuple[SimulatedTube, ...]:
    """Return tubes of a cohort after rituximab: no tube shows where B cells would be."""
    return tuple(
        tube({**BLOOD, "B": 0}, seed=100 + n, events=6000, beads_per_tube=15_000) for n in range(TUBES)
    )


@pytest.fixture(scope="module")
def fmo() -> Sample:
    """Return what an FMO of CD19 shows: no event with that dye, and the light of all others."""
    return tube({**BLOOD, "B": 0}, seed=90, events=8000, beads_per_tube=5_000).sample()


def part(gated: GatedSample, gate: str) -> FoundPart:
    (found,) = (each for each in gated.gates if each.gate == gate)
    return found.parts[0]


def test_an_fmo_gives_the_threshold_where_no_tube_shows_one(
    without_b: tuple[SimulatedTube, ...], fmo: Sample
) -> None:
    batch = samples(without_b)
    priors = cr.learn_priors(batch, "tbnk")
    (alone,) = cr.gate_batch(batch[:1], "tbnk", priors)
    assert "gate.control_tail" in flags(alone, "B")
    (gated,) = cr.gate_batch(batch[:1], "tbnk", priors, controls=[Control(fmo, "fmo", "CD19")])
    assert part(gated, "CD19").method == "fmo"
    evidence = gated.evidence().set_index("gate")
    assert evidence.loc["CD19", "source"] == "fmo"
    assert statuses(gated)["B"] == "not_detected"
    assert "gate.control_tail" not in flags(gated, "B")
    assert is_close(gated, without_b[0], "CD3_T")


def test_a_clear_valley_near_the_end_of_the_fmo_stands(fmo: Sample) -> None:
    usual = [tube(seed=500 + n, events=6000, beads_per_tube=15_000) for n in range(TUBES)]
    rich = tube({**BLOOD, "B": 400}, seed=520, events=8000, beads_per_tube=15_000)
    priors = cr.learn_priors(samples(usual), "tbnk")
    before = cr.gate_batch([rich.sample()], "tbnk", priors)[0]
    after = cr.gate_batch([rich.sample()], "tbnk", priors, controls=[Control(fmo, "fmo", "CD19")])[0]
    assert part(after, "CD19").method == part(before, "CD19").method == "shrunk_to_batch"
    assert events(after, "B") == events(before, "B")


def test_a_clear_valley_far_below_the_end_of_the_fmo_lies_among_negative_cells() -> None:
    own = ValleyEstimate(position=0.30, standard_error=0.005, depth=0.95, below=500, above=500)
    spec = load_template("tbnk").gate_by_name["CD19"]
    assert isinstance(spec, ValleyGate)
    end = ReferencePrior(position=0.50, standard_error=0.01, events=900, tubes=1)
    prior = GatingPrior(tubes=8, references={"CD19": end})
    overruled = _by_fmo(spec, "CD19", "APC-A", own, prior)
    assert overruled is not None
    assert (overruled.method, overruled.shape, overruled.alternative) == (
        "fmo",
        Threshold(("APC-A",), 0.50),
        0.30,
    )
    near = replace(own, position=0.40)
    assert _by_fmo(spec, "CD19", "APC-A", near, prior) is None
    assert _by_fmo(spec, "CD19", "APC-A", replace(near, above=50), prior) is not None
    assert _by_fmo(spec, "CD19", "APC-A", own, GatingPrior(tubes=8)) is None


def test_tubes_without_a_population_give_its_background(without_b: tuple[SimulatedTube, ...]) -> None:
    depleted = [Control(one.sample(), "without", "NK") for one in _without_nk()]
    few = tube({**BLOOD, "NK": 0}, seed=60, events=6000, beads_per_tube=15_000)
    batch = [*samples(without_b), few.sample()]
    priors = cr.learn_priors(batch, "tbnk")
    before = cr.gate_batch([few.sample()], "tbnk", priors)[0]
    after = cr.gate_batch([few.sample()], "tbnk", priors, controls=depleted)[0]
    assert statuses(after)["NK"] == "not_detected"
    assert after.detections["NK"].background >= before.detections["NK"].background
    (issue,) = (issue for issue in after.issues if issue.code == "control.background")
    assert "events of NK are expected by 2 control tubes without such cells" in issue.message
    assert {name: events(after, name) for name in ("CD3_T", "NK")} == {
        name: events(before, name) for name in ("CD3_T", "NK")
    }


def _without_nk() -> list[SimulatedTube]:
    return [tube({**BLOOD, "NK": 0}, seed=30 + n, events=6000, beads_per_tube=15_000) for n in range(2)]


def test_a_tube_that_holds_the_cells_is_no_control_without_them(without_b: tuple[SimulatedTube, ...]) -> None:
    """It once took the B cells of a whole batch for strays, without a mark."""
    holder = tube(seed=700, events=8000, beads_per_tube=10_000)
    batch = samples(without_b)
    learned = cr.learn_priors(batch, "tbnk")
    (alone,) = cr.gate_batch(batch[:1], "tbnk", learned)
    (beside,) = cr.gate_batch(batch[:1], "tbnk", learned, controls=[Control(holder.sample(), "without", "B")])
    assert beside.detections == alone.detections
    gated = cr.gate_batch([holder.sample()], "tbnk", learned)[0]
    axes = Axes(gated.sample, {})
    with pytest.raises(CytoreconError) as caught:
        control_evidence(gated, axes, ControlOf(kind="without", name="B"), load_quality_limits().controls)
    events, parent = (int(gated.mask(name).sum()) for name in ("B", "lymphocytes"))
    assert str(caught.value) == (
        "control tube 'without B', B: It holds the cells that it should be without. "
        f"Found: {100 * events / parent:.1f} % of the parent ({events} of {parent} events). "
        "Allowed: at most 2 %. Is it a tube of a patient, or another control?"
    )


def test_an_unknown_kind_of_control_is_refused(fmo: Sample) -> None:
    with pytest.raises(CytoreconError) as caught:
        cr.gate_batch([fmo], "tbnk", controls=[Control(fmo, "isotype", "CD19")])
    assert str(caught.value) == (
        "controls, kind: There is no such kind of control tube. Found: isotype. Allowed: fmo, without."
    )


def test_too_few_events_say_nothing() -> None:
    assert end_of_negatives(np.linspace(0, 1, 499, dtype=np.float32), LIMITS) is None
    end = end_of_negatives(np.linspace(0, 1, 2001, dtype=np.float32), LIMITS)
    assert end is not None
    assert end.position == pytest.approx(0.995)
    # half the distance of the order statistics: sqrt(.995 x .005 / 2001) of the range; floor 0.01
    assert end.standard_error == pytest.approx(np.hypot(0.001577, 0.01), abs=1e-5)


def test_a_threshold_never_lies_above_the_end_of_the_control_itself() -> None:
    """Cells near zero spread far down on the transformed scale; by that the threshold lay among B cells."""
    rng = np.random.default_rng(4)
    below = 0.35 - np.abs(rng.normal(0, 0.08, 1500))
    above = 0.35 + np.abs(rng.normal(0, 0.03, 1500))
    values = np.concatenate([below, above]).astype(np.float32)
    end = end_of_negatives(values, LIMITS, least_deviations=4.0)
    assert end is not None
    assert np.quantile(values, 0.995) < end.position < values.max()
    assert np.count_nonzero(values > end.position) in (2, 3)


def test_a_tube_stained_with_everything_is_no_fmo(without_b: tuple[SimulatedTube, ...]) -> None:
    """It once put the threshold above the B cells of the whole batch."""
    stained = tube(seed=700, events=8000, beads_per_tube=10_000)
    batch = samples(without_b)
    learned = cr.learn_priors(batch, "tbnk")
    (alone,) = cr.gate_batch(batch[:1], "tbnk", learned)
    control = Control(stained.sample(), "fmo", "CD19")
    (beside,) = cr.gate_batch(batch[:1], "tbnk", learned, controls=[control])
    assert beside.gates_version == alone.gates_version
    (issue,) = (issue for issue in beside.issues if issue.code == "control.failed")
    assert re.fullmatch(
        r"It taught nothing: CD19: It shows cells with the marker that it should lack\. Found: [\d.]+ % of "
        r"the events \(\d+ of \d+\) beyond a deep valley\. Allowed: at most 2 %\. Is it a tube that was "
        r"stained with all markers, or another control\?",
        issue.message,
    )


def test_controls_of_one_kind_count_together() -> None:
    shown = [
        ControlEvidence(
            {"CD19": ReferencePrior(position=at, standard_error=0.01, events=600, tubes=1)},
            {"B": Background(events=1, parent_events=1000, tubes=1)},
        )
        for at in (0.40, 0.44)
    ]
    prior = with_controls(GatingPrior(tubes=8), shown)
    assert prior.backgrounds["B"] == Background(events=2, parent_events=2000, tubes=2)
    assert prior.references["CD19"].position == pytest.approx(0.42)
    assert prior.references["CD19"].standard_error == pytest.approx(0.02)
    assert prior.sha256 != GatingPrior(tubes=8).sha256


def test_a_study_uses_its_controls_and_reports_none(
    tmp_path: Path, without_b: tuple[SimulatedTube, ...]
) -> None:
    rows = ["file,patient,day,control"]
    for n, made in enumerate(without_b):
        write_fcs(made, tmp_path / f"t{n}.fcs")
        rows.append(f"t{n}.fcs,P{n:02},30,")
    for n, made in enumerate(_without_nk()):
        write_fcs(made, tmp_path / f"c{n}.fcs")
    rows += ["c0.fcs,,,without NK", "c1.fcs,,,without B", "nowhere.fcs,,,fmo CD19"]
    sheet = tmp_path / "manifest.csv"
    sheet.write_text("\n".join(rows), encoding="utf-8")
    result = run_batch(sheet, tmp_path / "study")
    assert len(result.tubes) == len(result.study.tubes) == TUBES
    assert {patient.patient for patient in result.study.patients} == {f"P{n:02}" for n in range(TUBES)}
    said = {issue.message for outcome in result.tubes for issue in outcome.issues}
    assert "The control tube 'without NK' taught NK." in said
    failed = {issue.subject: issue for issue in result.study.issues if issue.code == "control.failed"}
    assert {issue.severity for issue in failed.values()} == {Severity.ERROR}
    assert set(failed) == {
        "manifest row 11, control tube 'without B'",
        "manifest row 12, control tube 'fmo CD19'",
    }
    holder = failed["manifest row 11, control tube 'without B'"].message
    assert holder.startswith("It taught nothing: B: It holds the cells that it should be without. Found: ")
    again = run_batch(sheet, tmp_path / "study")
    assert [one.counts for one in again.tubes] == [one.counts for one in result.tubes]


def test_what_a_control_is_reads_as_in_the_sheet(fmo: Sample) -> None:
    assert str(ControlOf(kind="fmo", name="CD19")) == "fmo CD19"
    gated = cr.gate(fmo, "tbnk")
    axes = Axes(gated.sample, {"CD19": "APC-A"})
    shown = control_evidence(gated, axes, ControlOf(kind="fmo", name="CD19"), LIMITS)
    assert set(shown.references) <= {"CD19"}


MARKERS = "CD16+CD56, CD19, CD3, CD4, CD45"


def fails_as_control(gated: GatedSample, axes: Axes, of: ControlOf, limits: ControlLimits = LIMITS) -> str:
    with pytest.raises(CytoreconError) as caught:
        control_evidence(gated, axes, of, limits)
    return str(caught.value)


def test_a_control_says_why_it_teaches_nothing(fmo: Sample) -> None:
    gated = cr.gate(fmo, "tbnk")
    axes = Axes(gated.sample, {"CD3": "FITC-A"})
    names = ", ".join(gated.populations)
    assert fails_as_control(gated, axes, ControlOf(kind="fmo", name="CD99")) == (
        "control tube 'fmo CD99', fmo: No gate of the template begins where the negative cells of this "
        f"marker end. Found: CD99. Allowed: {MARKERS}. Is it a control of template tbnk, and the word right?"
    )
    assert fails_as_control(gated, axes, ControlOf(kind="without", name="Treg")) == (
        "control tube 'without Treg', without: The template has no such population. Found: Treg. "
        f"Allowed: {names}. Is it a control of template tbnk, and the word right?"
    )
    assert fails_as_control(gated, axes, ControlOf(kind="fmo", name="CD19")) == (
        "control tube 'fmo CD19', fmo: No channel of the control tube carries this marker. Found: CD19. "
        "Allowed: CD3. A tube stained without a marker keeps the label of its channel, or --map says which "
        "it is."
    )


def test_a_control_of_few_events_says_so(fmo: Sample) -> None:
    gated = cr.gate(fmo, "tbnk")
    axes = Axes(gated.sample, {"CD19": "APC-A"})
    inside = gated.events_of(gated.template.gate_by_name["CD19"].find_in)
    assert inside is not None
    many = LIMITS.fewest_fmo_events.model_copy(update={"value": 1e6})
    more = LIMITS.model_copy(update={"fewest_fmo_events": many, "fewest_parent_events": many})
    assert fails_as_control(gated, axes, ControlOf(kind="fmo", name="CD19"), more) == (
        "control tube 'fmo CD19', fmo: It holds too few events to say where negative cells end. "
        f"Found: {int(inside.sum())} events where the gate looks for them. Allowed: at least 1e+06."
    )
    assert fails_as_control(gated, axes, ControlOf(kind="without", name="B"), more) == (
        "control tube 'without B', without: It holds too few cells to say how many stray events there are "
        f"among them. Found: {int(gated.mask('lymphocytes').sum())} events of lymphocytes. "
        "Allowed: at least 1e+06 events."
    )


def test_a_word_that_no_gate_knows_is_refused_before_anything_is_gated(fmo: Sample) -> None:
    other = tube(seed=92, events=2000).sample()
    with pytest.raises(CytoreconError, match="begins where the negative cells of this marker end"):
        cr.gate_batch([other], "tbnk", controls=[Control(fmo, "fmo", "CD99")])


def test_a_control_that_teaches_nothing_is_said_with_every_sample() -> None:
    few, other = (tube(seed=93 + n, events=900).sample() for n in range(2))
    (gated,) = cr.gate_batch([other], "tbnk", controls=[Control(few, "fmo", "CD19")])
    (issue,) = (issue for issue in gated.issues if issue.code == "control.failed")
    assert issue.subject == "control 1"
    assert issue.message.startswith("It taught nothing: fmo: It holds too few events to say where")


def test_a_sample_is_not_its_own_control(fmo: Sample) -> None:
    with pytest.raises(CytoreconError) as caught:
        cr.gate_batch([fmo], "tbnk", controls=[Control(fmo, "fmo", "CD19")])
    assert str(caught.value) == (
        "controls, fmo CD19: The same tube is given as a sample and as a control. "
        "Found: the events of sample 1. A tube is a patient's or a control."
    )


def test_a_file_is_a_patient_s_or_a_control(tmp_path: Path) -> None:
    for n in range(2):
        write_fcs(tube(seed=95 + n, events=2000), tmp_path / f"t{n}.fcs")
    (tmp_path / "copy.fcs").write_bytes((tmp_path / "t1.fcs").read_bytes())
    rows = (
        "file,patient,day,control",
        "t0.fcs,P00,30,",
        "t1.fcs,P01,30,",
        "copy.fcs,,,fmo CD19",
        "t0.fcs,,,fmo CD99",
    )
    (tmp_path / "manifest.csv").write_text("\n".join(rows), encoding="utf-8")
    result = run_batch(tmp_path / "manifest.csv", tmp_path / "study")
    done, refused = result.tubes
    said = "a tube is a patient's or a control. Correct the sample sheet."
    assert done.status == "done"
    assert refused.status == "failed"
    assert refused.error == (
        "Manifest row 3: Its file holds the same bytes as that of manifest row 4, control tube 'fmo CD19'; "
        f"{said}"
    )
    failed = [issue for issue in result.study.issues if issue.code == "control.failed"]
    same, typo = sorted(failed, key=lambda issue: issue.subject)
    assert str(same) == (
        "error: manifest row 4, control tube 'fmo CD19': It taught nothing: Its file holds the same bytes as "
        f"that of tube P01/d30/1; {said}"
    )
    assert str(typo) == (
        "error: manifest row 5, control tube 'fmo CD99': It taught nothing: fmo: No gate of the template "
        f"begins where the negative cells of this marker end. Found: CD99. Allowed: {MARKERS}. Is it a "
        "control of template tbnk, and the word right?"
    )
