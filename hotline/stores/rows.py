"""Between entities and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from hotline.domain.call import Call, CallState, Disposition, SafetyFacts
from hotline.domain.entities import Entity, EntityType
from hotline.domain.freeze import FreezeFields, FreezeRequest, FreezeStatus
from hotline.domain.integration import ApiKey, HookDelivery, HookEvent, Scope, Webhook
from hotline.domain.risk import EvidenceSpan, Prediction, RiskLevel
from hotline.domain.segment import Segment, Word
from hotline.ports import User

AnyRow = Row[Any]


def call_row(call: Call) -> dict[str, Any]:
    """Return the columns of a call, without those that the store keeps for itself."""
    row = {f.name: getattr(call, f.name) for f in fields(call) if f.name != "facts"}
    return {**row, "money_gone": call.facts.money_gone, "being_coached": call.facts.being_coached}


def to_call(row: AnyRow) -> Call:
    """Return the call of a row."""
    values = {f.name: getattr(row, f.name) for f in fields(Call) if f.name != "facts"}
    values["state"] = CallState(row.state)
    values["risk"] = RiskLevel(row.risk) if row.risk else None
    values["disposition"] = Disposition(row.disposition) if row.disposition else None
    return Call(**values, facts=SafetyFacts(row.money_gone, row.being_coached))


def segment_row(segment: Segment) -> dict[str, Any]:
    """Return the columns of a segment."""
    row = {f.name: getattr(segment, f.name) for f in fields(segment)}
    row["words"] = word_lists(segment.words)
    return row


def word_lists(words: Sequence[Word]) -> list[list[Any]]:
    """Return words as `[text, start_s, end_s, confidence]`."""
    return [[w.text, round(w.start_s, 3), round(w.end_s, 3), round(w.confidence, 3)] for w in words]


def to_segment(row: AnyRow) -> Segment:
    """Return the segment of a row."""
    return segment_of({f.name: getattr(row, f.name) for f in fields(Segment)})


def segment_of(values: dict[str, Any]) -> Segment:
    """Return the segment of the columns that `segment_row` gives."""
    return Segment(**{**values, "words": tuple(Word(*word) for word in values["words"])})


def entity_row(entity: Entity, call_id: str, position: int) -> dict[str, Any]:
    """Return the columns of an entity."""
    return {"call_id": call_id, "position": position, "type": entity.type, "body": asdict(entity)}


def to_entity(row: AnyRow) -> Entity:
    """Return the entity of a row."""
    return entity_of(row.body)


def entity_of(body: dict[str, Any]) -> Entity:
    """Return the entity of a stored body."""
    lists = {"warnings": tuple(body["warnings"]), "digits_s": tuple(body.get("digits_s", ()))}
    return Entity(**{**body, "type": EntityType(body["type"]), **lists})


def prediction_row(prediction: Prediction, call_id: str, segment_id: str | None, at: datetime) -> dict[str, Any]:
    """Return the columns of a prediction."""
    return {
        "call_id": call_id,
        "segment_id": segment_id,
        "at": at,
        "model_version": prediction.model_version,
        "label": prediction.label,
        "probability": prediction.probability,
        "body": prediction_body(prediction),
    }


def prediction_body(prediction: Prediction) -> dict[str, Any]:
    """Return a prediction as JSON."""
    return {**asdict(prediction), "probabilities": dict(prediction.probabilities)}


def to_prediction(row: AnyRow) -> Prediction:
    """Return the prediction of a row."""
    return prediction_of(row.body)


def prediction_of(stored: dict[str, Any]) -> Prediction:
    """Return the prediction of a stored body."""
    body = dict(stored)
    body["evidence"] = tuple(EvidenceSpan(**span) for span in body["evidence"])
    body["risk"] = RiskLevel(body["risk"])
    body["reasons"] = tuple(body["reasons"])
    return Prediction(**body)


def freeze_row(request: FreezeRequest) -> dict[str, Any]:
    """Return the columns of a payment-stop request."""
    row = {f.name: getattr(request, f.name) for f in fields(request)}
    details = asdict(request.fields)
    details["transfer_time"] = request.fields.transfer_time.isoformat()
    return {**row, "fields": details, "payee_account": request.fields.payee_account}


def to_freeze(row: AnyRow) -> FreezeRequest:
    """Return the request of a row."""
    values = {f.name: getattr(row, f.name) for f in fields(FreezeRequest)}
    moment = datetime.fromisoformat(row.fields["transfer_time"])
    values["fields"] = FreezeFields(**{**row.fields, "transfer_time": moment})
    return FreezeRequest(**{**values, "status": FreezeStatus(row.status)})


def user_row(user: User) -> dict[str, Any]:
    """Return the columns of a user."""
    return asdict(user)


def to_user(row: AnyRow) -> User:
    """Return the user of a row."""
    return User(**{f.name: getattr(row, f.name) for f in fields(User)})


def api_key_row(key: ApiKey) -> dict[str, Any]:
    """Return the columns of an API key."""
    return {**asdict(key), "scopes": sorted(key.scopes)}


def to_api_key(row: AnyRow) -> ApiKey:
    """Return the API key of a row."""
    values = {f.name: getattr(row, f.name) for f in fields(ApiKey)}
    return ApiKey(**{**values, "scopes": frozenset(Scope(scope) for scope in row.scopes)})


def webhook_row(hook: Webhook) -> dict[str, Any]:
    """Return the columns of a web hook."""
    return {**asdict(hook), "events": sorted(hook.events)}


def to_webhook(row: AnyRow) -> Webhook:
    """Return the web hook of a row."""
    values = {f.name: getattr(row, f.name) for f in fields(Webhook)}
    return Webhook(**{**values, "events": frozenset(HookEvent(event) for event in row.events)})


def to_delivery(row: AnyRow) -> HookDelivery:
    """Return the delivery of a row."""
    values = {f.name: getattr(row, f.name) for f in fields(HookDelivery)}
    return HookDelivery(**{**values, "event": HookEvent(row.event)})
