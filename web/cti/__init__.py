"""The API of the telephone system (CTI), version 1: bearer keys with scopes, no cookies, one error shape.

`/api/cti/v1/openapi.json` describes it; the document is made from the same table that makes the routes.
"""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect

from web.limits import WRONG_KEYS, by_token, cti_rate, limiter, refused

PREFIX = "/api/cti/v1"

blueprint = Blueprint("cti", __name__, url_prefix=PREFIX)
limiter.limit(cti_rate, key_func=by_token)(blueprint)
limiter.limit(WRONG_KEYS, deduct_when=refused)(blueprint)


def init_cti(app: Flask, csrf: CSRFProtect) -> None:
    """Serve the API. It takes no cookie, so a foreign page can do nothing with it and no CSRF token is needed."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)


from web.cti import calls, document, webhooks  # noqa: E402,F401  (routes)
