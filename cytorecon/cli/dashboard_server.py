"""Start the dashboard, which lies above this package, by name (docs/decisions/0004)."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Final

from cytorecon.cli.worker_process import working
from cytorecon.errors import CytoreconError

if TYPE_CHECKING:
    from cytorecon.knowledge.references import References

PACKAGE: Final = "dashboard"


def serve_dashboard(
    location: str,
    *,
    host: str,
    port: int,
    allow_hosts: Sequence[str] = (),
    blobs: str = "",
    jobs: int = 1,
    references: References | None = None,
) -> None:
    """Serve the study at `location` until interrupted, with workers that analyse what is uploaded.

    Parameters
    ----------
    location : str
        Study folder or database URL.
    host, port : str, int
        Where to listen.
    allow_hosts : sequence of str
        Names, besides `host` and those of this computer, under which browsers may ask for it.
    blobs : str
        Where its files are kept; empty for the usual place.
    jobs : int
        Number of workers; 0 when there are others.
    references : References, optional
        Ranges of healthy people; the packaged ones by default.

    Raises
    ------
    CytoreconError
        If the dashboard is not installed, something else goes by its name, or a worker ended.
    """
    package = dashboard_package()
    with working(location, blobs, jobs):
        package.serve(
            location, host=host, port=port, allow_hosts=allow_hosts, blobs=blobs, references=references
        )


def dashboard_package() -> ModuleType:
    """Return the imported dashboard, after checking that it is cytorecon's.

    Raises
    ------
    CytoreconError
        If it is not installed, or another package of that name comes first on the path.
    """
    try:
        package = importlib.import_module(PACKAGE)
    except ModuleNotFoundError as error:
        if error.name != PACKAGE:
            raise
        raise CytoreconError(
            "The web interface is not installed.",
            subject=f"package '{PACKAGE}'",
            hint="Install cytorecon again.",
        ) from error
    if not callable(getattr(package, "serve", None)):
        raise CytoreconError(
            "Another package has taken the name of cytorecon's web interface.",
            subject=f"package '{PACKAGE}'",
            found=str(getattr(package, "__file__", None) or "a folder without __init__.py"),
            hint="Install cytorecon into an environment of its own, and start it from another folder.",
        )
    return package
