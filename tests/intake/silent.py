"""A worker that says nothing."""
