"""The hand-made study in a real store, and the dashboard on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from dash import Dash

from cytorecon.store import StudyStore
from dashboard.app import create_app
from dashboard.services.study import StudyService
from tests.dashboard.analysis import InstantDesk, instant
from tests.dashboard.studies import save_study


@pytest.fixture(scope="session")
def saved_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the hand-made study, for tests that only read it."""
    return save_study(tmp_path_factory.mktemp("saved") / "study")


@pytest.fixture
def location(saved_study: Path, tmp_path: Path) -> Path:
    """Return a folder with the hand-made study, for one test to change."""
    return Path(shutil.copytree(saved_study, tmp_path / "study"))


@pytest.fixture
def app(location: Path) -> Dash:
    """Return the dashboard of the hand-made study."""
    return create_app(location, desk=instant())


@pytest.fixture
def service(location: Path) -> StudyService:
    """Return the hand-made study as the dashboard sees it, for one test to change."""
    store = StudyStore.open(location)
    return StudyService(store, InstantDesk(store))


@pytest.fixture(scope="session")
def read_only(saved_study: Path) -> StudyService:
    """Return the hand-made study as the dashboard sees it, for tests that only read it."""
    store = StudyStore.open(saved_study)
    return StudyService(store, InstantDesk(store))
