"""Put the hand-made study on disk."""

from __future__ import annotations

from pathlib import Path

from cytorecon.pipeline import AnalysisSettings
from cytorecon.store import StudyStore
from tests.builders import study_result


def save_study(location: Path) -> Path:
    """Store the hand-made study at `location` and return it."""
    result = study_result()
    settings = AnalysisSettings(software_version="0.1.0").model_dump_json()
    with StudyStore.create(location, result.study, settings, software_version="0.1.0") as store:
        for tube in result.study.tubes:
            store.save_tube(tube, result.tube(tube.tube))
    return location
