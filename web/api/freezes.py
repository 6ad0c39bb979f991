"""Payment-stop requests. The browser makes the request id, so a repeated click is one request."""

from __future__ import annotations

import re
from typing import Any

from flask import jsonify
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline import commands, handlers
from hotline.domain.freeze import FreezeFields
from hotline.errors import InputError
from hotline.views import freeze_view
from web.api import blueprint, body, text_of
from web.context import hub
from web.roles import Permission, requires

REQUEST_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@blueprint.post("/freezes")
@requires(Permission.SEND_FREEZE)
def post_freeze() -> tuple[Response, int]:
    """Commit a request; it is sent at once. Sending it again with the same id changes nothing."""
    data = body()
    call_id = data.get("call_id")
    command = commands.RequestFreeze(
        _request_id(data), str(call_id) if call_id else None, current_user.id, _fields(data)
    )
    return jsonify({"freeze": freeze_view(handlers.request_freeze(hub(), command))}), 201


@blueprint.post("/freezes/<replaced_id>/amend")
@requires(Permission.SEND_FREEZE)
def amend_freeze(replaced_id: str) -> tuple[Response, int]:
    """Send a corrected request in place of one that did not match."""
    data = body()
    command = commands.AmendFreeze(_request_id(data), replaced_id, current_user.id, _fields(data))
    return jsonify({"freeze": freeze_view(handlers.amend_freeze(hub(), command))}), 201


@blueprint.post("/freezes/<request_id>/retry")
@requires(Permission.SEND_FREEZE)
def retry_freeze(request_id: str) -> Response:
    """Send a request again that was given up after repeated transport failures."""
    return jsonify({"freeze": freeze_view(handlers.retry_freeze(hub(), request_id, current_user.id))})


def _request_id(data: dict[str, Any]) -> str:
    request_id = text_of(data, "request_id")
    if not REQUEST_ID.fullmatch(request_id):
        raise InputError("申请编号不对", expected="UUID 第 4 版", found="其他格式", remedy="请刷新页面后重试")
    return request_id


def _fields(data: dict[str, Any]) -> FreezeFields:
    fields = data.get("fields")
    if not isinstance(fields, dict):
        raise InputError("请求格式不对", expected="fields：JSON 对象", found=type(fields).__name__, remedy="请刷新页面")
    return handlers.parse_freeze_fields(fields)
