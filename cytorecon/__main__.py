"""``python -m cytorecon``: the same as the command ``cytorecon``."""

import sys

from cytorecon.cli import main

if __name__ == "__main__":
    sys.exit(main())
