"""How often one peer may ask. Counted in this process, which serves all requests (gunicorn with one worker)."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from hotline.domain.integration import hash_secret
from web.context import hub

WRONG_KEYS = "30 per minute"
"""Refused keys that one address may try."""

limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="moving-window", headers_enabled=True)


def bearer_token() -> str:
    """Return the token of the `Authorization: Bearer` header, empty when there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def by_token() -> str:
    """Count by the whole token, so that nobody uses up the limit of a key whose secret he does not know."""
    token = bearer_token()
    return hash_secret(token)[:32] if token else get_remote_address()


def cti_rate() -> str:
    """Return the limit of an API key."""
    return hub().config["cti_rate"]


def refused(response: Response) -> bool:
    """Say whether an answer counts as a wrong key."""
    return response.status_code == 401


def init_limits(app: Flask) -> None:
    """Count the requests of an application."""
    limiter.init_app(app)
