"""One error shape for the API and one page for people."""

from __future__ import annotations

import logging
import traceback

from flask import Flask, Response, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from hotline.errors import (
    CapacityError,
    ConfigError,
    ExternalError,
    HotlineError,
    InputError,
    NotFoundError,
    PermissionDenied,
    StateError,
)

log = logging.getLogger(__name__)

STATUS: tuple[tuple[type[HotlineError], int, str], ...] = (
    (NotFoundError, 404, "not_found"),
    (StateError, 409, "state"),
    (InputError, 400, "input"),
    (PermissionDenied, 403, "permission"),
    (CapacityError, 503, "capacity"),
    (ExternalError, 502, "external"),
    (ConfigError, 500, "config"),
    (HotlineError, 500, "internal"),
)
"""HTTP status and code of each branch of the error tree; the first match counts."""


def error_body(error: HotlineError) -> dict[str, str]:
    """Return an error as the API shows it."""
    code = next(code for kind, _, code in STATUS if isinstance(error, kind))
    parts = {"message": error.message, "expected": error.expected, "found": error.found, "remedy": error.remedy}
    return {"code": code, **parts}


def error_response(
    status: int, code: str, message: str, *, expected: str = "", found: str = "", remedy: str = ""
) -> Response:
    """Return the API's one error shape."""
    error = HotlineError(message, expected=expected, found=found, remedy=remedy)
    response = jsonify({"error": {**error_body(error), "code": code}})
    response.status_code = status
    return response


def init_errors(app: Flask) -> None:
    """Answer every failure in the API's shape or with the error page."""

    @app.errorhandler(HotlineError)
    def on_hotline_error(error: HotlineError) -> BaseResponse:
        status, code = next((status, code) for kind, status, code in STATUS if isinstance(error, kind))
        return _answer(status, code, error)

    @app.errorhandler(CSRFError)
    def on_csrf_error(_: CSRFError) -> BaseResponse:
        return _answer(400, "csrf", InputError("页面已过期", expected="有效的页面令牌", remedy="请刷新页面后重试"))

    @app.errorhandler(HTTPException)
    def on_http_error(error: HTTPException) -> BaseResponse:
        status = error.code or 500
        if status == 404:
            return _answer(404, "not_found", NotFoundError("没有这个页面", remedy="请检查地址"))
        if status == 413:
            return _answer(413, "too_large", InputError("内容过大", remedy="请缩小后再提交"))
        if status == 429:
            return _answer(429, "too_many", CapacityError("请求过于频繁", remedy="请稍后再试"))
        return _answer(status, f"http_{status}", HotlineError(error.name))

    @app.errorhandler(Exception)
    def on_bug(error: Exception) -> BaseResponse:
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        where = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
        log.error("request failed: %s at %s", type(error).__name__, where, extra={"endpoint": request.endpoint})
        return _answer(500, "internal", HotlineError("系统内部错误", remedy="请重试；仍不行请联系管理员"))


def _answer(status: int, code: str, error: HotlineError) -> BaseResponse:
    if request.path.startswith("/api/"):
        return error_response(
            status, code, error.message, expected=error.expected, found=error.found, remedy=error.remedy
        )
    return Response(render_template("error.html", status=status, error=error), status)
