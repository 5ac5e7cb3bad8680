"""From a gate of a template to a found gate: ask the finder, then the batch, then the control.

The order is the policy of the whole project: the tube's own evidence when it is strong, shrunk to
the batch when it is weak, the batch's position when there is none, the tail of cells known to lack
the marker when there is no batch, and otherwise "not evaluable". Never everything, never a guess.
"""
