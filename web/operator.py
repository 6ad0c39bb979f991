"""The operator's pages: the list of calls and the call. The browser code reads the rest from the API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask_login import current_user, login_required
from flask_wtf.csrf import generate_csrf

from hotline.taxonomy import load_taxonomy
from web.context import hub
from web.i18n import current_language
from web.roles import ROLES, Permission, requires
from web.sessions import session_limit_s

blueprint = Blueprint("operator", __name__)


@blueprint.get("/calls")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.VIEW_CALLS)
def calls() -> str:
    """Live and recent calls."""
    return render_template("app.html", page="calls", boot=_boot())


@blueprint.get("/calls/<call_id>")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.VIEW_CALLS)
def call(call_id: str) -> str:
    """One call. Raises: NotFoundError."""
    with hub().store.transaction() as uow:
        uow.call(call_id)
    return render_template("app.html", page="call", boot={**_boot(), "call_id": call_id})


def _boot() -> dict[str, Any]:
    """Return what the browser code needs before its first request."""
    center = hub()
    types = load_taxonomy().types
    return {
        "language": current_language(),
        "csrf_token": generate_csrf(),
        "user": {"id": current_user.id, "name": current_user.display_name, "role": current_user.role},
        "permissions": sorted(ROLES[current_user.role]),
        "demo": center.config["demo"] == "1",
        "idle_limit_s": session_limit_s(center),
        "login_url": url_for("auth.login"),
        "scam_types": [
            {"code": t.code, "name": t.name, "name_en": t.name_en, "definition": t.definition} for t in types
        ],
        "recognizer": {
            "state": "ok" if center.recognizer else "off",
            "engine": center.recognizer_info.engine,
            "model": center.recognizer_info.model,
            "reason": center.recognizer_info.reason,
        },
        "classifier": {
            "state": "ok" if center.classifier else "unavailable",
            "version": center.classifier.version if center.classifier else "",
            "reason": center.classifier_reason,
        },
    }
