"""What people do after a call of the month: corrections, requests, wrap-up, quality check, labels."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hotline.demo_month.freezes import stop_request
from hotline.demo_month.people import SUPERVISOR, TRAINERS
from hotline.demo_month.story import Story
from hotline.domain.call import Disposition
from hotline.domain.freeze import FreezeRequest, FreezeStatus
from hotline.domain.labels import CallLabel
from hotline.domain.review import QA_ITEMS, RED_LINES, Answer, QaReview, TrainerMark
from hotline.domain.risk import Prediction
from hotline.domain.wrap_up import Money, SideCode, WrapUp
from hotline.events import EventType
from hotline.hub import Hub
from hotline.ports import UnitOfWork
from hotline.taxonomy import load_taxonomy
from hotline.views import wrap_up_view

CORRECTS = 0.8
"""Share of wrong labels that the operator notices."""
CHECK_EVERY, LABEL_EVERY, TWICE_EVERY, SEND_EVERY = 9, 4, 3, 40
DIFFERS = 0.15
"""Share of second labels that differ."""


def after_call(hub: Hub, uow: UnitOfWork, clock: Any, story: Story, last: Prediction) -> None:
    """Store what follows the call. `clock` stands at its end and is moved on."""
    ended: datetime = clock.now
    rng = random.Random(story.number)
    corrected = last.label != story.label and story.chance < CORRECTS
    if corrected:
        uow.save_call(uow.call(story.id).corrected(story.label))
        uow.add_correction(story.id, story.operator_id, story.label, last.label)
        data = {"label": story.label, "by": story.operator_id}
        uow.append_event(story.id, EventType.LABEL_CORRECTED, data)
    request = stop_request(uow, story, ended) if story.is_fraud and story.money_gone else None
    clock.now = ended + timedelta(minutes=4)
    _wrap_up(hub, uow, clock, story, request, rng)
    clock.now = min(ended + timedelta(hours=5), clock.real())
    if story.number % CHECK_EVERY == 0:
        _check(uow, clock.now, story, rng)
    if (corrected and story.number % 3 == 0) or story.number % SEND_EVERY == 7:
        uow.send_to_trainer(TrainerMark(story.id, SUPERVISOR, clock.now, "请核对诈骗类型。"))
    if story.number % LABEL_EVERY == 1:
        _label(uow, clock, story, rng)


def _wrap_up(
    hub: Hub,
    uow: UnitOfWork,
    clock: Callable[[], datetime],
    story: Story,
    request: FreezeRequest | None,
    rng: random.Random,
) -> None:
    disposition, side_codes, money = _outcome(story, request, rng)
    if story.chance > 0.97:
        return
    wrap_up = WrapUp(story.id, story.operator_id, clock(), disposition, side_codes, 1, money, note="", summary="")
    wrap_up.check()
    local = uow.call(story.id).started_at.astimezone(ZoneInfo(hub.config["time_zone"]))
    uow.add_wrap_up(wrap_up, local.strftime("%Y-%m-%d"), local.hour)
    uow.save_call(replace(uow.call(story.id), disposition=disposition))
    uow.append_event(story.id, EventType.WRAP_UP, {"wrap_up": wrap_up_view(wrap_up)})


def _outcome(
    story: Story, request: FreezeRequest | None, rng: random.Random
) -> tuple[Disposition, tuple[SideCode, ...], Money]:
    """Return the main outcome, what else came of it, and the money."""
    amount = story.amount_fen
    if not story.is_fraud:
        if story.chance < 0.04:
            return Disposition.OTHER, (SideCode.MISDIAL,), Money()
        return (Disposition.GUIDED if story.chance > 0.85 else Disposition.CONSULTED), (), Money()
    if request is not None and request.status in (FreezeStatus.STOPPED, FreezeStatus.PARTLY_MOVED):
        stopped = request.stopped_amount_fen
        returned = stopped if rng.random() < 0.3 else 0
        money = Money(at_risk_fen=amount, stopped_fen=stopped, returned_fen=returned)
        return Disposition.INTERCEPTED, (SideCode.STOP_REQUESTED,), money
    if story.money_gone:
        asked = (SideCode.STOP_REQUESTED,) if request else ()
        return Disposition.GUIDED, (*asked, SideCode.POLICE), Money(at_risk_fen=amount)
    if story.chance < 0.2:
        return Disposition.REPORTED, (), Money()
    codes = (SideCode.VISIT,) if story.coached and story.chance > 0.8 else ()
    return Disposition.DISSUADED, codes, Money(at_risk_fen=amount, prevented_fen=amount)


def _check(uow: UnitOfWork, at: datetime, story: Story, rng: random.Random) -> None:
    answers = {}
    for item in QA_ITEMS:
        answers[item] = Answer.NO if rng.random() < (0.02 if item in RED_LINES else 0.15) else Answer.YES
        if item not in RED_LINES and rng.random() < 0.1:
            answers[item] = Answer.NOT_APPLICABLE
    review = QaReview(story.id, SUPERVISOR, at, answers, "")
    review.check()
    uow.add_qa_review(review)


def _label(uow: UnitOfWork, clock: Any, story: Story, rng: random.Random) -> None:
    """Let the first trainer label the call, and sometimes the second one, who now and then differs."""
    label = CallLabel(
        story.id,
        TRAINERS[0],
        label=story.label,
        money_gone=story.money_gone,
        coached=story.coached,
        unsure=rng.random() < 0.04,
        at=clock.now,
    )
    uow.add_label(label)
    if story.number // LABEL_EVERY % TWICE_EVERY == 0:
        codes = load_taxonomy().codes
        other = rng.choice(codes) if rng.random() < DIFFERS else story.label
        uow.add_label(replace(label, user_id=TRAINERS[1], label=other, unsure=False))
