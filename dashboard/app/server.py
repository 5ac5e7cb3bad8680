"""Serve a dashboard on this computer."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path

import waitress

from cytorecon.errors import CytoreconError
from dashboard.app.factory import LARGEST_REQUEST, create_app


def serve(location: str | Path, host: str = "127.0.0.1", port: int = 8050) -> None:
    """Serve the dashboard of the study at `location` until interrupted.

    Parameters
    ----------
    location : str or Path
        A study folder, or the URL of its PostgreSQL database.
    host : str
        Address to listen on. There is no login: any other than this computer's own is warned of.
    port : int
        Port to listen on.

    Raises
    ------
    StoreError
        If there is no study, or it cannot be opened.
    CytoreconError
        If the port is taken or the address is not one of this computer's.
    """
    app = create_app(location)
    try:
        server = waitress.create_server(
            app.server, host=host, port=port, threads=8, max_request_body_size=LARGEST_REQUEST
        )
    except OSError as error:
        raise CytoreconError(
            "The dashboard cannot listen here.",
            subject=f"{host}:{port}",
            found=error.strerror or str(error),
            hint="Is another dashboard running? Choose another port, e.g. --port 8051.",
        ) from error
    if not is_loopback(host):
        sys.stderr.write(
            f"Warning: {host} can be reached from other computers, and the dashboard has no login: "
            "whoever reaches it sees the study. Use 127.0.0.1 unless your network protects it.\n"
        )
    sys.stderr.write(f"cytorecon dashboard on http://{host}:{port}/ (stop with Ctrl-C)\n")
    server.run()


def is_loopback(host: str) -> bool:
    """Return whether only this computer can reach `host`.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
