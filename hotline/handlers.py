"""What happens for each command: one function, one transaction. Handlers raise; they never publish by hand."""

from __future__ import annotations

import uuid
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hotline import commands
from hotline.domain.call import Call, CallState, SafetyFacts
from hotline.domain.entities import EntityType
from hotline.domain.freeze import (
    MAX_STOPS_PER_ACCOUNT,
    FreezeFields,
    FreezeRequest,
    FreezeStatus,
    validate,
)
from hotline.domain.risk import RiskLevel
from hotline.domain.segment import Segment, Transcript
from hotline.entities import extract_segments
from hotline.errors import InputError, StateError
from hotline.events import EventType
from hotline.homophones.mending import likely_said
from hotline.hub import Hub
from hotline.numbers import normalise
from hotline.ports import EngineInfo, UnitOfWork
from hotline.taxonomy import load_taxonomy
from hotline.views import call_view, entity_view, freeze_view, segment_view

AMENDABLE = (FreezeStatus.MISMATCH, FreezeStatus.SENT_BACK)
ALERT_LEVELS = (RiskLevel.HIGH, RiskLevel.URGENT)
CLOCK_SKEW = timedelta(minutes=1)
"""How far a browser's clock may run ahead of ours."""


def start_call(hub: Hub, command: commands.StartCall, *, actor: str = "") -> Call:
    """Open a call and say on it which recogniser will work."""
    with hub.store.transaction() as uow:
        return start_call_in(uow, hub, command, str(uuid.uuid4()), actor)


def start_call_in(uow: UnitOfWork, hub: Hub, command: commands.StartCall, call_id: str, actor: str = "") -> Call:
    """Open a call within a transaction; `actor` is who asked, where it was not the operator."""
    call = Call(
        id=call_id,
        source=command.source,
        started_at=hub.clock(),
        operator_id=command.operator_id,
        caller_number=command.caller_number,
        external_id=command.external_id,
        direction=command.direction,
        layout=command.layout,
        model_version=uow.current_model(),
        engine="" if hub.recognizer is None else hub.recognizer_info.engine,
    )
    uow.add_call(call)
    uow.append_event(call.id, EventType.CALL_STARTED, {"call": call_view(call)})
    if hub.classifier is None:
        data = {"state": "unavailable", "version": "", "reason": hub.classifier_reason}
        uow.append_event(call.id, EventType.CLASSIFIER, data)
    uow.audit(actor or command.operator_id or "system", "call.start", call.id, command.source)
    return call


def end_call(hub: Hub, command: commands.EndCall, duration_s: float | None = None) -> Call:
    """Close a live call. Raises: NotFoundError, StateError."""
    now = hub.clock()
    with hub.store.transaction() as uow:
        call = uow.call(command.call_id)
        seconds = (now - call.started_at).total_seconds() if duration_s is None else duration_s
        call = call.ended(CallState.ENDED, now, seconds)
        uow.save_call(call)
        uow.append_event(call.id, EventType.CALL_ENDED, {"state": call.state, "duration_s": seconds})
        uow.audit(command.actor, "call.end", call.id)
    return call


def answer_facts(hub: Hub, command: commands.AnswerFacts) -> Call:
    """Record the answers to the two safety questions; a yes may raise the risk level."""
    facts = SafetyFacts(command.money_gone, command.being_coached)
    with hub.store.transaction() as uow:
        before = uow.call(command.call_id)
        call = before.answering(facts)
        uow.save_call(call)
        uow.append_event(call.id, EventType.FACTS, asdict(facts))
        alert_if_risen(uow, before, call, ("operator_facts",))
        uow.audit(command.actor, "call.facts", call.id)
    return call


def correct_label(hub: Hub, command: commands.CorrectLabel) -> Call:
    """Let the operator's label stand on the call and keep it as training data. Raises: InputError."""
    if command.label not in load_taxonomy().codes:
        raise InputError(
            "没有这个诈骗类型",
            expected="、".join(load_taxonomy().codes),
            found=command.label[:40],
            remedy="请从列表中选择",
        )
    with hub.store.transaction() as uow:
        before = uow.call(command.call_id)
        latest = uow.latest_prediction(command.call_id)
        uow.save_call(before.corrected(command.label))
        uow.add_correction(before.id, command.actor, command.label, latest.label if latest else None)
        uow.append_event(before.id, EventType.LABEL_CORRECTED, {"label": command.label, "by": command.actor})
        uow.audit(command.actor, "call.label", before.id, command.label)
        return uow.call(before.id)


def add_note(hub: Hub, command: commands.AddNote) -> None:
    """Append a line to the call's note. Raises: InputError when it is empty or above 2,000 characters."""
    text = _checked_text(command.text)
    with hub.store.transaction() as uow:
        call = uow.call(command.call_id)
        uow.save_call(replace(call, note=f"{call.note}\n{text}".strip()))
        uow.append_event(call.id, EventType.NOTE, {"text": text})


def type_segment(hub: Hub, command: commands.TypeSegment) -> Segment:
    """Store words that the operator typed, as if they had been recognised now."""
    text = _checked_text(command.text)
    with hub.store.transaction() as uow:
        call = uow.call(command.call_id)
    now_s = (hub.clock() - call.started_at).total_seconds()
    transcript = Transcript(command.channel, text, now_s, now_s, is_final=True)
    return record_segment(hub, call.id, transcript, engine="typed")


def segment_of(hub: Hub, call_id: str, transcript: Transcript, engine: str) -> Segment:
    """Return a final transcript as a segment of a call; beside the original what was likely said, numbers as digits."""
    return Segment(
        id=str(uuid.uuid4()),
        call_id=call_id,
        channel=transcript.channel,
        text=transcript.text,
        normalised=normalise(likely_said(transcript.text, engine, hub.config)),
        start_s=transcript.start_s,
        end_s=transcript.end_s,
        confidence=transcript.confidence,
        words=transcript.words,
        engine=engine,
    )


def record_segment(hub: Hub, call_id: str, transcript: Transcript, engine: str) -> Segment:
    """Store a final transcript with the entities that the call now has, then ask for a prediction."""
    segment = segment_of(hub, call_id, transcript, engine)
    with hub.store.transaction() as uow:
        uow.add_segment(segment)
        uow.append_event(call_id, EventType.SEGMENT, {"segment": segment_view(segment)})
        refresh_entities(uow, call_id)
    hub.decider.request(call_id)
    return segment


def refresh_entities(uow: UnitOfWork, call_id: str) -> None:
    """Read the call's facts again from what was said; the money at risk follows until the wrap-up says it."""
    segments = uow.segments(call_id)
    entities = extract_segments(segments)
    if entities == uow.entities(call_id):
        return
    uow.replace_entities(call_id, entities)
    if uow.wrap_up(call_id) is None:
        heard_yuan = (int(entity.value) for entity in entities if entity.type is EntityType.AMOUNT)
        uow.note_at_risk(call_id, 100 * max(heard_yuan, default=0))
    views = [entity_view(entity, segments) for entity in entities]
    uow.append_event(call_id, EventType.ENTITIES, {"entities": views})


def report_recognizer(hub: Hub, call_id: str, state: str, info: EngineInfo, reason: str) -> None:
    """Tell the call's console how recognition is doing: ok, restarting, unavailable, refused (too many calls) or off."""
    data = {"state": state, "engine": info.engine, "model": info.model, "reason": reason}
    with hub.store.transaction() as uow:
        uow.append_event(call_id, EventType.RECOGNIZER, data)


def report_gap(hub: Hub, call_id: str, channel: str, start_s: float, end_s: float) -> None:
    """Show on the transcript that audio was lost."""
    with hub.store.transaction() as uow:
        data = {"channel": channel, "start_s": start_s, "end_s": end_s}
        uow.append_event(call_id, EventType.AUDIO_GAP, data)


def request_freeze(hub: Hub, command: commands.RequestFreeze) -> FreezeRequest:
    """Commit a payment-stop request with its outbox row; the dispatcher sends it at once.

    A repeated click (the same request id) returns the stored request and sends nothing again.
    Where the settings ask for a second person it waits for one first.
    Raises: InputError for missing fields, StateError when the account was stopped twice already.
    """
    now = hub.clock()
    validate(command.fields, now + CLOCK_SKEW)
    draft = FreezeRequest(command.request_id, command.call_id, command.actor, now, command.fields)
    request = draft.moved_to(FreezeStatus.CONFIRMED, now)
    if needs_second_person(hub, command.fields):
        request = request.moved_to(FreezeStatus.POLICE_REVIEW, now)
    with hub.store.transaction() as uow:
        check_account_limit(uow, command.fields.payee_account)
        if not uow.add_freeze(request):
            return uow.freeze(command.request_id)
        if request.status is FreezeStatus.CONFIRMED:
            uow.enqueue("freeze", request.id, now)
        if command.call_id:
            uow.append_event(command.call_id, EventType.FREEZE, {"freeze": freeze_view(request)})
        uow.audit(command.actor, "freeze.request", request.id)
    wake_dispatcher(hub)
    return request


def needs_second_person(hub: Hub, fields: FreezeFields) -> bool:
    """Say whether the settings ask for a second person before a request of this amount goes out."""
    least_yuan = hub.config["freeze_second_person_yuan"]
    return least_yuan != "" and fields.amount_fen >= 100 * float(least_yuan)


def check_account_limit(uow: UnitOfWork, account: str) -> None:
    """Raises: StateError when the account was stopped as often as the rules allow."""
    if uow.stops_of_account(account) >= MAX_STOPS_PER_ACCOUNT:
        raise StateError(
            "该账户已止付两次，不能再次止付",
            expected=f"同一账户最多 {MAX_STOPS_PER_ACCOUNT} 次",
            found="已达上限",
            remedy="请转民警办理冻结",
        )


def amend_freeze(hub: Hub, command: commands.AmendFreeze) -> FreezeRequest:
    """Send a corrected request in place of one that did not match or was sent back. Raises: StateError otherwise."""
    with hub.store.transaction() as uow:
        old = uow.freeze(command.replaces)
    if old.status not in AMENDABLE:
        raise StateError(
            "只有信息不符或被退回的申请可以更正",
            expected="、".join(AMENDABLE),
            found=old.status,
            remedy="请刷新页面",
        )
    fresh = commands.RequestFreeze(command.request_id, old.call_id, command.actor, command.fields)
    return request_freeze(hub, fresh)


def retry_freeze(hub: Hub, request_id: str, actor: str) -> FreezeRequest:
    """Send a request again that was given up. Raises: StateError unless it has failed."""
    now = hub.clock()
    with hub.store.transaction() as uow:
        stored = uow.freeze(request_id)
        check_account_limit(uow, stored.fields.payee_account)
        if stored.status is not FreezeStatus.FAILED:
            raise StateError("只有发送失败的申请可以重发", expected="failed", found=stored.status, remedy="请刷新页面")
        request = uow.save_freeze(stored.moved_to(FreezeStatus.CONFIRMED, now))
        uow.enqueue("freeze", request.id, now)
        if request.call_id:
            uow.append_event(request.call_id, EventType.FREEZE, {"freeze": freeze_view(request)})
        uow.audit(actor, "freeze.retry", request.id)
    wake_dispatcher(hub)
    return request


def parse_freeze_fields(form: dict[str, Any], zone: ZoneInfo) -> FreezeFields:
    """Read the fields of a request from JSON; a time without an offset is of `zone`.

    Raises: InputError naming the field that is wrong.
    """
    known = FreezeFields.__dataclass_fields__
    values: dict[str, Any] = {name: str(form.get(name) or "").strip() for name in known}
    try:
        values["amount_fen"] = int(form.get("amount_fen") or 0)
    except (TypeError, ValueError):
        raise InputError("金额不对", expected="以分为单位的整数", found="不是整数", remedy="请重新填写金额") from None
    try:
        moment = datetime.fromisoformat(values["transfer_time"]) if values["transfer_time"] else None
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if moment is None:
        raise InputError("转账时间不对", expected="年-月-日 时:分", found="空或无法识别", remedy="请重新填写转账时间")
    values["transfer_time"] = moment
    values["payee_account"] = values["payee_account"].replace(" ", "")
    values["payer_account"] = values["payer_account"].replace(" ", "")
    return FreezeFields(**values)


def _checked_text(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= 2000:
        raise InputError("文字长度不对", expected="1 到 2000 字", found=f"{len(text)} 字", remedy="请修改后再提交")
    return text


def alert_if_risen(uow: UnitOfWork, before: Call, after: Call, reasons: tuple[str, ...]) -> None:
    """Put an alert on the call when its risk rose to a level that needs one."""
    if after.risk != before.risk and after.risk in ALERT_LEVELS:
        data = {"level": after.risk, "label": after.label, "reasons": list(reasons)}
        uow.append_event(after.id, EventType.ALERT, data)


def wake_dispatcher(hub: Hub) -> None:
    if hub.dispatcher:
        hub.dispatcher.wake()
