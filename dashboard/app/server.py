"""Serve a dashboard on this computer."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import waitress

from cytorecon.errors import CytoreconError
from cytorecon.intake import sweep
from cytorecon.knowledge.references import References
from dashboard.app.factory import LARGEST_REQUEST, create_app
from dashboard.security.names import bracketed
from dashboard.services.collector import left_out_of_the_search
from dashboard.services.study import current_study


def serve(
    location: str | Path,
    host: str = "127.0.0.1",
    port: int = 8050,
    *,
    allow_hosts: Iterable[str] = (),
    blobs: str = "",
    references: References | None = None,
) -> None:
    """Serve the dashboard of the study at `location` until interrupted.

    Parameters
    ----------
    location : str or Path
        A study folder, or the URL of its PostgreSQL database.
    host : str
        Address to listen on. There is no login: any other than this computer's own is warned of.
    port : int
        Port to listen on; 0 takes a free one, which is printed.
    allow_hosts : iterable of str
        Further names under which browsers reach it; see
        :func:`~dashboard.app.factory.create_app`.
    blobs : str
        Where files of the study are kept; empty for the usual place. Workers analyse them.
    references : References, optional
        Ranges of healthy people; the packaged ones by default.

    Raises
    ------
    StoreError
        If there is no study, or it cannot be opened.
    CytoreconError
        If the port is taken, the address is not one of this computer's, or one of `allow_hosts` is
        no name of a host.
    """
    sweep()  # uploads of a server that was killed
    with left_out_of_the_search():
        app = create_app(location, host=host, allow_hosts=allow_hosts, blobs=blobs, references=references)
    with _listening_socket(host, port) as listener:
        server = waitress.create_server(
            app.server, sockets=[listener], threads=8, max_request_body_size=LARGEST_REQUEST
        )
        _tell_start(host, listener.getsockname()[1])
        with app.server.app_context():
            first = current_study().snapshot()
        # what fails here fails again, with a message, on the page that asks for it
        threading.Thread(target=first.make_tables, daemon=True).start()
        server.run()


def _listening_socket(host: str, port: int) -> socket.socket:
    # opened here, because waitress leaves its own half-open when the port is taken
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except socket.gaierror as error:
        raise CytoreconError(
            "The dashboard cannot listen here: there is no such address.",
            subject=f"{bracketed(host)}:{port}",
            hint="Use 127.0.0.1, or an address of this computer.",
        ) from error
    except OSError as error:
        raise CytoreconError(
            "The dashboard cannot listen here.",
            subject=f"{bracketed(host)}:{port}",
            found=os.strerror(error.errno or 0),
            hint=_WAYS_OUT.get(error.errno or 0, ""),
        ) from error


_WAYS_OUT: Final = {
    errno.EADDRINUSE: "Is another dashboard running? Choose another port, e.g. --port 8051.",
    errno.EADDRNOTAVAIL: "Use 127.0.0.1, or an address of this computer.",
    errno.EACCES: "This user may not open that port; choose one above 1023, e.g. --port 8050.",
}


def _tell_start(host: str, port: int) -> None:
    if not is_loopback(host):
        sys.stderr.write(
            f"Warning: {host} can be reached from other computers, and the dashboard has no login: "
            "whoever reaches it sees the study. Use 127.0.0.1 unless your network protects it.\n"
        )
    sys.stderr.write(f"cytorecon dashboard on http://{bracketed(host)}:{port}/ (stop with Ctrl-C)\n")
    sys.stderr.flush()


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
