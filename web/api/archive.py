"""Search in all calls. The search is a POST so that what is looked for stays out of addresses and logs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import jsonify
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline.errors import InputError
from hotline.queries import find_calls
from hotline.search_ports import CallFilter
from web.api import blueprint, body
from web.api.calls import with_operator
from web.context import display_names, hub
from web.roles import Permission, requires

PAGE = 50


@blueprint.post("/archive")
@requires(Permission.SEARCH_CALLS)
def search() -> Response:
    """Calls that fit the filter, newest first, with the segments in which the text was said, all masked."""
    data = body()
    wanted = call_filter(data)
    if wanted.text:
        with hub().store.transaction() as uow:
            uow.audit(current_user.id, "calls.search", "archive", f"{len(wanted.text)} characters")
    found, cursor = find_calls(hub(), wanted, PAGE, _text(data, "cursor"))
    names = display_names()
    return jsonify({"calls": [with_operator(row, names) for row in found], "cursor": cursor})


def call_filter(data: dict[str, Any]) -> CallFilter:
    """Return the filter that a request describes. Days are the user's own, `until` included. Raises: InputError."""
    until = _moment(data, "until")
    return CallFilter(
        text=_text(data, "text").strip(),
        since=_moment(data, "since"),
        until=until + timedelta(days=1) if until else None,
        label=_text(data, "label"),
        risk=_text(data, "risk"),
        operator_id=_text(data, "operator_id"),
        disposition=_text(data, "disposition"),
        amount_yuan_from=_whole(data, "amount_yuan_from", 10**12),
    )


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name) or ""
    if not isinstance(value, str):
        raise InputError(
            "搜索条件不对", expected=f"{name}：文字", found=type(value).__name__, remedy="请刷新页面后重试"
        )
    return value[:200]


def _whole(data: dict[str, Any], name: str, most: int) -> int | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise InputError("搜索条件不对", expected=f"{name}：0 到 {most} 的整数", found=str(value)[:20], remedy="请改正")
    return value


def _moment(data: dict[str, Any], name: str) -> datetime | None:
    value = _text(data, name)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
    except ValueError:
        raise InputError(
            "日期不对", expected="2026-11-24T00:00:00+08:00", found=value[:30], remedy="请重新选择日期"
        ) from None
    return moment
