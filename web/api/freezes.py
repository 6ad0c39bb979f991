"""Payment-stop requests. The browser makes the request id, so a repeated click is one request."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

from flask import jsonify
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline import commands, freeze_approval, handlers
from hotline.domain.freeze import FreezeFields
from hotline.errors import InputError
from hotline.review_queries import freeze_in_full, waiting_freezes
from hotline.views import freeze_view, mask_freeze
from web.api import blueprint, body, text_of
from web.api.calls import with_operator
from web.context import display_names, hub
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


@blueprint.get("/freezes/waiting")
@requires(Permission.REVIEW_FREEZES)
def get_waiting_freezes() -> Response:
    """The requests that wait for a second person, oldest first, masked."""
    names = display_names()
    rows = [
        {**row, "maker": names.get(row["created_by"], ""), "own": row["created_by"] == current_user.id}
        for row in waiting_freezes(hub())
    ]
    return jsonify({"freezes": rows})


@blueprint.get("/freezes/<request_id>")
@requires(Permission.REVIEW_FREEZES)
def get_freeze(request_id: str) -> Response:
    """A whole request, unmasked; each view is audited."""
    found = freeze_in_full(hub(), request_id)
    with hub().store.transaction() as uow:
        uow.audit(current_user.id, "freeze.view", request_id)
    names = display_names()
    maker = found["freeze"]["created_by"]
    call = with_operator(found["call"], names) if found["call"] else None
    return jsonify(
        {**found, "call": call, "maker": names.get(maker, ""), "own": maker == current_user.id, "names": names}
    )


@blueprint.post("/freezes/<request_id>/decision")
@requires(Permission.REVIEW_FREEZES)
def decide_freeze(request_id: str) -> Response:
    """Let another person's request go out, or send it back with a reason."""
    data = body()
    approved = data.get("approved")
    if not isinstance(approved, bool):
        raise InputError("请求格式不对", expected="approved：true 或 false", found="其他", remedy="请刷新页面")
    command = commands.DecideFreeze(request_id, current_user.id, approved, text_of(data, "reason"))
    return jsonify({"freeze": mask_freeze(freeze_view(freeze_approval.decide_freeze(hub(), command)))})


def _request_id(data: dict[str, Any]) -> str:
    request_id = text_of(data, "request_id")
    if not REQUEST_ID.fullmatch(request_id):
        raise InputError("申请编号不对", expected="UUID 第 4 版", found="其他格式", remedy="请刷新页面后重试")
    return request_id


def _fields(data: dict[str, Any]) -> FreezeFields:
    fields = data.get("fields")
    if not isinstance(fields, dict):
        raise InputError("请求格式不对", expected="fields：JSON 对象", found=type(fields).__name__, remedy="请刷新页面")
    return handlers.parse_freeze_fields(fields, ZoneInfo(hub().config["time_zone"]))
