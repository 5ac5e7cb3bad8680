"""A worker that never ends and uses the processor."""

import sys

from cytorecon.intake.limits import set_limits

if __name__ == "__main__":
    set_limits(*(int(limit) for limit in sys.argv[5:]))
    while True:
        pass
