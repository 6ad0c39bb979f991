"""Prefills a payment-stop request from what was heard; every value names the second it was said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hotline.domain.call import Call
from hotline.domain.entities import Entity, EntityType
from hotline.domain.segment import Segment

TRANSFER_WORDS = re.compile(
    r"[转汇付打]了|[转汇打]走|转出|[转打汇]给|[转打汇]过去|已经转|被转|交了|充了|[转打汇]的|[分点半刻\d]转"
)
NOT_YET = re.compile(r"以前|之前|再[转汇打付交]|还没|没有[转汇打]|让我[转汇打]|要我[转汇打]|准备|打算")
TIME_VALUE = re.compile(
    r"(?P<day>前天|昨天|今天|(?P<month>\d{1,2})月(?P<date>\d{1,2})日)?\D*?(?P<hour>\d{1,2}):(?P<minute>\d{2})"
)
DAYS_BACK = {"今天": 0, "昨天": 1, "前天": 2}


def draft(
    call: Call, entities: Sequence[Entity], segments: Sequence[Segment], zone: ZoneInfo
) -> dict[str, dict[str, Any]]:
    """Return `{field: {value, start_s, segment_id, text, warnings, confirmed}}` for the fields that were heard.

    Amounts are given in fen and times as ISO strings; callers speak of the clock in `zone`, wherever the server stands.
    """
    chosen: dict[str, dict[str, Any]] = {}
    for field, entity_type in (
        ("payee_account", EntityType.BANK_CARD),
        ("payee_name", EntityType.PERSON),
        ("payee_bank", EntityType.BANK),
    ):
        entity = _best(entities, entity_type)
        if entity:
            chosen[field] = _cell(entity, entity.value, segments)
    if "payee_account" not in chosen and (account := _best(entities, EntityType.ALIPAY)):
        chosen["payee_account"] = _cell(account, account.value, segments)
    if amount := _transferred_amount(entities, segments):
        chosen["amount_fen"] = _cell(amount, int(amount.value) * 100, segments)
    for entity in reversed([e for e in entities if e.type is EntityType.TIME]):
        moment = resolve_time(str(entity.value), call.started_at.astimezone(zone))
        if moment and _tells_of_paying(entity, segments):
            chosen["transfer_time"] = _cell(entity, moment.isoformat(timespec="minutes"), segments)
            break
    return chosen


def resolve_time(value: str, now: datetime) -> datetime | None:
    """Return the moment, in the time zone of `now`, that a heard time such as `今天15:20` means, never after `now`.

    None if it has no clock.
    """
    match = TIME_VALUE.search(value)
    if not match:
        return None
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 23 or minute > 59:
        return None
    day: date = now.date()
    if match["month"]:
        try:
            day = date(day.year, int(match["month"]), int(match["date"]))
        except ValueError:
            return None
    elif match["day"]:
        day -= timedelta(days=DAYS_BACK[match["day"]])
    moment = now.replace(year=day.year, month=day.month, day=day.day, hour=hour, minute=minute, second=0, microsecond=0)
    return moment if moment <= now else None


def _best(entities: Sequence[Entity], entity_type: EntityType) -> Entity | None:
    """Prefer a value that was read back, then one without warnings, then the latest."""
    candidates = [entity for entity in entities if entity.type is entity_type]
    return max(candidates, key=lambda e: (e.confirmed, not e.warnings, e.turn), default=None)


def _transferred_amount(entities: Sequence[Entity], segments: Sequence[Segment]) -> Entity | None:
    """Prefer an amount said with a word of paying in the same turn, then the largest."""
    amounts = [e for e in entities if e.type is EntityType.AMOUNT and "approximate" not in e.warnings]
    return max(amounts, key=lambda e: (_tells_of_paying(e, segments), e.confirmed, int(e.value)), default=None)


def _tells_of_paying(entity: Entity, segments: Sequence[Segment]) -> bool:
    """Say whether the turn speaks of money that was sent, and not of a deadline or of sending more."""
    text = segments[entity.turn].text if entity.turn < len(segments) else ""
    return bool(TRANSFER_WORDS.search(text)) and not NOT_YET.search(text)


def _cell(entity: Entity, value: object, segments: Sequence[Segment]) -> dict[str, Any]:
    return {
        "value": value,
        "start_s": entity.start_s,
        "segment_id": segments[entity.turn].id if entity.turn < len(segments) else None,
        "text": entity.text,
        "warnings": list(entity.warnings),
        "confirmed": entity.confirmed,
    }
