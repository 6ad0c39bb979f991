"""Headers and CSRF protection of every response."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, g, request
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}
NONCE_BYTES = 16
SMALL_BODY_BYTES = 256 * 1024
MOST_BYTES = "most_body_bytes"
View = TypeVar("View", bound=Callable[..., Any])


def style_nonce() -> str:
    """Return this response's nonce for style elements, which the audio player's waveform makes."""
    if "style_nonce" not in g:
        g.style_nonce = secrets.token_urlsafe(NONCE_BYTES)
    return str(g.style_nonce)


def takes_files(most_bytes: Callable[[], int]) -> Callable[[View], View]:
    """Let a view take bodies of so many bytes; all others take `SMALL_BODY_BYTES`."""

    def decorate(view: View) -> View:
        setattr(view, MOST_BYTES, most_bytes)
        return view

    return decorate


def init_security(app: Flask) -> CSRFProtect:
    """Require a CSRF token on every change and set the headers."""
    app.config.update(WTF_CSRF_TIME_LIMIT=None, MAX_CONTENT_LENGTH=SMALL_BODY_BYTES)

    @app.before_request
    def allow_large_bodies() -> None:
        """Let files of people who are logged in through: the CSRF check, which comes next, reads the body's form."""
        limit = getattr(app.view_functions.get(request.endpoint or ""), MOST_BYTES, None)
        if limit and current_user.is_authenticated:
            request.max_content_length = limit()

    csrf = CSRFProtect(app)

    @app.after_request
    def set_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value.replace("{nonce}", style_nonce()))
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return csrf
