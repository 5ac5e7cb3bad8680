"""The pages: one ordinary function each, from query parameters to a layout."""
