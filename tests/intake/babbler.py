"""A worker that says something else."""

import sys
from pathlib import Path

if __name__ == "__main__":
    Path(sys.argv[3]).write_text('{"issues": "none"}', encoding="utf-8")
