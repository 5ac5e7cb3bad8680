"""Figures for paper: SVG without a script, for a PDF and for pages that must stand alone."""

from cytorecon.figures.paper.gate import gate_svg
from cytorecon.figures.paper.recovery import recovery_svg

__all__ = ["gate_svg", "recovery_svg"]
