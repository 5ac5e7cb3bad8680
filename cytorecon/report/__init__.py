"""The report of a study: pages a haematologist reads, and tables for further work."""

from __future__ import annotations

from cytorecon.report.write import Progress, ReportFiles, write_report

__all__ = ["Progress", "ReportFiles", "write_report"]
