"""A worker that takes memory until there is none."""

import sys

from cytorecon.intake.limits import set_limits

if __name__ == "__main__":
    set_limits(*(int(limit) for limit in sys.argv[5:]))
    taken = []
    while True:
        taken.append(bytearray(16 << 20))
