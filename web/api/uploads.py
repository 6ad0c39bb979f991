"""Recordings that are handed in: one request a file, its bytes as the body, so that one bad file fails alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from flask import jsonify, request
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline.domain.job import Job
from hotline.uploads import most_bytes, take_upload, uploads_of
from web.api import blueprint
from web.context import hub
from web.roles import Permission, requires
from web.security import takes_files

PIECE_BYTES = 256 * 1024


@blueprint.get("/uploads")
@requires(Permission.HAND_IN)
def get_uploads() -> Response:
    """One's own uploads, newest first, and what may be uploaded."""
    config = hub().config
    limits = {
        "bytes": most_bytes(config),
        "files": config.integer("upload_files"),
        "hours": config.number("upload_hours"),
    }
    found = [upload_view(job) for job in uploads_of(hub(), current_user.id)]
    return jsonify({"uploads": found, "limits": limits})


@blueprint.post("/uploads")
@takes_files(lambda: most_bytes(hub().config) + PIECE_BYTES)
@requires(Permission.HAND_IN)
def post_upload() -> tuple[Response, int]:
    """Take one file; its name comes percent-encoded in `X-File-Name`, since addresses are logged."""
    name = unquote(request.headers.get("X-File-Name", ""))
    layout = request.headers.get("X-Layout", "")
    job = take_upload(hub(), _pieces(), request.content_length, name, layout, current_user.id)
    return jsonify({"upload": upload_view(job)}), 202


def upload_view(job: Job) -> dict[str, Any]:
    """Return an upload as JSON; numbers in its name were masked when it came."""
    return {
        "id": job.id,
        "name": job.arguments.get("name", ""),
        "size": job.arguments.get("size", 0),
        "state": job.state,
        "progress": job.progress,
        "message": job.message,
        "call_id": job.result.get("call_id"),
        "layout": job.result.get("layout", ""),
        "duration_s": job.result.get("duration_s", 0.0),
        "warning": job.result.get("warning", ""),
        "asked_at": job.asked_at.isoformat(),
    }


def _pieces() -> Iterator[bytes]:
    while piece := request.stream.read(PIECE_BYTES):
        yield piece
