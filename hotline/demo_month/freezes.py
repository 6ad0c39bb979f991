"""Payment-stop requests of the month, in every state that a stored request can have."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from hotline.demo_month.people import REVIEWER
from hotline.demo_month.story import NAMESPACE, Story
from hotline.domain.freeze import FreezeFields, FreezeRequest, FreezeStatus
from hotline.domain.review import FreezeDecision
from hotline.events import EventType
from hotline.ports import UnitOfWork
from hotline.taxonomy import load_taxonomy
from hotline.views import freeze_view

HOLDERS = ("周文斌", "吴小莉", "郑海涛", "冯佳", "蒋国强", "韩雪梅", "唐志远", "许丽")
BANKS = ("工商银行", "农业银行", "建设银行", "中国银行", "招商银行", "邮储银行")
STOPPED = FreezeStatus.STOPPED
STATES = (
    STOPPED,
    FreezeStatus.MISMATCH,
    STOPPED,
    FreezeStatus.PARTLY_MOVED,
    STOPPED,
    FreezeStatus.ALREADY_OUT,
    STOPPED,
    FreezeStatus.REJECTED,
    STOPPED,
    FreezeStatus.FAILED,
    FreezeStatus.POLICE_REVIEW,
    FreezeStatus.SENT_BACK,
    FreezeStatus.SENT,
    FreezeStatus.CONFIRMED,
)
"""Taken in turn: most requests end in a stop."""
MESSAGES = {
    FreezeStatus.MISMATCH: "户名与账号不符",
    FreezeStatus.PARTLY_MOVED: "部分资金已转出，余额已止付",
    FreezeStatus.ALREADY_OUT: "资金已全部转出",
    FreezeStatus.REJECTED: "账户不属于本行",
    FreezeStatus.FAILED: "多次发送未获应答",
}
REVIEWED = (FreezeStatus.POLICE_REVIEW, FreezeStatus.SENT_BACK)


def stop_request(uow: UnitOfWork, story: Story, at: datetime) -> FreezeRequest:
    """Store the request of a call whose money has gone, moved to its state by legal steps, and return it."""
    status = STATES[len(uow.freezes(limit=10_000)) % len(STATES)]
    fields = FreezeFields(
        payee_name=HOLDERS[story.number % len(HOLDERS)],
        payee_account=card_number(story.number),
        amount_fen=story.amount_fen,
        transfer_time=at - timedelta(minutes=25),
        payee_bank=BANKS[story.number % len(BANKS)],
        channel="手机银行",
        scam_type=story.label,
        summary=f"来电人称遭遇{load_taxonomy().get(story.label).name}，已转账。",
    )
    request = FreezeRequest(
        str(uuid.uuid5(NAMESPACE, f"freeze-{story.number}")), story.id, story.operator_id, at, fields
    )
    for step in _steps(status):
        request = request.moved_to(step, at + timedelta(seconds=20))
    request = _answered(request, story, at)
    uow.add_freeze(request)
    if status is FreezeStatus.SENT_BACK:
        decided = at + timedelta(minutes=6)
        uow.add_freeze_decision(FreezeDecision(request.id, REVIEWER, decided, False, "请补充转账凭证"))
    uow.append_event(story.id, EventType.FREEZE, {"freeze": freeze_view(request)})
    return request


def card_number(number: int) -> str:
    """Return an invented card number of 19 digits that passes the Luhn check."""
    body = f"621700{(number * 48_271 + 96_110) % 10**12:012d}"
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return body + str(-total % 10)


def _steps(status: FreezeStatus) -> tuple[FreezeStatus, ...]:
    if status is FreezeStatus.CONFIRMED:
        return (FreezeStatus.CONFIRMED,)
    if status in REVIEWED:
        waiting = (FreezeStatus.CONFIRMED, FreezeStatus.POLICE_REVIEW)
        return waiting if status is FreezeStatus.POLICE_REVIEW else (*waiting, FreezeStatus.SENT_BACK)
    sent = (FreezeStatus.CONFIRMED, FreezeStatus.SENT)
    return sent if status is FreezeStatus.SENT else (*sent, status)


def _answered(request: FreezeRequest, story: Story, at: datetime) -> FreezeRequest:
    """Return the request with what the bank side said."""
    status = request.status
    stopped = {STOPPED: 1.0, FreezeStatus.PARTLY_MOVED: 0.4}.get(status, 0.0)
    moved_on = status in (FreezeStatus.PARTLY_MOVED, FreezeStatus.ALREADY_OUT)
    answered = status in MESSAGES or status is STOPPED
    return replace(
        request,
        message=MESSAGES.get(status, ""),
        stopped_amount_fen=round(story.amount_fen * stopped),
        stopped_at=at + timedelta(seconds=20) if stopped else None,
        receipt=f"ZF{at:%Y%m%d}{story.number:05d}" if answered else "",
        onward_account=card_number(story.number + 5000) if moved_on else "",
        attempts=0 if status in REVIEWED else 1,
    )
