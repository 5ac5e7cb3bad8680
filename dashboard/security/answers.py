"""Answer requests that no page of ours sends with a status and a sentence, and log no content of them."""

from __future__ import annotations

import logging
import traceback
from typing import Final

import flask
from dash import Dash
from dash.exceptions import PreventUpdate
from werkzeug.exceptions import HTTPException

_LOG: Final = logging.getLogger("dashboard")
_CALLBACKS: Final = "/_dash-update-component"
_SUITES: Final = "/_dash-component-suites/"


def keep_calm(app: Dash) -> None:
    """Let `app` refuse malformed requests instead of failing on them.

    Errors inside of our callbacks never come here: ``on_error`` of the app tells them on the page.
    """

    def answer(error: Exception) -> flask.Response | HTTPException | tuple[str, int]:
        if isinstance(error, HTTPException):
            return error
        if isinstance(error, PreventUpdate):
            return "", 204
        path = flask.request.path
        if path == _CALLBACKS:
            return _plain(400, "This is not a request of a page of the dashboard. Reload the page.")
        if path.startswith(_SUITES):
            return _plain(404, "There is no such file.")
        log_error("A request failed.", error)
        return _plain(500, "The server could not answer. Look in its log.")

    app.server.register_error_handler(Exception, answer)


def log_error(what: str, error: BaseException) -> None:
    """Log where an error happened and of which kind it is; its message may quote what was typed."""
    places = "".join(traceback.format_tb(error.__traceback__))
    _LOG.error("%s %s\n%s", what, type(error).__name__, places)


def _plain(status: int, text: str) -> flask.Response:
    return flask.Response(f"{text}\n", status, mimetype="text/plain")
