"""The board of live calls; its stream is with the other streams."""

from __future__ import annotations

from flask import jsonify
from werkzeug.wrappers import Response

from hotline.queries import board
from web.api import blueprint
from web.api.calls import with_operator
from web.context import display_names, hub
from web.roles import Permission, requires


@blueprint.get("/board")
@requires(Permission.WATCH_BOARD)
def get_board() -> Response:
    """All live calls."""
    names = display_names()
    return jsonify({"calls": [with_operator(row, names) for row in board(hub())]})
