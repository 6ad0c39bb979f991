"""Log-in sessions: the signed cookie, the idle time-out and which calls were revealed in it."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import datetime
from pathlib import Path

from flask import Flask, Response, current_app, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, current_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from hotline.config import Config
from hotline.hub import Hub
from hotline.ports import User
from web.accounts import may_log_in
from web.errors import error_response

QUIET_ENDPOINTS = frozenset(
    {"static", "api.call_stream", "api.calls_stream", "api.board_stream", "api.call_events", "health.healthz"}
)
"""Requests that a page makes by itself: they do not keep a session alive."""
REVEALED_KEPT = 20


class ConsoleUser(UserMixin):
    """The logged-in user as Flask-Login wants it."""

    def __init__(self, user: User) -> None:
        self.id = user.id
        self.username = user.username
        self.display_name = user.display_name
        self.role = user.role
        self._fingerprint = hashlib.sha256(user.password_hash.encode()).hexdigest()[:16]

    def get_id(self) -> str:
        """Return what the cookie holds: a changed password ends the user's sessions."""
        return f"{self.id}|{self._fingerprint}"


class SchemeAwareSessions(SecureCookieSessionInterface):
    """Marks the cookie Secure exactly when the request came over HTTPS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return the Secure flag for the present request."""
        return request.is_secure


def secret_key(config: Config) -> str:
    """Return the configured signing key, or one made on first start and kept readable to the owner only."""
    if config["secret_key"]:
        return config["secret_key"]
    path: Path = config.data_dir / "secret_key"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text("ascii")


def init_sessions(app: Flask, hub: Hub) -> None:
    """Set up the cookie, Flask-Login and the idle time-out."""
    app.session_interface = SchemeAwareSessions()
    app.config.update(
        SESSION_COOKIE_NAME="hotline_session", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax"
    )
    manager = LoginManager(app)
    manager.session_protection = "basic"

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(cookie_id: str) -> ConsoleUser | None:
        with hub.store.transaction() as uow:
            user = uow.user(cookie_id.partition("|")[0])
        if user is None or not may_log_in(hub, user):
            return None
        found = ConsoleUser(user)
        return found if secrets.compare_digest(found.get_id(), cookie_id) else None

    @manager.unauthorized_handler  # type: ignore[untyped-decorator]
    def ask_for_log_in() -> BaseResponse:
        return not_logged_in()

    @app.before_request
    def end_idle_session() -> BaseResponse | None:
        if request.endpoint in ("static", "health.healthz") or not current_user.is_authenticated:
            return None
        now = hub.clock()
        if idle_s(now) > session_limit_s(hub):
            with hub.store.transaction() as uow:
                uow.audit(current_user.id, "logout", current_user.id, "idle")
            end_session()
            return not_logged_in()
        if request.endpoint not in QUIET_ENDPOINTS:
            session["seen_at"] = now.isoformat()
        return None


def session_limit_s(hub: Hub) -> float:
    """Return the seconds after which an idle session ends."""
    return hub.config.number("session_minutes") * 60


def idle_s(now: datetime) -> float:
    """Return the seconds since the user of this session last did something."""
    seen_at = session.get("seen_at")
    return (now - datetime.fromisoformat(seen_at)).total_seconds() if seen_at else 0.0


def end_session() -> None:
    """Log out and forget everything but the language."""
    language = session.get("language")
    logout_user()
    session.clear()
    if language:
        session["language"] = language


def not_logged_in() -> BaseResponse:
    """Answer a request without a valid session: 401 as JSON for the API, else the log-in page."""
    if request.blueprint == "api":
        return error_response(401, "not_logged_in", "请先登录", found="没有登录或已超时", remedy="请重新登录")
    target = url_for("auth.login", next=request.full_path.rstrip("?") if request.method == "GET" else None)
    response: Response = current_app.make_response(redirect(target))
    return response


def mark_revealed(call_id: str) -> None:
    """Remember that this session may see a call unmasked."""
    session["revealed"] = [*[item for item in session.get("revealed", []) if item != call_id], call_id][-REVEALED_KEPT:]


def is_revealed(call_id: str) -> bool:
    """Say whether this session may see a call unmasked."""
    return call_id in session.get("revealed", [])
