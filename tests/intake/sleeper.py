"""A worker that never ends and uses nothing."""

import time

if __name__ == "__main__":
    time.sleep(60)
