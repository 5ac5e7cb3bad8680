"""Exports: the tables of a study in the formats that other programs read. Every number is that of the CSV."""

from __future__ import annotations

from cytorecon.interop.tables import ExportTables, export_tables
from cytorecon.interop.write import FORMATS, ExportFormat, export_files

__all__ = ["FORMATS", "ExportFormat", "ExportTables", "export_files", "export_tables"]
