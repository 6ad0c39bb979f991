"""The second transcription of a call: how far it is, making it again, both versions side by side."""

from __future__ import annotations

from flask import jsonify
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline.second_pass import order_second_pass
from hotline.second_pass_view import differences, second_pass_status
from web.api import blueprint
from web.context import hub
from web.roles import Permission, requires
from web.sessions import is_revealed


@blueprint.get("/calls/<call_id>/second-pass")
@requires(Permission.VIEW_CALLS)
def get_second_pass(call_id: str) -> Response:
    """How far the second transcription is."""
    return jsonify(second_pass_status(hub(), call_id))


@blueprint.post("/calls/<call_id>/second-pass")
@requires(Permission.REVIEW_CALLS)
def post_second_pass(call_id: str) -> tuple[Response, int]:
    """Transcribe the recording again."""
    order_second_pass(hub(), call_id, current_user.id)
    return jsonify(second_pass_status(hub(), call_id)), 201


@blueprint.get("/calls/<call_id>/second-pass/differences")
@requires(Permission.REVIEW_CALLS)
def get_differences(call_id: str) -> Response:
    """Both versions side by side, masked unless this session has revealed the call."""
    return jsonify(differences(hub(), call_id, masked=not is_revealed(call_id)))
