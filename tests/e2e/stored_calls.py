"""Finished and live calls in a data folder, so that pages for supervisors have something to show.

The words are the turns of the classifier's own calls; one call has the sample's recording.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from classifiers.dataset import read_calls
from hotline.bootstrap import build_bus, build_store, utc_now
from hotline.config import Config
from hotline.domain.call import Call, CallState, Disposition, SafetyFacts
from hotline.domain.freeze import FreezeFields, FreezeRequest, FreezeStatus
from hotline.domain.risk import RiskLevel
from hotline.domain.second_pass import SecondPass, changes_between
from hotline.domain.segment import Segment
from hotline.domain.wrap_up import Money, SideCode, WrapUp
from hotline.entities import extract_segments
from hotline.events import EventType
from hotline.numbers import normalise
from hotline.ports import UnitOfWork
from hotline.sample import SAMPLE_CALL
from hotline.sources.file import FileSource
from hotline.stores.recordings import WavRecordingStore
from hotline.taxonomy import NOT_FRAUD
from hotline.views import call_view, entity_view, segment_view
from hotline.word_times import retimed

HEARD_CALL = "00000000-0000-4000-8000-000000000001"
"""The call with a recording."""
COMPARED_CALL = "00000000-0000-4000-8000-000000000002"
"""The call that was heard twice."""
HEARD_LIVE = (
    ("caller", "你好我接到一个电话说我的快递丢了要给我赔钱"),
    ("caller", "他让我把三万块转到安全账户"),
    ("operator", "您先不要转账"),
)
HEARD_AGAIN = (HEARD_LIVE[0], ("caller", "他让我把四万块转到安全账户"), HEARD_LIVE[2])
"""As a recogniser without punctuation writes it."""
CHARACTER_S = 0.22
OUTCOMES = (*[Disposition.DISSUADED] * 4, *[Disposition.CONSULTED] * 5, Disposition.INTERCEPTED, Disposition.GUIDED,
            Disposition.REPORTED, Disposition.REPORTED, Disposition.OTHER)  # fmt: skip


def store_calls(data: Path, count: int, *, live: int = 0, waiting: int = 0) -> None:
    """Store finished calls over the last 30 days, live ones, and payment-stop requests that wait."""
    store = build_store(Config({"HOTLINE_DATA_DIR": str(data)}), build_bus())
    rng = random.Random(1)
    spoken = read_calls()
    now = utc_now()
    for number in range(count):
        source = spoken[number % len(spoken)]
        started = now - timedelta(minutes=90 + number * 30 * 24 * 60 / max(count, 1) * 0.98)
        call_id = HEARD_CALL if number == 0 else f"{number:08x}-0000-4000-8000-00000000feed"
        with store.transaction() as uow:
            _store_call(uow, call_id, source.label, [(t.speaker, t.text) for t in source.turns], started, rng)
            _wrap_up(uow, call_id, started, rng)
    if count:
        _record_sample(data, HEARD_CALL)
    for number in range(live):
        source = spoken[(7 * number + 3) % len(spoken)]
        with store.transaction() as uow:
            call_id = f"{number:08x}-0000-4000-8000-0000000011fe"
            turns = [(turn.speaker, turn.text) for turn in source.turns]
            _store_call(uow, call_id, source.label, turns, now - timedelta(seconds=40 + 97 * number), rng, live=True)
    for number in range(waiting):
        with store.transaction() as uow:
            _wait(uow, number, now - timedelta(minutes=2 + 3 * number))
    store.close()


def store_compared_call(data: Path) -> None:
    """Store a finished call with its second transcription, which heard another sum."""
    store = build_store(Config({"HOTLINE_DATA_DIR": str(data)}), build_bus())
    now = utc_now()
    with store.transaction() as uow:
        _store_call(uow, COMPARED_CALL, NOT_FRAUD, list(HEARD_LIVE), now - timedelta(minutes=5), random.Random(1))
        first = uow.segments(COMPARED_CALL)
        second = [
            replace(segment, id=f"{segment.id[:-2]}{place:02}", text=text, normalised=normalise(text), words=())
            for place, (segment, (_, text)) in enumerate(zip(first, HEARD_AGAIN, strict=True))
        ]
        facts = extract_segments(second)
        changes = changes_between(NOT_FRAUD, "ecommerce_cs", extract_segments(first), facts)
        heard = SecondPass(COMPARED_CALL, now, "whisper-base", tuple(second), tuple(facts), None, changes)
        uow.save_second_pass(heard)
    store.close()


def _store_call(
    uow: UnitOfWork, call_id: str, label: str, turns: list[tuple[str, str]], started: datetime, rng: random.Random,
    *, live: bool = False,
) -> None:  # fmt: skip
    segments, at = [], 1.0
    for place, (speaker, text) in enumerate(turns):
        end = at + len(text) * CHARACTER_S
        words = retimed((), text, at, end)
        segments.append(
            Segment(
                str(uuid.uuid5(uuid.NAMESPACE_OID, f"{call_id}/{place}")),
                call_id,
                speaker,
                text,
                normalise(text),
                at,
                end,
                0.9,
                words,
            )
        )
        at = end + 0.4
    risk = RiskLevel.LOW if label == NOT_FRAUD else rng.choice([RiskLevel.URGENT, RiskLevel.HIGH, RiskLevel.MEDIUM])
    facts = SafetyFacts(rng.random() < 0.3, rng.random() < 0.2)
    operator = "demo-operator"
    call = Call(call_id, "manual" if live else "file", started, CallState.LIVE, operator, "13900001234", label=label,
                label_probability=0.93, label_source="model", risk=risk, facts=facts)  # fmt: skip
    uow.add_call(call)
    uow.append_event(call_id, EventType.CALL_STARTED, {"call": call_view(call)})
    for segment in segments:
        uow.add_segment(segment)
        uow.append_event(call_id, EventType.SEGMENT, {"segment": segment_view(segment)})
    entities = extract_segments(segments)
    uow.replace_entities(call_id, entities)
    views = [entity_view(entity, segments) for entity in entities]
    uow.append_event(call_id, EventType.ENTITIES, {"entities": views})
    heard = [int(entity.value) for entity in entities if entity.type == "amount"]
    uow.note_at_risk(call_id, 100 * max(heard, default=0))
    if not live:
        uow.save_call(call.ended(CallState.ENDED, started + timedelta(seconds=at), at))
        uow.append_event(call_id, EventType.CALL_ENDED, {"state": "ended", "duration_s": at})


def _wrap_up(uow: UnitOfWork, call_id: str, started: datetime, rng: random.Random) -> None:
    call = uow.call(call_id)
    outcome = rng.choice(OUTCOMES)
    at_risk = call.at_risk_fen if outcome in (Disposition.DISSUADED, Disposition.INTERCEPTED) else 0
    stopped = at_risk // 2 if outcome is Disposition.INTERCEPTED else 0
    prevented = at_risk if outcome is Disposition.DISSUADED else 0
    codes = (SideCode.MISDIAL,) if outcome is Disposition.OTHER else ()
    money = Money(at_risk, prevented, stopped, stopped // 3)
    wrap_up = WrapUp(call_id, "demo-operator", started, outcome, codes, rng.choice([1, 1, 1, 2]), money)
    local = started.astimezone()
    uow.add_wrap_up(wrap_up, local.strftime("%Y-%m-%d"), local.hour)
    uow.save_call(replace(uow.call(call_id), disposition=outcome))


def _record_sample(data: Path, call_id: str) -> None:
    source = FileSource(SAMPLE_CALL, realtime=False)
    recording = WavRecordingStore(data / "recordings").open(call_id, source.channels, source.rate_hz)
    for frame in source.frames():
        recording.write(frame)  # type: ignore[arg-type]
    recording.close()


def _wait(uow: UnitOfWork, number: int, at: datetime) -> None:
    fields = FreezeFields("周文斌", "6217003810026894579", 4_860_000 + 1_250_000 * number, at, "建设银行",
                          "李明", "6222021234567890123", "工商银行", "手机银行", "2026112400017")  # fmt: skip
    request = FreezeRequest(f"{number:08x}-0000-4000-8000-00000000cafe", HEARD_CALL if number == 0 else None,
                            "demo-operator", at, fields, FreezeStatus.POLICE_REVIEW)  # fmt: skip
    uow.add_freeze(request)
