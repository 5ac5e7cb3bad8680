"""What the dashboard lets in, and what it tells browsers to keep to themselves."""

from __future__ import annotations

from dashboard.security.doorkeeper import keep_door
from dashboard.security.headers import protect

__all__ = ["keep_door", "protect"]
