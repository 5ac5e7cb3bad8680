"""Stands in for the process that does a job: sleeps as long as asked, and writes down that it ended."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
import time


def main(log: str) -> None:
    line = sys.stdin.readline()
    if not line:
        return
    errand = json.loads(line)
    threading.Thread(target=end_with_worker, daemon=True).start()
    behaviour, _, seconds = errand["request"]["remarks"][0].partition(" ")
    note(log, "began", errand["key"])
    say({"stage": "sleeping"})
    time.sleep(float(seconds or 0))
    if behaviour == "dies":
        os._exit(3)
    note(log, "ended", errand["key"])
    say({"outcome": {"done": behaviour != "fails", "message": behaviour}})
    os._exit(0)


def note(log: str, what: str, key: str) -> None:
    with sqlite3.connect(log, timeout=60) as database:
        database.execute("CREATE TABLE IF NOT EXISTS log (what, key)")
        database.execute("INSERT INTO log VALUES (?, ?)", (what, key))


def say(line: object) -> None:
    os.write(1, json.dumps(line).encode() + b"\n")


def end_with_worker() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
