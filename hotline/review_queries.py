"""What supervisors and reviewing officers read: a finished call with all that was said of it, a waiting request."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hotline.domain.entities import EntityType
from hotline.domain.freeze import FreezeRequest, FreezeStatus
from hotline.domain.review import QA_ITEMS, RED_LINES, QaReview
from hotline.domain.segment import Segment
from hotline.events import EventType
from hotline.hub import Hub
from hotline.ports import UnitOfWork
from hotline.predicting import advise
from hotline.red_lines import find_red_lines
from hotline.reviewing import passes
from hotline.views import (
    call_view,
    entity_view,
    freeze_view,
    mask_call,
    mask_entity_view,
    mask_freeze,
    mask_spoken,
    mask_wrap_up,
    spoken_view,
    wrap_up_view,
)

READ_BACK = (EntityType.BANK_CARD, EntityType.ALIPAY, EntityType.PHONE, EntityType.ID_NUMBER)
EVENTS_READ = 100_000


def review(hub: Hub, call_id: str, *, masked: bool = True) -> dict[str, Any]:
    """Return a call for its review page.

    Keys: call, segments (with words, and as they were heard where corrected), entities, labels, advice (what the
    model says of corrected words), wrap_up, quality, trainer_mark, hints. Raises: NotFoundError.
    """
    with hub.store.transaction() as uow:
        call = uow.call(call_id)
        segments, entities = uow.segments(call_id), uow.entities(call_id)
        spoken = _segments(uow, segments, masked)
        wrap_up, mark = uow.wrap_up(call_id), uow.trainer_mark(call_id)
        checks, labels = uow.qa_reviews(call_id), uow.label_corrections(call_id)
    # Words that were corrected ask for a second opinion; the label stays whoever chose it.
    advice = advise(hub, call, segments) if any("corrected" in view for view in spoken) else None
    entity_views = [entity_view(entity, segments) for entity in entities]
    wrapped = wrap_up_view(wrap_up) if wrap_up else None
    if wrapped and masked:
        wrapped = mask_wrap_up(wrapped)
    red_lines = [asdict(hint) for hint in find_red_lines(segments)]
    confirmed = [entity.confirmed for entity in entities if entity.type in READ_BACK]
    return {
        "call": mask_call(call_view(call)) if masked else call_view(call),
        "segments": spoken,
        "entities": [mask_entity_view(view) for view in entity_views] if masked else entity_views,
        "labels": [{**asdict(label), "at": label.at.isoformat()} for label in labels],
        "advice": {"label": advice.label, "probability": advice.probability} if advice else None,
        "wrap_up": wrapped,
        "quality": [quality_view(hub, check) for check in checks],
        "trainer_mark": {**asdict(mark), "at": mark.at.isoformat()} if mark else None,
        "checklist": [{"item": item, "red_line": item in RED_LINES} for item in QA_ITEMS],
        "pass_score": hub.config.number("qa_pass_score"),
        "hints": {
            "questions_after_s": _questions_after_s(hub, call_id),
            "read_back": {"confirmed": sum(confirmed), "heard": len(confirmed)},
            "red_lines": red_lines,
        },
    }


def quality_view(hub: Hub, check: QaReview) -> dict[str, Any]:
    """Return a quality check with its score and whether the call passes."""
    return {
        "by": check.by,
        "at": check.at.isoformat(timespec="seconds"),
        "answers": dict(check.answers),
        "comment": check.comment,
        "score": check.score,
        "breached": list(check.breached),
        "passed": passes(hub, check),
    }


def waiting_freezes(hub: Hub) -> list[dict[str, Any]]:
    """Return the requests that wait for a second person, oldest first, masked."""
    with hub.store.transaction() as uow:
        found = uow.freezes(status=FreezeStatus.POLICE_REVIEW)
    return [mask_freeze(freeze_view(request)) for request in reversed(found)]


def freeze_in_full(hub: Hub, request_id: str) -> dict[str, Any]:
    """Return a whole request, unmasked, with what a second person must know. Raises: NotFoundError.

    Keys: freeze, stops (earlier ones on the account, with the end of their holds), decisions, call (masked, or None).
    """
    with hub.store.transaction() as uow:
        request = uow.freeze(request_id)
        stops = uow.freezes_on_account(request.fields.payee_account)
        decisions = uow.freeze_decisions(request_id)
        call = uow.call(request.call_id) if request.call_id else None
    return {
        "freeze": freeze_view(request),
        "stops": [_stop_view(stop) for stop in stops if stop.id != request.id],
        "decisions": [{**asdict(decision), "at": decision.at.isoformat()} for decision in decisions],
        "call": mask_call(call_view(call)) if call else None,
    }


def _stop_view(stop: FreezeRequest) -> dict[str, Any]:
    view = freeze_view(stop)
    return {name: view[name] for name in ("id", "status", "receipt", "stopped_at", "hold_expires_at")}


def _segments(uow: UnitOfWork, segments: list[Segment], masked: bool) -> list[dict[str, Any]]:
    """Return the segments as they read now; `heard` is what was recognised where a person corrected it."""
    if not segments:
        return []
    call_id = segments[0].call_id
    heard = {segment.id: segment for segment in uow.heard_segments(call_id)}
    newest = {correction.segment_id: correction for correction in uow.segment_corrections(call_id)}
    show = mask_spoken if masked else dict
    views = []
    for segment in segments:
        correction = newest.get(segment.id)
        view = show(spoken_view(segment))
        if correction:
            original = show(spoken_view(heard[segment.id]))
            view["heard"] = {"text": original["text"], "channel": original["channel"]}
            view["corrected"] = {"by": correction.by, "at": correction.at.isoformat()}
        views.append(view)
    return views


def _questions_after_s(hub: Hub, call_id: str) -> float | None:
    """Return after how many seconds both safety questions had an answer; None when they never had."""
    with hub.store.transaction() as uow:
        started_at = uow.call(call_id).started_at
    for event in hub.store.events_after(call_id, 0, EVENTS_READ):
        if event.type is EventType.FACTS and None not in (event.data["money_gone"], event.data["being_coached"]):
            return round((event.at - started_at).total_seconds(), 1)
    return None
