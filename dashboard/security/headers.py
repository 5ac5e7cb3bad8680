"""HTTP headers that keep the pages to themselves."""

from __future__ import annotations

import flask
from dash import Dash

#: Everything comes from this server. Inline styles are needed by Mantine and plotly.
_POLICY = (
    "default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def protect(app: Dash) -> None:
    """Add security headers to every answer of `app`.

    Pages and callback answers hold patient data, so browsers and proxies are told not to keep
    them; scripts and styles may be kept.
    """

    def add_headers(response: flask.Response) -> flask.Response:
        response.headers.update(_HEADERS)
        if response.mimetype == "text/html":
            # Dash registers an inline script with the first request, so hashes are taken here
            policy = _POLICY.format(hashes=" ".join(app.csp_hashes()))
            response.headers["Content-Security-Policy"] = policy
        if response.mimetype in ("text/html", "application/json"):
            response.headers["Cache-Control"] = "no-store"
        return response

    app.server.after_request(add_headers)
