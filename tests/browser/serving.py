"""A dashboard in a thread of the test process, on a free port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import make_server

from cytorecon.jobs.desk import Desk
from cytorecon.store import StudyStore
from dashboard.app import create_app


@contextmanager
def serving(location: Path, *, desk: Callable[[StudyStore], Desk] | None = None) -> Iterator[str]:
    """Serve the study at `location` and give its address."""
    server = make_server("127.0.0.1", 0, create_app(location, desk=desk).server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
