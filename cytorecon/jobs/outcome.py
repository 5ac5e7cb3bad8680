"""What became of each tube of a batch: stored, failed, or kept as an earlier run had left it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cytorecon.errors import Issue, Severity
from cytorecon.jobs.templates import mixed_templates
from cytorecon.pipeline import AnalysisSettings, Plan
from cytorecon.pipeline.tube import failed
from cytorecon.results import TubeResult
from cytorecon.store import AWAITS_ANALYSIS, KEPT, FileCountedError, LockedError, StudyStore
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult

_AGAIN = "analysed again from the file that the sheet lists"


def save_result(store: StudyStore, tube: Tube, result: TubeResult) -> str:
    """Store a result; one that failed never takes the place of a good one.

    Returns
    -------
    str
        Why the tube could not be analysed, when an earlier result of it is kept; else empty.
    """
    if result.status == "done":
        try:
            store.save_tube(tube, result, reason=_AGAIN if tube.row == 0 else "")
        except LockedError:  # since this batch began; the result that was locked stays
            return ""
        except FileCountedError as error:
            came = "was uploaded" if error.upload else "is counted"
            result = failed(tube, f"Its file {came} as tube {error.tube} meanwhile and is counted once.")
        else:
            return ""
    if tube.row > 0:
        # file names stay out of everything that is kept; the row tells which file it is
        result = result.model_copy(update={"error": f"Manifest row {tube.row}: {result.error}"})
    try:
        return result.error if store.save_failure(tube, result) else ""
    except LockedError:
        return ""


def note_outcome(store: StudyStore, tubes: Sequence[Tube], kept: Mapping[str, str]) -> None:
    """Replace the remarks on tubes that were to be analysed by what came of it."""
    own = {tube.tube: tube for tube in tubes}

    def change(issues: tuple[Issue, ...]) -> tuple[Issue, ...]:
        waited = {issue.subject: issue for issue in issues if issue.code == AWAITS_ANALYSIS}
        others = [
            issue for issue in issues if issue.subject not in own or issue.code not in (AWAITS_ANALYSIS, KEPT)
        ]
        return (*others, *(_kept(own[name], why, waited.get(name)) for name, why in kept.items()))

    store.change_issues(change)


def _kept(tube: Tube, reason: str, waited: Issue | None) -> Issue:
    readable = tube.path is not None and tube.path.is_file()
    what = "it cannot be analysed now" if readable else "its file cannot be read now"
    changed = " What its row says anew holds once it can." if waited is not None else ""
    return Issue(
        code=KEPT,
        severity=Severity.WARNING,
        subject=tube.tube,
        message=f"Kept from an earlier run; {what}: {reason}{changed}",
    )


def with_remarks(result: StudyResult, plan: Plan, remarks: Sequence[Issue] = ()) -> StudyResult:
    """Return the result of a batch with what is worth knowing about this run."""
    on_the_whole = (*mixed_templates(result), *_left_behind(result, plan.settings))
    issues = (*result.study.issues, *plan.remarks, *remarks, *on_the_whole)
    return result.model_copy(update={"study": result.study.model_copy(update={"issues": issues})})


def _left_behind(result: StudyResult, settings: AnalysisSettings) -> tuple[Issue, ...]:
    """Return a remark on tubes of a sheet whose numbers rest on scales and priors that are gone."""
    current = {
        (context.template_sha256, context.prior.sha256, context.transforms.sha256)
        for context in settings.batches.values()
    }
    rows = {tube.tube for tube in result.study.tubes if tube.row > 0 and tube.patient not in result.locked}
    behind = [
        outcome.tube
        for outcome in result.tubes
        if outcome.tube in rows
        and outcome.status == "done"
        and (
            outcome.provenance.template_sha256,
            outcome.provenance.prior_sha256,
            outcome.provenance.transforms_sha256,
        )
        not in current
    ]
    if not behind:
        return ()
    message = (
        f"{len(behind)} of the kept tubes were analysed with scales and priors that the batch has learned "
        f"anew since: {', '.join(behind[:30])}{' …' if len(behind) > 30 else ''}."
    )
    hint = "List them with a file that can be read, to have all tubes analysed alike."
    return (Issue("batch.left_behind", Severity.WARNING, "batch", message, hint),)
