"""The JSON API, version 1: session log-in, CSRF token in `X-CSRFToken`, one error shape."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline.errors import InputError
from web.sessions import not_logged_in

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.before_request
def require_log_in() -> Response | None:
    """Refuse everything to strangers."""
    return None if current_user.is_authenticated else not_logged_in()


def body() -> dict[str, Any]:
    """Return the request's JSON object. Raises: InputError."""
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise InputError("请求格式不对", expected="一个 JSON 对象", found="无法解析", remedy="请刷新页面后重试")
    return data


def text_of(data: dict[str, Any], name: str) -> str:
    """Return a text value of a JSON object. Raises: InputError when it is missing or not text."""
    value = data.get(name)
    if not isinstance(value, str):
        raise InputError(
            "请求格式不对", expected=f"{name}：文字", found=type(value).__name__, remedy="请刷新页面后重试"
        )
    return value


from web.api import (  # noqa: E402,F401  (routes)
    archive,
    audio,
    board,
    calls,
    commands,
    datasets,
    freezes,
    jobs,
    labels,
    microphone,
    models,
    reports,
    reviews,
    scripts,
    second_pass,
    session,
    streams,
    uploads,
    wrap_up,
)
