"""Retraining, comparing, promoting and rolling back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import jsonify
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline.domain.model import Promotion
from hotline.errors import InputError
from hotline.models import promote, roll_back
from hotline.retraining import RETRAIN, RetrainChoices, order_retraining
from web.api import blueprint, body, text_of
from web.api.jobs import job_view
from web.context import display_names, hub
from web.roles import Permission, requires


@blueprint.get("/train/models")
@requires(Permission.TRAIN)
def get_models() -> Response:
    """All models, which one new calls use, what was in use before, and the newest training jobs."""
    center = hub()
    names = display_names()
    with center.store.transaction() as uow:
        models, promotions, current = uow.models(), uow.promotions(), uow.current_model()
        jobs = uow.jobs(kind=RETRAIN, limit=5)
        datasets = [dataset.number for dataset in uow.datasets("data")]
    rows = [
        {**asdict(model), "made_at": model.made_at.isoformat(), "made_by": names.get(model.made_by, "")}
        for model in models
    ]
    return jsonify(
        {
            "models": rows,
            "current": current,
            "shipped_version": center.models.shipped_version if center.models else "",
            "promotions": [_promotion(promotion, names) for promotion in promotions],
            "jobs": [job_view(job) for job in jobs],
            "datasets": datasets,
            "can_train": center.can_train,
            "has_encoder": bool(center.config["classifier_base"]),
        }
    )


@blueprint.post("/train/retrain")
@requires(Permission.TRAIN)
def post_retrain() -> tuple[Response, int]:
    """Start retraining on a data set."""
    data = body()
    choices = RetrainChoices(
        dataset=_whole(data, "dataset", 0),
        epochs=_whole(data, "epochs", 2),
        most_steps=_whole(data, "most_steps", 0),
        with_own_data=bool(data.get("with_own_data", True)),
        fresh=bool(data.get("fresh", False)),
    )
    return jsonify({"job": job_view(order_retraining(hub(), choices, current_user.id))}), 201


@blueprint.post("/train/promote")
@requires(Permission.TRAIN)
def post_promote() -> Response:
    """Let new calls use a model; the empty version is the shipped one."""
    promotion = promote(hub(), text_of(body(), "version"), current_user.id)
    return jsonify({"promotion": _promotion(promotion, display_names())})


@blueprint.post("/train/roll-back")
@requires(Permission.TRAIN)
def post_roll_back() -> Response:
    """Go back to the model that was in use before."""
    return jsonify({"promotion": _promotion(roll_back(hub(), current_user.id), display_names())})


def _promotion(promotion: Promotion, names: dict[str, str]) -> dict[str, Any]:
    return {"version": promotion.version, "at": promotion.at.isoformat(), "by": names.get(promotion.by, "")}


def _whole(data: dict[str, Any], name: str, default: int) -> int:
    value = data.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError("训练设置不对", expected=f"{name}：整数", found=str(value)[:20], remedy="请改正")
    return value
