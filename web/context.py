"""What views need of the running application."""

from __future__ import annotations

from typing import cast

from flask import current_app

from hotline.browser_audio import BrowserLines
from hotline.hub import Hub
from web.streams import StreamSlots
from web.uploads import Uploads


def hub() -> Hub:
    """Return the hub that this application serves."""
    return cast(Hub, current_app.extensions["hub"])


def stream_slots() -> StreamSlots:
    """Return the places for live streams."""
    return cast(StreamSlots, current_app.extensions["stream_slots"])


def browser_lines() -> BrowserLines:
    """Return the browsers' microphones."""
    return cast(BrowserLines, current_app.extensions["browser_lines"])


def uploads() -> Uploads:
    """Return the folder of uploaded audio."""
    return cast(Uploads, current_app.extensions["uploads"])


def display_names() -> dict[str, str]:
    """Return the display name of every user by id."""
    with hub().store.transaction() as uow:
        return {user.id: user.display_name for user in uow.users()}
