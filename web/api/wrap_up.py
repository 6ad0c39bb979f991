"""The operator's account of a finished call, and the draft that the call's own facts give."""

from __future__ import annotations

from dataclasses import asdict

from flask import jsonify
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline.domain.call import Disposition
from hotline.domain.wrap_up import SideCode
from hotline.views import wrap_up_view
from hotline.wrapping_up import draft_wrap_up, parse_wrap_up, save_wrap_up
from web.api import blueprint, body
from web.context import hub
from web.roles import Permission, requires


@blueprint.get("/calls/<call_id>/wrap-up")
@requires(Permission.WORK_CALLS)
def get_wrap_up(call_id: str) -> Response:
    """What was saved, and a draft: each clause with where it comes from."""
    with hub().store.transaction() as uow:
        stored = uow.wrap_up(call_id)
    money, clauses = draft_wrap_up(hub(), call_id)
    return jsonify(
        {
            "wrap_up": wrap_up_view(stored) if stored else None,
            "money": asdict(money),
            "clauses": [asdict(clause) for clause in clauses],
            "dispositions": list(Disposition),
            "side_codes": list(SideCode),
        }
    )


@blueprint.post("/calls/<call_id>/wrap-up")
@requires(Permission.WORK_CALLS)
def post_wrap_up(call_id: str) -> tuple[Response, int]:
    """Save the account; saving again replaces it, and both stay stored."""
    saved = save_wrap_up(hub(), parse_wrap_up(hub(), call_id, current_user.id, body()))
    return jsonify({"wrap_up": wrap_up_view(saved)}), 201
