"""FCS files: reading, channel roles, markers, privacy."""

from cytorecon.fcs.panel import PanelMatch, resolve_panel
from cytorecon.fcs.privacy import safe_keywords
from cytorecon.fcs.read import DataSetInfo, list_datasets, read_fcs

__all__ = ["DataSetInfo", "PanelMatch", "list_datasets", "read_fcs", "resolve_panel", "safe_keywords"]
