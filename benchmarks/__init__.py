"""Time and memory of the main steps: ``make bench``."""
