"""Site priors: they carry a batch of one, are frozen with it, and say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cytorecon as cr
from cytorecon.cli.main import main
from cytorecon.errors import KnowledgeError
from cytorecon.gating.prior import GatingPrior, ThresholdPrior
from cytorecon.jobs import run_batch
from cytorecon.pipeline import SitePriors
from cytorecon.simulate import SimulatedTube, write_fcs
from tests.pipeline.tubes import samples, tube

TUBES = 8


@pytest.fixture(scope="module")
def site_tubes() -> tuple[SimulatedTube, ...]:
    return tuple(tube(seed=800 + n, events=4000, beads_per_tube=10_000) for n in range(TUBES))


@pytest.fixture(scope="module")
def site(site_tubes: tuple[SimulatedTube, ...]) -> SitePriors:
    return SitePriors(contexts=cr.learn_priors(samples(site_tubes), "tbnk"))


def test_the_text_holds_all_that_was_learned(site: SitePriors) -> None:
    text = site.to_json()
    assert '"content": "cytorecon site priors, version 1"' in text
    assert '"kind": "logicle"' in text
    assert SitePriors.from_json(text) == site
    assert SitePriors.from_json(text).sha256 == site.sha256


def test_another_text_is_refused(site: SitePriors) -> None:
    more = site.to_json().replace('"content"', '"note": 1, "content"', 1)
    scales = site.to_json().replace('"logicle"', '"other"')
    wrong = (("{}", "content"), ("x", "content"), ("[1]", "content"), (scales, "content"), (more, "fields"))
    for text, found in wrong:
        with pytest.raises(KnowledgeError) as caught:
            SitePriors.from_json(text)
        assert str(caught.value) == (
            f"These are no site priors. Found: other {found}. "
            "Learn them: cytorecon priors learn FOLDER --out site.json"
        )


def test_positions_changed_by_hand_are_refused(site: SitePriors, tmp_path: Path) -> None:
    content = json.loads(site.to_json())
    assert content["sha256"] == site.sha256
    threshold = content["contexts"][0]["prior"]["thresholds"]["CD3"]
    threshold["position"] += 0.1
    without = {name: value for name, value in content.items() if name != "sha256"}
    for changed, found in ((content, site.sha256[:12]), (without, "none")):
        with pytest.raises(KnowledgeError) as caught:
            SitePriors.from_json(json.dumps(changed))
        now = SitePriors.model_validate(
            {**without, "contexts": [{**without["contexts"][0], "scales": site.contexts[0].scales}]}
        ).sha256
        assert str(caught.value) == (
            "sha256: The site priors are not those that were learned: the file was changed. "
            f"Found: {found}. Allowed: {now[:12]}, that of the content. "
            "Learn them again: cytorecon priors learn FOLDER --out site.json. A position is decided by hand "
            "with cytorecon override, which says who did it and why."
        )


def test_a_batch_refuses_priors_that_were_changed(
    site: SitePriors, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    priors, sheet = tmp_path / "site.json", tmp_path / "manifest.csv"
    priors.write_text(site.to_json().replace('"tubes": 8', '"tubes": 80'), encoding="utf-8")
    write_fcs(tube(seed=850, events=2000), tmp_path / "one.fcs")
    sheet.write_text("file,patient,day\none.fcs,P01,30\n", encoding="utf-8")
    assert main(["batch", str(sheet), "--out", str(tmp_path / "study"), "--priors", str(priors)]) != 0
    assert "The site priors are not those that were learned" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "study").exists()


def test_a_batch_of_one_leans_on_the_site(tmp_path: Path, site_tubes: tuple[SimulatedTube, ...]) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    for n, made in enumerate(site_tubes):
        write_fcs(made, lab / f"{n}.fcs")
    priors = tmp_path / "site.json"
    assert main(["priors", "learn", str(lab), "--out", str(priors)]) == 0
    write_fcs(tube(seed=850, events=4000, beads_per_tube=10_000), tmp_path / "one.fcs")
    sheet = tmp_path / "manifest.csv"
    sheet.write_text("file,patient,day\none.fcs,P01,30\n", encoding="utf-8")
    (weak,) = run_batch(sheet, tmp_path / "weak").tubes
    assert all("batch.few_tubes" in count.review for count in weak.counts)
    assert main(["batch", str(sheet), "--out", str(tmp_path / "study"), "--priors", str(priors)]) == 0
    (done,) = run_batch(sheet, tmp_path / "study").tubes
    assert not any("batch.few_tubes" in count.review for count in done.counts)
    verdicts = {count.population: count.verdict for count in done.counts}
    assert {verdicts[name] for name in ("CD3_T", "CD4_T", "CD8_T", "B")} == {"ok"}
    sha256 = SitePriors.from_json(priors.read_text(encoding="utf-8")).sha256
    named = f"Positions lean on site priors {sha256[:12]}, learned from {TUBES} tubes."
    assert named in {issue.message for issue in done.issues}


def test_too_few_tubes_make_no_site_priors(
    tmp_path: Path, site_tubes: tuple[SimulatedTube, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    write_fcs(site_tubes[0], tmp_path / "0.fcs")
    assert main(["priors", "learn", str(tmp_path), "--out", str(tmp_path / "site.json")]) == 1
    assert "1 tubes of one cytometer and panel; 8 are needed." in capsys.readouterr().err
    assert not (tmp_path / "site.json").exists()


def test_priors_of_another_kind_are_remarked(tmp_path: Path, site: SitePriors) -> None:
    write_fcs(tube(seed=851, events=2000), tmp_path / "one.fcs")
    sheet = tmp_path / "manifest.csv"
    sheet.write_text("file,patient,day\none.fcs,P01,30\n", encoding="utf-8")
    other = site.model_copy(
        update={"contexts": (site.contexts[0].model_copy(update={"batch": "tbnk-0000000000"}),)}
    )
    result = run_batch(sheet, tmp_path / "study", site=other)
    (remark,) = (issue for issue in result.study.issues if issue.code == "batch.site_unused")
    assert str(remark) == (
        "warning: site priors: The site priors are of another cytometer, panel or template than every batch "
        "of the study. Learn them from files of the same kind, with this version of the template."
    )


def test_what_a_batch_does_not_show_the_site_fills_up() -> None:
    here, there = (ThresholdPrior(position=at, spread=0.02, tubes=9) for at in (0.5, 0.4))
    batch = GatingPrior(tubes=9, thresholds={"CD3": here})
    site = GatingPrior(tubes=20, thresholds={"CD3": there, "CD19": there}).of_the_site()
    both = batch.filled_up(site)
    assert both.tubes == 9
    assert (both.thresholds["CD3"].position, both.thresholds["CD3"].level) == (0.5, "batch")
    assert both.thresholds["CD19"].level == "site"


def test_evidence_names_the_site(site: SitePriors) -> None:
    contexts = tuple(site.by_batch.values())
    (gated,) = cr.gate_batch([tube(seed=852, events=4000).sample()], "tbnk", contexts)
    sources = gated.evidence().set_index("gate")["source"]
    assert sources["CD3"] == "pooled (site)"


def test_site_priors_of_another_text_of_the_template_are_not_used(
    tmp_path: Path, site_tubes: tuple[SimulatedTube, ...]
) -> None:
    paths = [tmp_path / f"{n}.fcs" for n in range(TUBES)]
    for made, path in zip(site_tubes, paths, strict=True):
        write_fcs(made, path)
    (context,) = cr.learn_priors([cr.read_fcs(path) for path in paths], "tbnk")
    other = SitePriors(contexts=(context.model_copy(update={"template_sha256": "0" * 64}),))
    (tmp_path / "manifest.csv").write_text("file,patient,day\n0.fcs,P01,30\n")
    result = run_batch(tmp_path / "manifest.csv", tmp_path / "study", site=other)
    (remark,) = (issue for issue in result.study.issues if issue.code == "batch.site_unused")
    assert str(remark) == (
        f"warning: site priors: The site priors of {context.batch} were learned with another text of "
        f"template tbnk (theirs is version {context.template_version}), and are not used. "
        "Learn them again with the template of this version."
    )
    assert all("batch.few_tubes" in count.review for count in result.tubes[0].counts if count.events)
