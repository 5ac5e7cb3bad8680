"""A throw-away PostgreSQL server on a Unix socket, which can be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_DEBIAN = Path("/usr/lib/postgresql")


def binaries() -> Path | None:
    """Return the folder of initdb and pg_ctl: the newest of Debian's, else that on the PATH."""
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    return Path(found).parent if found else None


@dataclass(frozen=True)
class Server:
    """A server with a folder of its own.

    Parameters
    ----------
    folder : Path
        Of data, log and socket.
    programs : Path
        Folder of initdb and pg_ctl.
    fsync : bool
        Whether commits wait for the disk; what is killed loses nothing without it, a power cut would.
    """

    folder: Path
    programs: Path
    fsync: bool = False

    @property
    def url(self) -> str:
        """URL of a database from which others can be made."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def make(self) -> None:
        """Make the empty cluster."""
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder}"
        if not self.fsync:
            options += " -c fsync=off"
        self._run("pg_ctl", "-D", self._data, "-l", str(self.folder / "log"), "-o", options, "-w", "start")

    def stop(self) -> None:
        """Stop the server at once, in the middle of whatever it does."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    def kill(self) -> None:
        """End the server and all its processes with SIGKILL."""
        lock = Path(self._data, "postmaster.pid")
        server = int(lock.read_text(encoding="ascii").split()[0])
        own = [server, *_children(server)]
        for process in own:
            with suppress(ProcessLookupError):  # some end by themselves once the first is gone
                os.kill(process, signal.SIGKILL)
        while any(_runs(process) for process in own):
            time.sleep(0.01)
        # where nobody collects the dead server, its number still counts as in use
        lock.unlink()
        (self.folder / ".s.PGSQL.5432.lock").unlink()

    def create(self, database: str) -> str:
        """Make an empty database, and return its URL."""
        import psycopg

        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())
        return self.url_of(database)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, *command: str) -> None:
        # the server refuses to run as root
        user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [str(self.programs / command[0]), *command[1:]],
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
            **user,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _children(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # the name in brackets may hold spaces; state and parent follow it
            if int(status.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(status.parent.name))
    return found


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def throwaway_server(programs: Path, *, fsync: bool = False) -> Iterator[Server]:
    """Start a server, and remove it with all its data at the end."""
    # Short, because the path of a Unix socket may have 107 bytes; open to the user `postgres`.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Server(folder, programs, fsync)
    try:
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
