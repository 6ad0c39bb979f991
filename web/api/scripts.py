"""Persuasion script cards for the present state of a call."""

from __future__ import annotations

from dataclasses import asdict

from flask import jsonify, request
from werkzeug.wrappers import Response

from web.api import blueprint
from web.context import hub
from web.roles import Permission, requires

ANSWERS = {"true": True, "false": False}


@blueprint.get("/scripts")
@requires(Permission.VIEW_CALLS)
def get_scripts() -> Response:
    """Cards in the order in which an operator should say them now."""
    asked = request.args
    cards = hub().scripts.cards(
        asked.get("label") or None,
        asked.get("stage") or None,
        ANSWERS.get(asked.get("money_gone", "")),
        ANSWERS.get(asked.get("being_coached", "")),
    )
    return jsonify({"cards": [asdict(card) for card in cards]})
