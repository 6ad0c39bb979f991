"""Entities as JSON for consoles and peers, and the masking of what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from hotline.domain.call import Call
from hotline.domain.entities import SENSITIVE_TYPES, Entity, EntityType
from hotline.domain.freeze import FreezeRequest
from hotline.domain.integration import HookEvent
from hotline.domain.risk import Prediction
from hotline.domain.segment import Segment
from hotline.domain.wrap_up import WrapUp
from hotline.events import CallEvent, EventType
from hotline.privacy import mask_entity, mask_text
from hotline.punctuation import stops
from hotline.taxonomy import load_taxonomy

ALTERNATIVES = 3
PARTY_FIELDS = {
    "payee_name": EntityType.PERSON,
    "payer_name": EntityType.PERSON,
    "payee_account": EntityType.BANK_CARD,
    "payer_account": EntityType.BANK_CARD,
}


def _time(value: datetime | None) -> str | None:
    return value.isoformat(timespec="milliseconds") if value else None


def _name(code: str | None) -> str:
    return load_taxonomy().get(code).name if code else ""


def call_view(call: Call) -> dict[str, Any]:
    """Return a call as the list and the head of the call page show it."""
    return {
        "id": call.id,
        "source": call.source,
        "state": call.state,
        "operator_id": call.operator_id,
        "caller_number": call.caller_number,
        "external_id": call.external_id,
        "direction": call.direction,
        "layout": call.layout,
        "engine": call.engine,
        "label": call.label,
        "label_name": _name(call.label),
        "label_probability": call.label_probability,
        "label_source": call.label_source,
        "risk": call.risk,
        "facts": asdict(call.facts),
        "disposition": call.disposition,
        "at_risk_fen": call.at_risk_fen,
        "note": call.note,
        "duration_s": call.duration_s,
        "started_at": _time(call.started_at),
        "ended_at": _time(call.ended_at),
    }


def segment_view(segment: Segment) -> dict[str, Any]:
    """Return a final segment; times are seconds from the start of the call.

    `stops` are marks for the eye, `[characters of normalised before it, mark]`, where the recogniser wrote none.
    """
    return {
        "id": segment.id,
        "channel": segment.channel,
        "text": segment.text,
        "normalised": segment.normalised,
        "start_s": round(segment.start_s, 3),
        "end_s": round(segment.end_s, 3),
        "confidence": round(segment.confidence, 3),
        "engine": segment.engine,
        "stops": [list(stop) for stop in stops(segment)],
    }


def spoken_view(segment: Segment) -> dict[str, Any]:
    """Return a segment with its words as `[text, start_s, end_s]`, none where they do not make up the text."""
    spaced = "".join(word.text for word in segment.words)
    words = [[w.text, round(w.start_s, 3), round(w.end_s, 3)] for w in segment.words] if spaced == segment.text else []
    return {**segment_view(segment), "words": words}


def mask_spoken(view: Mapping[str, Any]) -> dict[str, Any]:
    """Mask numbers inside the texts of a spoken view, and the same characters of its words."""
    masked = mask_segment(view)
    words, at = [], 0
    for text, start_s, end_s in view["words"]:
        words.append([masked["text"][at : at + len(text)], start_s, end_s])
        at += len(text)
    return {**masked, "words": words}


def entity_view(entity: Entity, segments: Sequence[Segment]) -> dict[str, Any]:
    """Return an entity with the id of the segment that its turn is."""
    inside = 0 <= entity.turn < len(segments)
    return {
        "type": entity.type,
        "value": entity.value,
        "text": entity.text,
        "speaker": entity.speaker,
        "segment_id": segments[entity.turn].id if inside else None,
        "start_s": entity.start_s,
        "end_s": entity.end_s,
        "digits_s": list(entity.digits_s),
        "warnings": list(entity.warnings),
        "confirmed": entity.confirmed,
    }


def prediction_view(prediction: Prediction, call: Call, segments: Sequence[Segment]) -> dict[str, Any]:
    """Return what the model says (`label` …) beside what the console shows (`shown`)."""
    ranked = sorted(prediction.probabilities.items(), key=lambda item: -item[1])[:ALTERNATIVES]
    evidence = [
        {**asdict(span), "segment_id": segments[span.turn].id}
        for span in prediction.evidence
        if span.turn < len(segments)
    ]
    return {
        "label": prediction.label,
        "name": _name(prediction.label),
        "probability": prediction.probability,
        "unsure": prediction.unsure,
        "alternatives": [{"label": code, "name": _name(code), "probability": value} for code, value in ranked],
        "evidence": evidence,
        "stage": prediction.stage,
        "stage_probability": prediction.stage_probability,
        "money_gone": prediction.money_gone,
        "coached": prediction.coached,
        "risk": prediction.risk,
        "reasons": list(prediction.reasons),
        "model_version": prediction.model_version,
        "shown": {
            "label": call.label,
            "name": _name(call.label),
            "probability": call.label_probability,
            "source": call.label_source,
            "risk": call.risk,
        },
    }


def freeze_view(request: FreezeRequest) -> dict[str, Any]:
    """Return a payment-stop request."""
    fields = asdict(request.fields)
    fields["transfer_time"] = _time(request.fields.transfer_time)
    return {
        "id": request.id,
        "call_id": request.call_id,
        "created_by": request.created_by,
        "status": request.status,
        "fields": fields,
        "receipt": request.receipt,
        "message": request.message,
        "stopped_amount_fen": request.stopped_amount_fen,
        "onward_account": request.onward_account,
        "stopped_at": _time(request.stopped_at),
        "hold_expires_at": _time(request.hold_expires_at),
        "attempts": request.attempts,
        "created_at": _time(request.created_at),
        "updated_at": _time(request.updated_at),
    }


def wrap_up_view(wrap_up: WrapUp) -> dict[str, Any]:
    """Return a wrap-up as JSON."""
    return {
        "by": wrap_up.by,
        "at": wrap_up.at.isoformat(timespec="seconds"),
        "disposition": wrap_up.disposition,
        "side_codes": list(wrap_up.side_codes),
        "persons": wrap_up.persons,
        **asdict(wrap_up.money),
        "note": wrap_up.note,
        "summary": wrap_up.summary,
    }


def event_view(event: CallEvent, *, masked: bool) -> dict[str, Any]:
    """Return an event as it goes to a console."""
    data = mask_data(event.type, event.data) if masked else dict(event.data)
    return {"call_id": event.call_id, "seq": event.seq, "type": event.type, "at": _time(event.at), "data": data}


def hook_view(kind: HookEvent, event: CallEvent, call: Call) -> dict[str, Any]:
    """Return what a web hook is told: ids, label and risk, no personal data."""
    view = call_view(call)
    told = ("external_id", "direction", "state", "label", "label_name", "label_probability", "label_source", "risk")
    data = {"call_id": call.id, "seq": event.seq, **{name: view[name] for name in told}}
    if kind is HookEvent.ALERT:
        data["reasons"] = list(event.data["reasons"])
    else:
        data["duration_s"] = event.data["duration_s"]
    return {"type": kind, "timestamp": _time(event.at), "data": data}


def mask_data(event_type: EventType, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's data with personal values masked."""
    masked = dict(data)
    if event_type is EventType.CALL_STARTED:
        masked["call"] = mask_call(masked["call"])
    elif event_type in (EventType.SEGMENT, EventType.SEGMENT_CORRECTED):
        masked["segment"] = mask_segment(masked["segment"])
    elif event_type is EventType.ENTITIES:
        masked["entities"] = [mask_entity_view(entity) for entity in masked["entities"]]
    elif event_type is EventType.PREDICTION:
        masked["prediction"] = mask_prediction(masked["prediction"])
    elif event_type is EventType.FREEZE:
        masked["freeze"] = mask_freeze(masked["freeze"])
    elif event_type is EventType.WRAP_UP:
        masked["wrap_up"] = mask_wrap_up(masked["wrap_up"])
    elif event_type in (EventType.PARTIAL, EventType.NOTE):
        masked["text"] = mask_text(masked["text"])
    return masked


def mask_call(view: Mapping[str, Any]) -> dict[str, Any]:
    """Mask the caller's number and the note."""
    number = mask_entity(EntityType.PHONE, view["caller_number"]) if view["caller_number"] else ""
    return {**view, "caller_number": number, "note": mask_text(view["note"])}


def mask_segment(view: Mapping[str, Any]) -> dict[str, Any]:
    """Mask numbers inside both texts."""
    return {**view, "text": mask_text(view["text"]), "normalised": mask_text(view["normalised"])}


def mask_entity_view(view: Mapping[str, Any]) -> dict[str, Any]:
    """Mask the value of sensitive types and the words it was read from."""
    entity_type = EntityType(view["type"])
    if entity_type not in SENSITIVE_TYPES:
        return dict(view)
    value = mask_entity(entity_type, str(view["value"]))
    return {**view, "value": value, "text": value}


def mask_prediction(view: Mapping[str, Any]) -> dict[str, Any]:
    """Mask numbers inside evidence."""
    return {**view, "evidence": [{**span, "text": mask_text(span["text"])} for span in view["evidence"]]}


def mask_wrap_up(view: Mapping[str, Any]) -> dict[str, Any]:
    """Mask numbers in the note and the summary."""
    return {**view, "note": mask_text(view["note"]), "summary": mask_text(view["summary"])}


def mask_freeze(view: Mapping[str, Any]) -> dict[str, Any]:
    """Mask names and accounts of both parties."""
    fields = dict(view["fields"])
    for name, entity_type in PARTY_FIELDS.items():
        if fields[name]:
            fields[name] = mask_entity(entity_type, fields[name])
    fields["summary"] = mask_text(fields["summary"])
    onward = mask_entity(EntityType.BANK_CARD, view["onward_account"]) if view["onward_account"] else ""
    return {**view, "fields": fields, "onward_account": onward, "message": mask_text(view["message"])}
