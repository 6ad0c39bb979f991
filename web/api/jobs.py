"""Long jobs: what runs, how far it is, and cancelling it."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline.domain.job import Job
from hotline.errors import PermissionDenied
from hotline.jobs import cancel_job
from web.api import blueprint
from web.context import hub
from web.roles import Permission, allowed


@blueprint.get("/jobs/<job_id>")
def get_job(job_id: str) -> Response:
    """One job, for who asked for it and for who manages models."""
    return jsonify({"job": job_view(_visible(job_id))})


@blueprint.post("/jobs/<job_id>/cancel")
def post_cancel(job_id: str) -> Response:
    """Cancel a job."""
    _visible(job_id)
    return jsonify({"job": job_view(cancel_job(hub(), job_id, current_user.id))})


def job_view(job: Job) -> dict[str, Any]:
    """Return a job as JSON."""
    moments = {name: getattr(job, name) for name in ("asked_at", "started_at", "ended_at")}
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "progress": job.progress,
        "message": job.message,
        "result": dict(job.result),
        "asked_by": job.asked_by,
        "attempts": job.attempts,
        "cancel_asked": job.cancel_asked,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }


def _visible(job_id: str) -> Job:
    with hub().store.transaction() as uow:
        job = uow.job(job_id)
    if job.asked_by != current_user.id and not allowed(current_user.role, Permission.TRAIN):
        raise PermissionDenied("这不是您的任务", remedy="请联系提交任务的人")
    return job
