"""Whose call it is: an operator sees his own and those nobody took, a reviewing officer those with a stop request.

Checked for every route that names a call, before the view runs; each view is then written to the audit trail.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Any

from flask import Flask, request
from flask_login import current_user

from hotline.errors import NotFoundError, PermissionDenied
from hotline.ports import UnitOfWork
from web.context import hub
from web.roles import Permission, allowed
from web.sessions import is_revealed

SEEN_AGAIN_S = 600.0
"""A view of the same call by the same user is audited again after so long."""
VIEWS_KEPT = 10_000
KEYED = "cti"
"""Its routes know programs by their keys, not people by their sessions."""
LISTENING = frozenset({"api.call_audio", "api.call_waveform"})


class ViewLog:
    """Remembers what was audited lately, so that a page which loads in pieces makes one row."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, ...], float] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, *view: str) -> bool:
        """Say whether a view was not audited within `SEEN_AGAIN_S`, and remember it."""
        now = time.monotonic()
        with self._lock:
            before = self._seen.pop(view, None)
            self._seen[view] = now if before is None or now - before > SEEN_AGAIN_S else before
            if len(self._seen) > VIEWS_KEPT:
                self._seen.popitem(last=False)
            return self._seen[view] == now


def init_access(app: Flask) -> None:
    """Guard every route that has a `call_id`."""
    views = ViewLog()
    app.extensions["view_log"] = views

    @app.before_request
    def check_call() -> None:
        call_id = (request.view_args or {}).get("call_id")
        if call_id is None or request.blueprint == KEYED or not current_user.is_authenticated:
            return
        try:
            with hub().store.transaction() as uow:
                if not may_see(uow, call_id):
                    raise _not_yours()
                note_view(uow, views, call_id)
        except NotFoundError:
            if not allowed(current_user.role, Permission.VIEW_CALLS):
                raise _not_yours() from None
            raise


def may_see(uow: UnitOfWork, call_id: str) -> bool:
    """Say whether the present user may see a call. Raises: NotFoundError."""
    call, role = uow.call(call_id), current_user.role
    if not allowed(role, Permission.VIEW_CALLS):
        return False
    if allowed(role, Permission.VIEW_ALL_CALLS):
        return True
    if allowed(role, Permission.REVIEW_FREEZES):
        return bool(uow.freezes(call_id=call_id, limit=1))
    return call.operator_id in (None, current_user.id)


def own_calls() -> dict[str, Any]:
    """Return what `list_calls` must be given so that it lists only calls that the present user may see."""
    role = current_user.role
    if allowed(role, Permission.VIEW_ALL_CALLS):
        return {}
    if allowed(role, Permission.REVIEW_FREEZES):
        return {"with_freeze": True}
    return {"of_operator": current_user.id}


def note_view(uow: UnitOfWork, views: ViewLog, call_id: str) -> None:
    """Write a view of a call to the audit trail: who saw or heard it, masked or not."""
    if request.method != "GET":
        return
    action = "call.listen" if request.endpoint in LISTENING else "call.view"
    detail = "revealed" if is_revealed(call_id) else "masked"
    if views.is_new(current_user.id, action, call_id, detail):
        uow.audit(current_user.id, action, call_id, detail)


def _not_yours() -> PermissionDenied:
    return PermissionDenied(
        "您不能查看这通电话", expected="本人的、未分配的或职责内的通话", found="其他通话", remedy="请联系督导"
    )
