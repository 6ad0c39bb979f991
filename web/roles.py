"""Who may do what. A role is a set of permissions; views ask for permissions, never for roles."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask
from flask_login import current_user

from hotline.errors import PermissionDenied

P = ParamSpec("P")
R = TypeVar("R")


class Permission(StrEnum):
    """What a view may require."""

    VIEW_CALLS = "view_calls"
    WORK_CALLS = "work_calls"
    """Start and end calls, answer, correct, type."""
    SWAP_CHANNELS = "swap_channels"
    """Say that operator and caller were taken for one another on a finished call."""
    HAND_IN = "hand_in"
    """Upload recordings to be transcribed."""
    SEND_FREEZE = "send_freeze"
    REVEAL = "reveal"
    """See unmasked personal data, with a reason, audited."""
    VIEW_ALL_CALLS = "view_all_calls"
    """See calls of every operator."""
    LISTEN = "listen"
    """Hear recordings."""
    WATCH_BOARD = "watch_board"
    """See all live calls at a glance."""
    SEARCH_CALLS = "search_calls"
    """Find any call by its facts or by what was said."""
    REVIEW_CALLS = "review_calls"
    """Correct words, check quality, send to the trainer."""
    REVIEW_FREEZES = "review_freezes"
    """Let another person's payment-stop request go out, or send it back."""
    SEE_REPORTS = "see_reports"
    TRAIN = "train"
    """Label calls, keep data sets, train, compare and promote models."""
    MANAGE_USERS = "manage_users"
    SEE_AUDIT = "see_audit"
    MANAGE_INTEGRATIONS = "manage_integrations"
    """API keys and web hooks of other programs."""


ROLES: dict[str, frozenset[Permission]] = {
    "operator": frozenset(
        {
            Permission.VIEW_CALLS,
            Permission.WORK_CALLS,
            Permission.SEND_FREEZE,
            Permission.REVEAL,
            Permission.HAND_IN,
            Permission.SWAP_CHANNELS,
        }
    ),
    "supervisor": frozenset(
        {
            Permission.VIEW_CALLS,
            Permission.VIEW_ALL_CALLS,
            Permission.LISTEN,
            Permission.REVEAL,
            Permission.WATCH_BOARD,
            Permission.SEARCH_CALLS,
            Permission.REVIEW_CALLS,
            Permission.REVIEW_FREEZES,
            Permission.SEE_REPORTS,
            Permission.HAND_IN,
            Permission.SWAP_CHANNELS,
        }
    ),
    "trainer": frozenset({Permission.VIEW_CALLS, Permission.VIEW_ALL_CALLS, Permission.LISTEN, Permission.TRAIN}),
    "reviewer": frozenset({Permission.VIEW_CALLS, Permission.REVEAL, Permission.REVIEW_FREEZES}),
    "admin": frozenset({Permission.MANAGE_USERS, Permission.MANAGE_INTEGRATIONS, Permission.SEE_AUDIT}),
}
"""Administrators manage accounts and see no case text (domain rules, section 5: separation of duties)."""


def allowed(role: str, permission: Permission) -> bool:
    """Say whether a role has a permission."""
    return permission in ROLES.get(role, frozenset())


def init_roles(app: Flask) -> None:
    """Let templates ask `may('permission')` of the user who is logged in."""
    app.jinja_env.globals["may"] = lambda name: allowed(current_user.role, Permission(name))


def requires(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse a view to users without a permission. Raises: PermissionDenied."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not allowed(current_user.role, permission):
                raise PermissionDenied(
                    "您的角色没有此权限",
                    expected=permission,
                    found=current_user.role,
                    remedy="请联系管理员或换用其他账号",
                )
            return view(*args, **kwargs)

        return guarded

    return decorate
