"""What an operator does on a call: end, answer, correct, note, type."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline import commands, handlers, swapping
from hotline.domain.segment import Channel
from hotline.errors import InputError
from hotline.views import call_view, mask_call, segment_view
from web.api import blueprint, body, text_of
from web.context import hub
from web.roles import Permission, requires


@blueprint.post("/calls/<call_id>/end")
@requires(Permission.WORK_CALLS)
def end_call(call_id: str) -> Response:
    """End a live call."""
    hub().live.end(call_id, current_user.id)
    return jsonify({"ended": call_id})


@blueprint.post("/calls/<call_id>/facts")
@requires(Permission.WORK_CALLS)
def answer_facts(call_id: str) -> Response:
    """Answer the two safety questions; null takes an answer back."""
    data = body()
    command = commands.AnswerFacts(
        call_id, current_user.id, _answer(data, "money_gone"), _answer(data, "being_coached")
    )
    return jsonify({"call": mask_call(call_view(handlers.answer_facts(hub(), command)))})


@blueprint.post("/calls/<call_id>/label")
@requires(Permission.WORK_CALLS)
def correct_label(call_id: str) -> Response:
    """Correct the scam type."""
    command = commands.CorrectLabel(call_id, current_user.id, text_of(body(), "label"))
    return jsonify({"call": mask_call(call_view(handlers.correct_label(hub(), command)))})


@blueprint.post("/calls/<call_id>/swap")
@requires(Permission.SWAP_CHANNELS)
def swap_channels(call_id: str) -> Response:
    """Make the operator's words the caller's and the other way round, on a finished call."""
    call = swapping.swap_channels(hub(), commands.SwapChannels(call_id, current_user.id))
    return jsonify({"call": mask_call(call_view(call))})


@blueprint.post("/calls/<call_id>/note")
@requires(Permission.WORK_CALLS)
def add_note(call_id: str) -> tuple[Response, int]:
    """Append a line to the note."""
    handlers.add_note(hub(), commands.AddNote(call_id, current_user.id, text_of(body(), "text")))
    return jsonify({"added": True}), 201


@blueprint.post("/calls/<call_id>/segments")
@requires(Permission.WORK_CALLS)
def type_segment(call_id: str) -> tuple[Response, int]:
    """Store a line that the operator typed; it is classified and searched for entities like speech."""
    data = body()
    channel = text_of(data, "channel")
    if channel not in list(Channel):
        raise InputError("没有这一方", expected="operator 或 caller", found=channel[:20], remedy="请选择说话人")
    command = commands.TypeSegment(call_id, current_user.id, channel, text_of(data, "text"))
    return jsonify({"segment": segment_view(handlers.type_segment(hub(), command))}), 201


def _answer(data: dict[str, Any], name: str) -> bool | None:
    value = data.get(name)
    if value is not None and not isinstance(value, bool):
        raise InputError(
            "回答不对", expected=f"{name}：true、false 或 null", found=type(value).__name__, remedy="请重新选择"
        )
    return value
