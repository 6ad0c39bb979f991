"""The administrator's page for other programs: API keys and web hooks. Secrets are shown once, when they are made."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from hotline import integration
from hotline.domain.integration import HookEvent, Scope
from hotline.errors import HotlineError
from web.context import display_names, hub
from web.roles import Permission, requires

blueprint = Blueprint("integrations", __name__, url_prefix="/admin/integrations")


@blueprint.get("")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_INTEGRATIONS)
def page() -> str:
    """Keys, web hooks and what was sent lately."""
    return _page()


@blueprint.post("/keys")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_INTEGRATIONS)
def create_key() -> str | tuple[str, int]:
    """Make a key and show it this once."""
    try:
        name, scopes = request.form.get("name", ""), request.form.getlist("scopes")
        key, token = integration.create_api_key(hub(), current_user.id, name, scopes)
    except HotlineError as error:
        return _page(error=error), 400
    return _page(shown=("key", key.name, token))


@blueprint.post("/keys/<key_id>/revoke")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_INTEGRATIONS)
def revoke_key(key_id: str) -> Response:
    """End a key for good."""
    integration.revoke_api_key(hub(), current_user.id, key_id)
    return redirect(url_for("integrations.page"))


@blueprint.post("/webhooks")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_INTEGRATIONS)
def create_webhook() -> str | tuple[str, int]:
    """Register an address and show its signing secret this once."""
    try:
        url, events = request.form.get("url", ""), request.form.getlist("events")
        hook = integration.create_webhook(hub(), current_user.id, url, events)
    except HotlineError as error:
        return _page(error=error), 400
    return _page(shown=("hook", hook.url, hook.secret))


@blueprint.post("/webhooks/<webhook_id>/active")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.MANAGE_INTEGRATIONS)
def set_webhook_active(webhook_id: str) -> Response:
    """Switch an address on or off."""
    integration.set_webhook_active(hub(), current_user.id, webhook_id, request.form.get("active") == "1")
    return redirect(url_for("integrations.page"))


def _page(*, error: HotlineError | None = None, shown: tuple[str, str, str] | None = None) -> str:
    with hub().store.transaction() as uow:
        keys, hooks, deliveries = uow.api_keys(), uow.webhooks(), uow.deliveries(20)
    return render_template(
        "integrations.html",
        page="integrations",
        keys=keys,
        hooks=hooks,
        deliveries=deliveries,
        names=display_names(),
        urls={hook.id: hook.url for hook in hooks},
        scopes=list(Scope),
        events=list(HookEvent),
        error=error,
        shown=shown,
    )
