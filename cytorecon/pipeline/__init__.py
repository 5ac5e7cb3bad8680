"""The way of the data: read, check, compensate, transform, gate, count."""

from cytorecon.pipeline.context import AnalysisSettings, BatchContext
from cytorecon.pipeline.controls import Control
from cytorecon.pipeline.gate_files import GatedFile, gate_files
from cytorecon.pipeline.gate_samples import gate, gate_batch, learn_priors
from cytorecon.pipeline.given import Given
from cytorecon.pipeline.inspect import FileInspection, inspect_file
from cytorecon.pipeline.looks import Seen
from cytorecon.pipeline.second_opinion import second_opinion
from cytorecon.pipeline.site import LearnedSite, SitePriors, learn_site
from cytorecon.pipeline.study import (
    Plan,
    Task,
    analyze_study,
    analyze_tubes,
    plan_study,
    plan_with_what_was_learned,
)
from cytorecon.pipeline.upload import Addition, analyze_addition

__all__ = [
    "Addition",
    "AnalysisSettings",
    "BatchContext",
    "Control",
    "FileInspection",
    "GatedFile",
    "Given",
    "LearnedSite",
    "Plan",
    "Seen",
    "SitePriors",
    "Task",
    "analyze_addition",
    "analyze_study",
    "analyze_tubes",
    "gate",
    "gate_batch",
    "gate_files",
    "inspect_file",
    "learn_priors",
    "learn_site",
    "plan_study",
    "plan_with_what_was_learned",
    "second_opinion",
]
