"""The supervisor's pages. The browser code reads the rest from the API."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_login import login_required

from hotline.domain.call import Disposition
from web.boot import boot_data
from web.context import display_names, hub
from web.roles import Permission, requires

blueprint = Blueprint("supervisor", __name__)


@blueprint.get("/archive")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.SEARCH_CALLS)
def archive() -> str:
    """All calls, by their facts and by what was said."""
    choices = {"operators": display_names(), "dispositions": list(Disposition)}
    return render_template("app.html", page="archive", boot={**boot_data(), **choices})


@blueprint.get("/board")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.WATCH_BOARD)
def board() -> str:
    """All live calls, the most urgent first."""
    return render_template("app.html", page="board", boot=boot_data())


@blueprint.get("/calls/<call_id>/review")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.REVIEW_CALLS)
def review(call_id: str) -> str:
    """One finished call: hear, correct, check. Raises: NotFoundError."""
    with hub().store.transaction() as uow:
        uow.call(call_id)
    return render_template("app.html", page="review", boot={**boot_data(), "call_id": call_id})


@blueprint.get("/freezes")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.REVIEW_FREEZES)
def freezes() -> str:
    """Payment-stop requests that wait for a second person."""
    return render_template("app.html", page="freezes", boot=boot_data())


@blueprint.get("/reports")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.SEE_REPORTS)
def reports() -> str:
    """Day and month reports."""
    return render_template("app.html", page="reports", boot=boot_data())
