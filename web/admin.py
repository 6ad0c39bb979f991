"""Accounts: who may log in, with which role."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from hotline.errors import HotlineError
from web import accounts
from web.context import hub
from web.roles import ROLES, Permission, requires

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.get("/users")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_USERS)
def users() -> str:
    """All accounts."""
    return _page(None)


@blueprint.post("/users")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_USERS)
def create() -> Response | tuple[str, int]:
    """Make an account."""
    form = request.form
    try:
        accounts.create_user(
            hub(),
            current_user.id,
            form.get("username", ""),
            form.get("display_name", ""),
            form.get("role", ""),
            form.get("password", ""),
        )
    except HotlineError as error:
        return _page(error), 400
    return redirect(url_for("admin.users"))


@blueprint.post("/users/<user_id>/active")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_USERS)
def set_active(user_id: str) -> Response | tuple[str, int]:
    """Enable or disable an account; enabling unlocks it."""
    try:
        accounts.set_active(hub(), current_user.id, user_id, request.form.get("active") == "1")
    except HotlineError as error:
        return _page(error), 400
    return redirect(url_for("admin.users"))


@blueprint.post("/users/<user_id>/password")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_USERS)
def set_password(user_id: str) -> Response | tuple[str, int]:
    """Give an account a new password."""
    try:
        accounts.set_password(hub(), current_user.id, user_id, request.form.get("password", ""))
    except HotlineError as error:
        return _page(error), 400
    return redirect(url_for("admin.users"))


def _page(error: HotlineError | None) -> str:
    with hub().store.transaction() as uow:
        found = uow.users()
    return render_template("users.html", page="users", users=found, roles=list(ROLES), now=hub().clock(), error=error)
