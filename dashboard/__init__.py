"""The dashboard of one study: worklist, gates, patient and cohort pages, for research use only.

The import name ``dashboard`` is generic; ``docs/decisions`` says why it is kept.
"""

from __future__ import annotations

from dashboard.app import create_app, serve

__all__ = ["create_app", "serve"]
