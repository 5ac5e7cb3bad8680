"""Immune reconstitution by flow cytometry, from FCS files to recovery trajectories."""

__version__ = "0.1.0"
