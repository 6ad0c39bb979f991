"""The log-in session as the page sees it."""

from __future__ import annotations

from flask import jsonify
from werkzeug.wrappers import Response

from web.api import blueprint
from web.context import hub
from web.sessions import session_limit_s


@blueprint.post("/session/touch")
def touch() -> Response:
    """Keep the session alive: sent while somebody uses a page, and during his live call."""
    return jsonify({"idle_limit_s": session_limit_s(hub())})
