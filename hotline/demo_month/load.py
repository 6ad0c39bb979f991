"""Stores the demonstration month, each call whole or not at all; a second load adds nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hotline import handlers
from hotline.commands import StartCall
from hotline.demo_month.aftermath import after_call
from hotline.demo_month.audio import SampleVoices
from hotline.demo_month.people import ensure_colleagues
from hotline.demo_month.story import NAMESPACE, Story, stories
from hotline.domain.call import CallState, SafetyFacts
from hotline.domain.risk import Prediction
from hotline.domain.segment import Channel, Segment, Turn
from hotline.errors import ModelError, NotFoundError
from hotline.events import EventType
from hotline.hub import Hub
from hotline.numbers import normalise
from hotline.ports import UnitOfWork
from hotline.predicting import record_prediction
from hotline.views import segment_view
from hotline.word_times import retimed

HEARD = (0.5, 1.0)
"""Shares of a call's turns after which the classifier is asked."""
BATCH = 16
ENGINE = "demo"


class MonthClock:
    """The clock of the store while the month is loaded: it stands where the story is."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.real = now
        self.now: datetime | None = None

    def __call__(self) -> datetime:
        """Return the story's moment, else the real one."""
        return self.now or self.real()


@dataclass(frozen=True)
class Loaded:
    """What a load added, and what was there."""

    added: int
    there: int
    recordings: int


def load_month(hub: Hub, clock: MonthClock, calls_file: Path, report: Callable[[int, int], None]) -> Loaded:
    """Store what is missing of the month. `report` is told (done, total). Raises: ModelError without a classifier."""
    if hub.classifier is None:
        raise ModelError("没有分类模型", expected="随附模型", found=hub.classifier_reason, remedy="检查安装")
    told = stories(calls_file)
    with hub.store.transaction() as uow:
        ensure_colleagues(uow)
        missing = [story for story in told if not _is_there(uow, story)]
    today = clock.real().astimezone(ZoneInfo(hub.config["time_zone"])).replace(minute=0, second=0, microsecond=0)
    voices = SampleVoices() if any(story.clips for story in missing) else None
    for start in range(0, len(missing), BATCH):
        part = missing[start : start + BATCH]
        for story, predictions in zip(part, _predicted(hub, part), strict=True):
            if voices and story.clips:
                voices.record(story, hub.recordings)
            with hub.store.transaction() as uow:
                _store(hub, uow, clock, story, today, predictions)
            clock.now = None
        report(min(start + BATCH, len(missing)), len(missing))
    recordings = sum(bool(story.clips) for story in missing)
    return Loaded(len(missing), len(told) - len(missing), recordings)


def _is_there(uow: UnitOfWork, story: Story) -> bool:
    try:
        uow.call(story.id)
    except NotFoundError:
        return False
    return True


def _heard(story: Story) -> list[Sequence[Turn]]:
    turns = [said.turn for said in story.said]
    return [turns[: max(2, round(share * len(turns)))] for share in HEARD]


def _predicted(hub: Hub, part: Sequence[Story]) -> list[list[Prediction]]:
    """Return the predictions after each share of each call."""
    assert hub.classifier is not None
    flat = hub.classifier.predict([turns for story in part for turns in _heard(story)])
    return [flat[len(HEARD) * n : len(HEARD) * (n + 1)] for n in range(len(part))]


def _store(
    hub: Hub, uow: UnitOfWork, clock: MonthClock, story: Story, today: datetime, predictions: Sequence[Prediction]
) -> None:
    begun = (today - timedelta(days=story.days_ago)).replace(hour=story.hour, minute=story.minute)
    clock.now = begun
    number = f"139{(story.number * 7_919_371) % 10**8:08d}"
    handlers.start_call_in(uow, hub, StartCall("file" if story.clips else "demo", story.operator_id, number), story.id)
    segments = _segments(story)
    for said, segment in zip(story.said, segments, strict=True):
        clock.now = begun + timedelta(seconds=said.end_s)
        uow.add_segment(segment)
        uow.append_event(story.id, EventType.SEGMENT, {"segment": segment_view(segment)})
    handlers.refresh_entities(uow, story.id)
    for turns, prediction in zip(_heard(story), predictions, strict=True):
        clock.now = begun + timedelta(seconds=segments[len(turns) - 1].end_s + 0.2)
        record_prediction(uow, story.id, segments[: len(turns)], prediction)
    _end(uow, clock, story)
    after_call(hub, uow, clock, story, predictions[-1])


def _segments(story: Story) -> list[Segment]:
    found = []
    for index, said in enumerate(story.said):
        text = said.turn.text
        found.append(
            Segment(
                id=str(uuid.uuid5(NAMESPACE, f"segment-{story.number}-{index}")),
                call_id=story.id,
                channel=Channel(said.turn.speaker),
                text=text,
                normalised=normalise(text),
                start_s=said.start_s,
                end_s=said.end_s,
                confidence=0.95,
                words=retimed((), text, said.start_s, said.end_s),
                engine=ENGINE,
            )
        )
    return found


def _end(uow: UnitOfWork, clock: MonthClock, story: Story) -> None:
    """Answer the two questions as the caller told them, and end the call."""
    assert clock.now is not None
    facts = SafetyFacts(story.money_gone, story.coached) if story.chance < 0.9 else SafetyFacts()
    call = uow.call(story.id).answering(facts)
    uow.append_event(story.id, EventType.FACTS, asdict(facts))
    duration_s = story.said[-1].end_s + 2.0
    clock.now = call.started_at + timedelta(seconds=duration_s)
    state = CallState.INTERRUPTED if 0.5 < story.chance < 0.51 else CallState.ENDED
    uow.save_call(replace(call, state=state, ended_at=clock.now, duration_s=duration_s))
    uow.append_event(story.id, EventType.CALL_ENDED, {"state": state, "duration_s": duration_s})
