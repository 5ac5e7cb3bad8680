"""Immune reconstitution by flow cytometry, from FCS files to recovery trajectories.

>>> import cytorecon as cr
>>> sorted(cr.__all__)[:3]
['Channel', 'CytoreconError', 'FcsError']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cytorecon.errors import CytoreconError, FcsError, Issue
    from cytorecon.fcs import list_datasets, read_analysis, read_fcs, read_spillover_csv, write_fcs
    from cytorecon.gating.gated import GatedSample
    from cytorecon.knowledge.template import Template
    from cytorecon.knowledge.templates import load_template
    from cytorecon.milestone import milestones
    from cytorecon.pipeline import analyze_study, gate, gate_batch, learn_priors
    from cytorecon.sample import Channel, Sample, Spillover
    from cytorecon.study import Study, StudyResult, load_study, study_of_counts, tidy_counts
    from cytorecon.trajectory import describe_change, explain_change, trajectories

#: Where each public name lives. Names are loaded when first used: ``import cytorecon`` and
#: ``cytorecon --help`` stay quick.
_HOME = {
    "Channel": "cytorecon.sample",
    "CytoreconError": "cytorecon.errors",
    "FcsError": "cytorecon.errors",
    "GatedSample": "cytorecon.gating.gated",
    "Issue": "cytorecon.errors",
    "Sample": "cytorecon.sample",
    "Spillover": "cytorecon.sample",
    "Study": "cytorecon.study",
    "StudyResult": "cytorecon.study",
    "Template": "cytorecon.knowledge.template",
    "analyze_study": "cytorecon.pipeline",
    "describe_change": "cytorecon.trajectory",
    "explain_change": "cytorecon.trajectory",
    "gate": "cytorecon.pipeline",
    "gate_batch": "cytorecon.pipeline",
    "learn_priors": "cytorecon.pipeline",
    "list_datasets": "cytorecon.fcs",
    "load_study": "cytorecon.study",
    "load_template": "cytorecon.knowledge.templates",
    "milestones": "cytorecon.milestone",
    "read_analysis": "cytorecon.fcs",
    "read_fcs": "cytorecon.fcs",
    "read_spillover_csv": "cytorecon.fcs",
    "study_of_counts": "cytorecon.study",
    "tidy_counts": "cytorecon.study",
    "trajectories": "cytorecon.trajectory",
    "write_fcs": "cytorecon.fcs",
}

__all__ = [
    "Channel",
    "CytoreconError",
    "FcsError",
    "GatedSample",
    "Issue",
    "Sample",
    "Spillover",
    "Study",
    "StudyResult",
    "Template",
    "__version__",
    "analyze_study",
    "describe_change",
    "explain_change",
    "gate",
    "gate_batch",
    "learn_priors",
    "list_datasets",
    "load_study",
    "load_template",
    "milestones",
    "read_analysis",
    "read_fcs",
    "read_spillover_csv",
    "study_of_counts",
    "tidy_counts",
    "trajectories",
    "write_fcs",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'cytorecon' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
