"""What consoles read: snapshots that an event stream then continues."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from hotline.domain.segment import OTHER_CHANNEL
from hotline.events import EventType
from hotline.freeze_draft import draft
from hotline.hub import Hub
from hotline.search_ports import CallFilter
from hotline.views import (
    call_view,
    freeze_view,
    mask_call,
    mask_data,
    mask_freeze,
    mask_segment,
    mask_wrap_up,
    segment_view,
    wrap_up_view,
)

SNAPSHOT_EVENTS = 100_000
BOARD_CALLS = 1000


def snapshot(hub: Hub, call_id: str, *, masked: bool = True) -> dict[str, Any]:
    """Return all that a call page shows, and `last_seq` from which the stream goes on.

    Keys: call, segments, entities, prediction, alerts, gaps, notes, recognizer, classifier, wrap_up, freezes,
    last_seq.
    Raises: NotFoundError.
    """
    events = hub.store.events_after(call_id, 0, SNAPSHOT_EVENTS)
    with hub.store.transaction() as uow:
        call = uow.call(call_id)
        freezes = [freeze_view(request) for request in uow.freezes(call_id=call_id)]
        stored = uow.wrap_up(call_id)
    wrap_up = wrap_up_view(stored) if stored else None
    if wrap_up and masked:
        wrap_up = mask_wrap_up(wrap_up)
    result: dict[str, Any] = {
        "call": mask_call(call_view(call)) if masked else call_view(call),
        "segments": [],
        "entities": [],
        "prediction": None,
        "alerts": [],
        "gaps": [],
        "notes": [],
        "recognizer": None,
        "classifier": None,
        "wrap_up": wrap_up,
        "freezes": [mask_freeze(view) for view in freezes] if masked else freezes,
        "last_seq": events[-1].seq if events else 0,
    }
    for event in events:
        data = mask_data(event.type, event.data) if masked else dict(event.data)
        if event.type is EventType.SEGMENT:
            result["segments"].append(data["segment"])
        elif event.type is EventType.SEGMENT_CORRECTED:
            fresh = data["segment"]
            others = [segment for segment in result["segments"] if segment["id"] != fresh["id"]]
            result["segments"] = [*others, fresh]
        elif event.type is EventType.CHANNELS_SWAPPED:
            for name in ("segments", "gaps"):
                result[name] = [{**item, "channel": OTHER_CHANNEL[item["channel"]]} for item in result[name]]
            result["prediction"] = None
        elif event.type in (EventType.ENTITIES, EventType.PREDICTION):
            result[event.type.value] = data[event.type.value]
        elif event.type in (EventType.RECOGNIZER, EventType.CLASSIFIER):
            result[event.type.value] = data
        elif event.type is EventType.ALERT:
            result["alerts"].append(data)
        elif event.type is EventType.AUDIO_GAP:
            result["gaps"].append(data)
        elif event.type is EventType.NOTE:
            result["notes"].append({**data, "at": event.at.isoformat()})
    result["segments"].sort(key=lambda segment: segment["start_s"])
    return result


def list_calls(
    hub: Hub, *, live: bool | None = None, limit: int = 100, of_operator: str | None = None, with_freeze: bool = False
) -> list[dict[str, Any]]:
    """Return calls, newest first, masked; `of_operator` gives his own and those that nobody has taken."""
    with hub.store.transaction() as uow:
        calls = uow.calls(live=live, limit=limit, of_operator=of_operator, with_freeze=with_freeze)
    return [mask_call(call_view(call)) for call in calls]


def board(hub: Hub) -> list[dict[str, Any]]:
    """Return all live calls, masked, with the state of each one's newest payment-stop request."""
    with hub.store.transaction() as uow:
        calls = uow.calls(live=True, limit=BOARD_CALLS)
        states = uow.freeze_states([call.id for call in calls])
    return [{**mask_call(call_view(call)), "freeze_status": states.get(call.id)} for call in calls]


def find_calls(hub: Hub, wanted: CallFilter, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str]:
    """Return a page of calls that fit, newest first, masked, and where the next page begins (empty: nowhere).

    `hits` are the segments that hold the text. Raises: InputError.
    """
    with hub.store.transaction() as uow:
        page = uow.find_calls(wanted, limit, cursor)
    rows = [
        {**mask_call(call_view(row.call)), "hits": [mask_segment(segment_view(s)) for s in row.segments]}
        for row in page.found
    ]
    return rows, page.cursor


def freeze_draft(hub: Hub, call_id: str) -> dict[str, dict[str, Any]]:
    """Return the request's fields as heard so far, unmasked: the caller must have been audited."""
    with hub.store.transaction() as uow:
        call = uow.call(call_id)
        zone = ZoneInfo(hub.config["time_zone"])
        return draft(call, uow.entities(call_id), uow.segments(call_id), zone)
