"""The trainer's work on calls: queue, labelling, undo, agreement."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline.domain.labels import CallLabel, EvidenceMark, QueueRow
from hotline.errors import InputError
from hotline.labelling import call_to_label, label_queue, label_view, save_label, undo_label
from hotline.retraining import order_agreement
from web.api import blueprint, body
from web.api.jobs import job_view
from web.context import display_names, hub
from web.roles import Permission, requires

MOST_ROWS = 200


@blueprint.get("/train/queue")
@requires(Permission.TRAIN)
def get_queue() -> Response:
    """The calls that this trainer is asked to label, in order, each with its reason."""
    rows = label_queue(hub(), current_user.id)
    names = display_names()
    with hub().store.transaction() as uow:
        labels = uow.labels()
    done = [label for label in labels if label.origin != "prelabel"]
    counts = {
        "waiting": len(rows),
        "mine": sum(label.user_id == current_user.id for label in done),
        "all": len({label.call_id for label in done}),
    }
    return jsonify({"rows": [_row_view(row, names) for row in rows[:MOST_ROWS]], "counts": counts})


@blueprint.get("/train/calls/<call_id>")
@requires(Permission.TRAIN)
def get_call_to_label(call_id: str) -> Response:
    """A call with its text and what is proposed, masked; the view is audited."""
    return jsonify(call_to_label(hub(), call_id, current_user.id))


@blueprint.post("/train/calls/<call_id>/label")
@requires(Permission.TRAIN)
def post_label(call_id: str) -> tuple[Response, int]:
    """Store this trainer's label."""
    stored = save_label(hub(), _label(call_id, body()))
    return jsonify({"label": label_view(stored)}), 201


@blueprint.post("/train/undo")
@requires(Permission.TRAIN)
def post_undo() -> Response:
    """Take back this trainer's last label; the call is in the queue again."""
    return jsonify({"call_id": undo_label(hub(), current_user.id).call_id})


@blueprint.post("/train/agreement")
@requires(Permission.TRAIN)
def post_agreement() -> Response:
    """The job that measures how far two trainers agree; it is started where labels have changed."""
    return jsonify({"job": job_view(order_agreement(hub(), current_user.id))})


def _row_view(row: QueueRow, names: dict[str, str]) -> dict[str, Any]:
    call = row.candidate
    return {
        "call_id": call.call_id,
        "reason": row.reason,
        "started_at": call.started_at.isoformat(),
        "duration_s": call.duration_s,
        "operator_name": names.get(call.operator_id or "", ""),
        "model_label": call.model_label,
        "model_version": call.model_version,
        "probability": call.probability,
        "corrected_label": call.corrected_label,
        "sent_note": call.sent_note,
    }


def _label(call_id: str, data: dict[str, Any]) -> CallLabel:
    return CallLabel(
        call_id=call_id,
        user_id=current_user.id,
        label=_optional(data, "label", str),
        stage=_optional(data, "stage", str),
        money_gone=_optional(data, "money_gone", bool),
        coached=_optional(data, "coached", bool),
        evidence=tuple(_mark(mark) for mark in _optional(data, "evidence", list) or []),
        unsure=bool(data.get("unsure")),
        new_type=(_optional(data, "new_type", str) or "").strip(),
    )


def _optional(data: dict[str, Any], name: str, kind: type) -> Any:
    value = data.get(name)
    if value is not None and not isinstance(value, kind):
        raise InputError(
            "标注格式不对", expected=f"{name}：{kind.__name__}", found=type(value).__name__, remedy="请刷新页面后重试"
        )
    return value


def _mark(mark: Any) -> EvidenceMark:
    try:
        return EvidenceMark(str(mark["segment_id"]), int(mark["start"]), int(mark["end"]), "")
    except (KeyError, TypeError, ValueError):
        raise InputError(
            "依据格式不对", expected="segment_id、start、end", found="缺少或不是数字", remedy="请刷新页面后重试"
        ) from None
