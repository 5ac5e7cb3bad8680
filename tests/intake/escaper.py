"""A worker whose parser tries what it may not: named by the first word of the file it is to read."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from cytorecon.intake import worker


def escape(path: Path, dataset: int | None = None) -> None:
    """Do what the file says, in place of reading it."""
    del dataset
    attempt = path.read_text(encoding="utf-8")
    target = path.with_name("escaped")
    if attempt == "connect":
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    elif attempt == "start":
        subprocess.run([sys.executable, "-c", f"open({str(target)!r}, 'w')"], check=False)
    elif attempt == "write":
        target.write_text("x", encoding="utf-8")
    elif attempt == "remove":
        path.unlink()
    elif attempt == "rename":
        path.rename(target)
    elif attempt == "handle":
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
    raise AssertionError("it was allowed")


if __name__ == "__main__":
    setattr(worker, "deidentify", escape)  # noqa: B010 - the module's own, not one it exports
    sys.exit(worker.main(sys.argv[1:]))
