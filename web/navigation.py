"""The pages that the bar at the top leads to, each for those who may open it; the first is one's home."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, url_for
from flask_login import current_user

from web.roles import Permission, allowed


@dataclass(frozen=True)
class Place:
    """One page: its name in `app.html` with those below it, its endpoint, who may open it and its message key."""

    pages: tuple[str, ...]
    endpoint: str
    permission: Permission
    title: str


PLACES = (
    Place(("board", "call"), "supervisor.board", Permission.WATCH_BOARD, "board"),
    Place(("freezes",), "supervisor.freezes", Permission.REVIEW_FREEZES, "freeze_queue"),
    Place(("archive", "review"), "supervisor.archive", Permission.SEARCH_CALLS, "archive"),
    Place(("reports",), "supervisor.reports", Permission.SEE_REPORTS, "reports"),
    Place(("train_queue", "train_label"), "trainer.queue", Permission.TRAIN, "train_queue"),
    Place(("train_data",), "trainer.data", Permission.TRAIN, "train_data"),
    Place(("train_models",), "trainer.models", Permission.TRAIN, "train_models"),
    Place(("calls",), "operator.calls", Permission.WORK_CALLS, "calls"),
    Place(("uploads",), "operator.uploads", Permission.HAND_IN, "uploads"),
    Place(("users",), "admin.users", Permission.MANAGE_USERS, "users"),
    Place(("integrations",), "integrations.page", Permission.MANAGE_INTEGRATIONS, "integrations"),
    Place(("audit",), "admin.audit_trail", Permission.SEE_AUDIT, "audit"),
)


def places_of(role: str) -> list[Place]:
    """Return the pages of a role, home first."""
    return [place for place in PLACES if allowed(role, place.permission)]


def home_of(role: str) -> str:
    """Return the address of the first page of a role."""
    return url_for(places_of(role)[0].endpoint)


def init_navigation(app: Flask) -> None:
    """Give templates the pages of the user who is logged in."""

    @app.context_processor
    def pages() -> dict[str, object]:
        return {"places": places_of(current_user.role) if current_user.is_authenticated else []}
