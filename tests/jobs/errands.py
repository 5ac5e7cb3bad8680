"""What a worker tells the process that does a job."""

from __future__ import annotations

from pathlib import Path

from cytorecon.jobs.child import Errand
from cytorecon.jobs.model import Job
from cytorecon.knowledge.jobs import load_job_rules


def errand_of(study: Path, job: Job) -> Errand:
    """Return what a worker tells the process that does `job`."""
    key = job.id.split("-")[1]
    limits = load_job_rules().limits
    return Errand(study=str(study), blobs="", key=key, request=job.request, limits=limits)
