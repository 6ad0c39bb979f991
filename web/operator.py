"""The operator's pages: the list of calls and the call. The browser code reads the rest from the API."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_login import login_required

from web.boot import boot_data
from web.context import hub
from web.roles import Permission, requires

blueprint = Blueprint("operator", __name__)


@blueprint.get("/calls")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.VIEW_CALLS)
def calls() -> str:
    """Live and recent calls."""
    return render_template("app.html", page="calls", boot=boot_data())


@blueprint.get("/calls/<call_id>")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.VIEW_CALLS)
def call(call_id: str) -> str:
    """One call. Raises: NotFoundError."""
    with hub().store.transaction() as uow:
        uow.call(call_id)
    return render_template("app.html", page="call", boot={**boot_data(), "call_id": call_id})


@blueprint.get("/uploads")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.HAND_IN)
def uploads() -> str:
    """Recordings handed in, single or many."""
    return render_template("app.html", page="uploads", boot=boot_data())
