"""`/healthz`: what works and what does not, for load balancers and for people."""

from __future__ import annotations

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from hotline.hub import Hub
from web.context import hub

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> tuple[Response, int]:
    """200 while the store answers: calls can be worked on by hand; 503 otherwise."""
    center = hub()
    store = _store_state(center)
    info = center.recognizer_info
    recognizer = {"state": "ok" if center.recognizer else "off", "engine": info.engine, "model": info.model}
    classifier = center.classifier
    report = {
        "store": store,
        "recognizer": {**recognizer, "reason": info.reason},
        "classifier": {
            "state": "ok" if classifier else "unavailable",
            "version": classifier.version if classifier else "",
            "reason": center.classifier_reason,
        },
        "dispatcher": {"state": "inline" if center.dispatcher else "external"},
        "job_worker": {"state": "inline" if center.job_worker else "external"},
        "live_calls": len(center.live.running()),
    }
    return jsonify(report), 200 if store["state"] == "ok" else 503


def _store_state(center: Hub) -> dict[str, str]:
    try:
        center.store.events_after("", 0, 1)
    except Exception as error:  # whatever the database driver raises
        return {"state": "unavailable", "reason": type(error).__name__}
    return {"state": "ok", "reason": ""}
