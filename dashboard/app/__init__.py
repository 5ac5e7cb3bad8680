"""The application: made of pages and callbacks, protected, served."""

from __future__ import annotations

from dashboard.app.factory import create_app
from dashboard.app.server import is_loopback, serve

__all__ = ["create_app", "is_loopback", "serve"]
