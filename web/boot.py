"""What the browser code of every page needs before its first request."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from hotline.taxonomy import load_taxonomy
from web.context import hub
from web.i18n import current_language
from web.roles import ROLES
from web.security import style_nonce
from web.sessions import session_limit_s


def boot_data() -> dict[str, Any]:
    """Return what the browser code needs before its first request."""
    center = hub()
    types = load_taxonomy().types
    return {
        "language": current_language(),
        "csrf_token": generate_csrf(),
        "style_nonce": style_nonce(),
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
