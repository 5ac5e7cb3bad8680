"""One file per schema version; ``revision`` is its number with four digits."""
