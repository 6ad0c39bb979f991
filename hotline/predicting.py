"""Classification of a call and what follows from it: shown label, risk level, alert."""

from __future__ import annotations

from collections.abc import Sequence

from hotline.domain.call import Call
from hotline.domain.risk import Prediction
from hotline.domain.segment import Channel, Segment
from hotline.events import EventType
from hotline.handlers import alert_if_risen
from hotline.homophones.mending import turns_said
from hotline.hub import Hub
from hotline.models import classifier_of
from hotline.ports import UnitOfWork
from hotline.views import prediction_view

LEAST_CALLER_TEXT = 6
"""Characters that the caller must have said before a label means anything."""


def predict_call(hub: Hub, call_id: str) -> Prediction | None:
    """Classify the call so far and store what follows: prediction, shown label, risk level, alert."""
    with hub.store.transaction() as uow:
        segments, call = uow.segments(call_id), uow.call(call_id)
    prediction = advise(hub, call, segments)
    if prediction is not None:
        with hub.store.transaction() as uow:
            record_prediction(uow, call_id, segments, prediction)
    return prediction


def advise(hub: Hub, call: Call, segments: Sequence[Segment]) -> Prediction | None:
    """Return what the call's model says of these words; None without a model, or when the caller has said too little."""
    if not said_enough(segments):
        return None
    classifier = classifier_of(hub, call)
    return classifier.predict([turns_said(segments)])[0] if classifier else None


def said_enough(segments: Sequence[Segment]) -> bool:
    """Say whether the caller has said enough for a label to mean anything."""
    said = sum(len(segment.text) for segment in segments if segment.channel == Channel.CALLER)
    return said >= LEAST_CALLER_TEXT


def record_prediction(uow: UnitOfWork, call_id: str, segments: Sequence[Segment], prediction: Prediction) -> None:
    """Store a prediction on these segments and what it does to the call."""
    before = uow.call(call_id)
    call = before.observing(prediction)
    uow.save_call(call)
    uow.add_prediction(call_id, segments[-1].id, prediction)
    view = prediction_view(prediction, call, segments)
    uow.append_event(call_id, EventType.PREDICTION, {"prediction": view})
    alert_if_risen(uow, before, call, prediction.reasons)
