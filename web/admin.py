"""Accounts: who may log in, with which role."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from hotline.errors import HotlineError
from web import accounts
from web.context import display_names, hub
from web.roles import ROLES, Permission, requires

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

AUDIT_PAGE = 100


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
    active = request.form.get("active") == "1"
    return _change(lambda: accounts.set_active(hub(), current_user.id, user_id, active))


@blueprint.post("/users/<user_id>/role")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_USERS)
def set_role(user_id: str) -> Response | tuple[str, int]:
    """Give an account another role."""
    role = request.form.get("role", "")
    return _change(lambda: accounts.set_role(hub(), current_user.id, user_id, role))


@blueprint.post("/users/<user_id>/unlock")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_USERS)
def unlock(user_id: str) -> Response | tuple[str, int]:
    """Let a locked account log in again."""
    return _change(lambda: accounts.unlock(hub(), current_user.id, user_id))


@blueprint.post("/users/<user_id>/password")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_USERS)
def set_password(user_id: str) -> Response | tuple[str, int]:
    """Give an account a new password."""
    password = request.form.get("password", "")
    return _change(lambda: accounts.set_password(hub(), current_user.id, user_id, password))


@blueprint.get("/audit")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.SEE_AUDIT)
def audit_trail() -> str:
    """Who did and saw what, newest first, a page at a time."""
    before = request.args.get("before", "")
    with hub().store.transaction() as uow:
        rows = uow.audit_trail(AUDIT_PAGE + 1, int(before) if before.isdecimal() else None)
    return render_template(
        "audit.html", page="audit", rows=rows[:AUDIT_PAGE], more=len(rows) > AUDIT_PAGE, names=display_names()
    )


def _change(change: Callable[[], None]) -> Response | tuple[str, int]:
    try:
        change()
    except HotlineError as error:
        return _page(error), 400
    return redirect(url_for("admin.users"))


def _page(error: HotlineError | None) -> str:
    with hub().store.transaction() as uow:
        found = uow.users()
    return render_template("users.html", page="users", users=found, roles=list(ROLES), now=hub().clock(), error=error)
