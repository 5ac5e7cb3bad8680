"""FCS files: reading, channel roles, markers, spillover, privacy."""

from cytorecon.fcs.analysis import Analysis, read_analysis
from cytorecon.fcs.datasets import DataSetInfo
from cytorecon.fcs.panel import PanelMatch, resolve_panel, scatter_channel
from cytorecon.fcs.privacy import allowed_keywords, safe_keywords
from cytorecon.fcs.read import list_datasets, read_fcs
from cytorecon.fcs.spillover import resolve_spillover, spillover_from_keywords
from cytorecon.fcs.spillover_csv import read_spillover_csv
from cytorecon.fcs.write import write_fcs

__all__ = [
    "Analysis",
    "DataSetInfo",
    "PanelMatch",
    "allowed_keywords",
    "list_datasets",
    "read_analysis",
    "read_fcs",
    "read_spillover_csv",
    "resolve_panel",
    "resolve_spillover",
    "safe_keywords",
    "scatter_channel",
    "spillover_from_keywords",
    "write_fcs",
]
