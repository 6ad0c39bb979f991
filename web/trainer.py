"""The trainer's pages: queue, labelling, data sets, models. The browser code reads the rest from the API."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_login import login_required

from web.boot import boot_data
from web.context import hub
from web.roles import Permission, requires

blueprint = Blueprint("trainer", __name__, url_prefix="/train")


@blueprint.get("")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.TRAIN)
def queue() -> str:
    """The calls that wait for a label."""
    return render_template("app.html", page="train_queue", boot=boot_data())


@blueprint.get("/calls/<call_id>")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.TRAIN)
def label(call_id: str) -> str:
    """One call to label. Raises: NotFoundError."""
    with hub().store.transaction() as uow:
        uow.call(call_id)
    return render_template("app.html", page="train_label", boot={**boot_data(), "call_id": call_id})


@blueprint.get("/data")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.TRAIN)
def data() -> str:
    """Data sets, test sets, import, export, agreement."""
    return render_template("app.html", page="train_data", boot=boot_data())


@blueprint.get("/models")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.TRAIN)
def models() -> str:
    """Retraining, comparison, promotion."""
    return render_template("app.html", page="train_models", boot=boot_data())
