"""Calls: list, snapshot, start, reveal."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline import commands, handlers
from hotline.domain.call import Call
from hotline.errors import InputError, PermissionDenied
from hotline.queries import freeze_draft, list_calls, snapshot
from hotline.views import call_view, mask_call
from web.access import own_calls
from web.api import blueprint, body, text_of
from web.context import display_names, hub, uploads
from web.roles import Permission, requires
from web.security import takes_files
from web.sessions import is_revealed, mark_revealed
from web.uploads import MAX_UPLOAD_BYTES

REASON_LENGTH = 40


def with_operator(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Add the operator's display name to the view of a call."""
    return {**row, "operator_name": names.get(row["operator_id"], "")}


def call_snapshot(call_id: str) -> dict[str, Any]:
    """Return the snapshot of a call, unmasked only where this session has revealed it."""
    revealed = is_revealed(call_id)
    result = snapshot(hub(), call_id, masked=not revealed)
    return {**result, "call": with_operator(result["call"], display_names()), "revealed": revealed}


@blueprint.get("/calls")
@requires(Permission.VIEW_CALLS)
def get_calls() -> Response:
    """Live and recent calls, newest first."""
    names = display_names()
    return jsonify({"calls": [with_operator(row, names) for row in list_calls(hub(), **own_calls())]})


@blueprint.get("/calls/<call_id>")
@requires(Permission.VIEW_CALLS)
def get_call(call_id: str) -> Response:
    """All that a call page shows, and `last_seq` from which the stream goes on."""
    return jsonify(call_snapshot(call_id))


@blueprint.post("/calls")
@takes_files(lambda: MAX_UPLOAD_BYTES)
@requires(Permission.WORK_CALLS)
def post_call() -> tuple[Response, int]:
    """Open a call: an uploaded file (multipart), the sample, a microphone, or by hand without audio."""
    if request.mimetype == "multipart/form-data":
        call = _play_upload()
    else:
        call = _start(body())
    return jsonify({"call": with_operator(mask_call(call_view(call)), display_names())}), 201


@blueprint.post("/calls/<call_id>/reveal")
@requires(Permission.REVEAL)
def reveal(call_id: str) -> Response:
    """Show personal data of a call to this session; the reason is written to the audit trail."""
    reason = text_of(body(), "reason").strip()
    if not 0 < len(reason) <= REASON_LENGTH:
        raise InputError(
            "请填写查看理由", expected=f"1 到 {REASON_LENGTH} 字", found=f"{len(reason)} 字", remedy="请修改"
        )
    with hub().store.transaction() as uow:
        uow.audit(current_user.id, "call.reveal", uow.call(call_id).id, reason)
    mark_revealed(call_id)
    return jsonify(call_snapshot(call_id))


@blueprint.get("/calls/<call_id>/freeze-draft")
@requires(Permission.SEND_FREEZE)
def get_freeze_draft(call_id: str) -> Response:
    """The freeze form as heard so far, unmasked; the call must have been revealed."""
    if not is_revealed(call_id):
        raise PermissionDenied(
            "请先申请查看完整信息", expected="已记录查看理由", found="未记录", remedy="请重新打开止付申请"
        )
    return jsonify({"fields": freeze_draft(hub(), call_id)})


def _start(data: dict[str, Any]) -> Call:
    live, operator_id, source = hub().live, current_user.id, data.get("source")
    if source == "sample":
        return live.start_sample(operator_id)
    if source == "microphone":
        backend, device = str(data.get("backend") or "sounddevice"), data.get("device")
        return live.start_microphone(backend=backend, device=str(device) if device else None, operator_id=operator_id)
    if source == "browser":
        call = handlers.start_call(hub(), commands.StartCall("browser", operator_id))
        hub().switchboard.expect(call)
        return call
    if source == "manual":
        number = str(data.get("caller_number") or "")[:32]
        return handlers.start_call(hub(), commands.StartCall("manual", operator_id, number))
    raise InputError(
        "没有这种来源",
        expected="sample、browser、microphone、manual 或上传文件",
        found=str(source)[:20],
        remedy="请重选",
    )


def _play_upload() -> Call:
    upload = request.files.get("file")
    if upload is None:
        raise InputError("没有选择文件", expected="一个音频文件", found="空", remedy="请选择文件后再提交")
    realtime = request.form.get("realtime", "1") == "1"
    return uploads().play(hub().live, upload, realtime=realtime, operator_id=current_user.id)
