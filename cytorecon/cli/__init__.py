"""The command line: each command parses, calls one function of the core, and prints."""

from cytorecon.cli.main import app, main

__all__ = ["app", "main"]
