"""The supervisor's pages. The browser code reads the rest from the API."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_login import login_required

from hotline.domain.call import Disposition
from web.boot import boot_data
from web.context import display_names
from web.roles import Permission, requires

blueprint = Blueprint("supervisor", __name__)


@blueprint.get("/archive")
@login_required  # type: ignore[untyped-decorator]
@requires(Permission.SEARCH_CALLS)
def archive() -> str:
    """All calls, by their facts and by what was said."""
    choices = {"operators": display_names(), "dispositions": list(Disposition)}
    return render_template("app.html", page="archive", boot={**boot_data(), **choices})
