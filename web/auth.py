"""Log-in, log-out and the first start."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_login import current_user, login_required, login_user
from werkzeug.wrappers import Response

from hotline.demo import DEMO_PASSWORD, DEMO_USERS
from hotline.errors import HotlineError
from hotline.ports import User
from web import accounts
from web.context import hub
from web.i18n import local_path
from web.navigation import home_of
from web.sessions import ConsoleUser, end_session

blueprint = Blueprint("auth", __name__)


@blueprint.get("/")
def home() -> Response:
    """Send everybody to where his work is."""
    if not current_user.is_authenticated:
        return redirect(url_for("auth.login"))
    return redirect(home_of(current_user.role))


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> Response | str | tuple[str, int]:
    """Ask for name and password."""
    if accounts.needs_setup(hub()):
        return redirect(url_for("auth.setup"))
    if request.method == "GET":
        return redirect(url_for("auth.home")) if current_user.is_authenticated else _login_page(None)
    try:
        user = accounts.authenticate(hub(), request.form.get("username", "").strip(), request.form.get("password", ""))
    except HotlineError as error:
        return _login_page(error), 401
    _begin_session(user)
    return redirect(local_path(request.args.get("next") or home_of(user.role)))


@blueprint.post("/logout")
@login_required  # type: ignore[untyped-decorator]
def logout() -> Response:
    """End the session."""
    with hub().store.transaction() as uow:
        uow.audit(current_user.id, "logout", current_user.id)
    end_session()
    return redirect(url_for("auth.login"))


@blueprint.route("/setup", methods=["GET", "POST"])
def setup() -> Response | str | tuple[str, int]:
    """On the first start, make the administrator."""
    if not accounts.needs_setup(hub()):
        return redirect(url_for("auth.login"))
    if request.method == "GET":
        return render_template("setup.html", error=None, form={})
    form = request.form
    try:
        user = accounts.create_first_admin(
            hub(), form.get("username", ""), form.get("display_name", ""), form.get("password", "")
        )
    except HotlineError as error:
        return render_template("setup.html", error=error, form=form), 400
    _begin_session(user)
    return redirect(url_for("admin.users"))


@blueprint.route("/account/password", methods=["GET", "POST"])
@login_required  # type: ignore[untyped-decorator]
def password() -> Response | str | tuple[str, int]:
    """Let everybody change his own password; other sessions of his end."""
    if request.method == "GET":
        return render_template("password.html", error=None)
    form = request.form
    try:
        user = accounts.change_own_password(
            hub(), current_user.id, form.get("old_password", ""), form.get("password", "")
        )
    except HotlineError as error:
        return render_template("password.html", error=error), 400
    login_user(ConsoleUser(user))
    return redirect(url_for("auth.home"))


def _begin_session(user: User) -> None:
    """Start afresh, so that nothing set before the log-in survives it."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    session["seen_at"] = hub().clock().isoformat()
    login_user(ConsoleUser(user))


def _login_page(error: HotlineError | None) -> str:
    demo = hub().config["demo"] == "1"
    return render_template(
        "login.html", error=error, demo_users=DEMO_USERS if demo else (), demo_password=DEMO_PASSWORD if demo else ""
    )
