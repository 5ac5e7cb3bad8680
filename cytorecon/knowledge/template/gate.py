"""What every gate of a template has."""

from __future__ import annotations

from cytorecon.values import Frozen


class GateSpec(Frozen):
    """What every gate of a template has.

    Parameters
    ----------
    gate : str
        Identifier, a Python-like name; used in expressions.
    title : str
        What pages call it; empty = the identifier.
    find_in : str
        Expression of the events the finder looks at.
    optional : bool
        When the tube lacks a channel of the gate: True lets all events pass (and says so),
        False makes the gate, and what depends on it, not evaluable.
    why : str
        Reason for people who read the template.
    source : str
        Citation, where the gate follows a published definition.
    """

    gate: str
    title: str = ""
    find_in: str = "all"
    optional: bool = False
    why: str = ""
    source: str = ""
