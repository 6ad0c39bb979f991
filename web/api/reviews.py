"""A finished call under review: correct words, check quality, send to the trainer."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline import commands, reviewing
from hotline.domain.review import Answer
from hotline.errors import InputError, PermissionDenied
from hotline.review_queries import quality_view, review
from web.api import blueprint, body, text_of
from web.api.calls import with_operator
from web.context import display_names, hub
from web.roles import Permission, requires
from web.sessions import is_revealed


@blueprint.get("/calls/<call_id>/review")
@requires(Permission.REVIEW_CALLS)
def get_review(call_id: str) -> Response:
    """The call with its words' times, corrections, checks and hints; unmasked only where it was revealed."""
    return jsonify(_review(call_id))


@blueprint.post("/calls/<call_id>/segments/<segment_id>/correct")
@requires(Permission.REVIEW_CALLS)
def correct_segment(call_id: str, segment_id: str) -> Response:
    """Correct the words and the speaker of a line; the line must have been seen unmasked."""
    if not is_revealed(call_id):
        raise PermissionDenied(
            "请先显示完整信息再更正", expected="已记录查看理由", found="仍为掩码", remedy="请点“显示全号”"
        )
    data = body()
    command = commands.CorrectSegment(
        call_id, segment_id, current_user.id, text_of(data, "text"), text_of(data, "channel")
    )
    reviewing.correct_segment(hub(), command)
    return jsonify(_review(call_id))


@blueprint.post("/calls/<call_id>/quality")
@requires(Permission.REVIEW_CALLS)
def check_quality(call_id: str) -> tuple[Response, int]:
    """Store the answers to the checklist."""
    data = body()
    command = commands.CheckQuality(call_id, current_user.id, _answers(data), text_of(data, "comment"))
    return jsonify({"quality": quality_view(hub(), reviewing.check_quality(hub(), command))}), 201


@blueprint.post("/calls/<call_id>/to-trainer")
@requires(Permission.REVIEW_CALLS)
def send_to_trainer(call_id: str) -> tuple[Response, int]:
    """Ask a trainer to look at the call."""
    command = commands.SendToTrainer(call_id, current_user.id, text_of(body(), "comment"))
    mark = reviewing.send_to_trainer(hub(), command)
    return jsonify({"trainer_mark": {"by": mark.by, "at": mark.at.isoformat(), "comment": mark.comment}}), 201


def _review(call_id: str) -> dict[str, Any]:
    revealed = is_revealed(call_id)
    names = display_names()
    found = review(hub(), call_id, masked=not revealed)
    return {**found, "call": with_operator(found["call"], names), "names": names, "revealed": revealed}


def _answers(data: dict[str, Any]) -> dict[str, Answer]:
    answers = data.get("answers")
    if not isinstance(answers, dict):
        raise InputError("质检表不对", expected="answers：JSON 对象", found=type(answers).__name__, remedy="请刷新页面")
    try:
        return {str(item): Answer(answer) for item, answer in answers.items()}
    except ValueError:
        raise InputError("质检回答不对", expected="yes、no 或 na", found="其他", remedy="请重新选择") from None
