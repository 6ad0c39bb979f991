"""The operator console: log-in, pages, JSON API and live streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from hotline.browser_audio import BrowserLines
from hotline.hub import Hub
from web import admin, api, auth, health, integrations, operator, supervisor, trainer
from web.access import init_access
from web.accounts import ensure_demo_users
from web.api.microphone import init_sockets
from web.cti import init_cti
from web.errors import init_errors
from web.i18n import init_i18n
from web.limits import init_limits
from web.navigation import init_navigation
from web.roles import init_roles
from web.security import init_security
from web.sessions import init_sessions, secret_key
from web.streams import StreamSlots
from web.uploads import Uploads

THREADS_KEPT_FREE = 8
"""Web threads that live streams may not take, so that clicks are always served."""


def create_app(hub: Hub, test_config: Mapping[str, Any] | None = None) -> Flask:
    """Return the console of a hub. `test_config` overrides Flask settings."""
    app = Flask(__name__)
    app.secret_key = secret_key(hub.config)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["hub"] = hub
    app.extensions["stream_slots"] = StreamSlots(max(hub.config.integer("web_threads") - THREADS_KEPT_FREE, 1))
    app.extensions["browser_lines"] = BrowserLines(hub.switchboard, hub.config.number("microphone_linger_s"))
    app.extensions["uploads"] = Uploads(hub.config.data_dir / "uploads")
    csrf = init_security(app)
    init_sessions(app, hub)
    init_errors(app)
    init_i18n(app)
    init_roles(app)
    init_access(app)
    init_navigation(app)
    init_limits(app)
    init_sockets(app)
    if test_config:
        app.config.update(test_config)
    for part in (auth, operator, supervisor, trainer, admin, integrations, api, health):
        app.register_blueprint(part.blueprint)
    init_cti(app, csrf)
    if hub.config["demo"] == "1":
        ensure_demo_users(hub)
    return app
