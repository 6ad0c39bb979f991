"""What a payment-stop request is prefilled with: the times that callers name are those of the centre's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hotline.domain.call import Call
from hotline.domain.segment import Segment
from hotline.entities import extract_segments
from hotline.freeze_draft import draft, resolve_time
from hotline.handlers import parse_freeze_fields

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVENING_UTC = datetime(2026, 11, 30, 19, 30, tzinfo=UTC)
"""Half past three in the morning of 1 December in Shanghai."""


@pytest.mark.parametrize(
    "said, expected",
    [
        ("昨天14:20", "2026-11-30T14:20+08:00"),
        ("今天02:05", "2026-12-01T02:05+08:00"),
        ("前天23:59", "2026-11-29T23:59+08:00"),
        ("11月30日08:00", "2026-11-30T08:00+08:00"),
        ("今天15:20", None),
        ("昨天", None),
    ],
)
def test_a_time_is_of_the_callers_clock_and_never_to_come(said: str, expected: str | None) -> None:
    moment = resolve_time(said, EVENING_UTC.astimezone(SHANGHAI))
    assert (moment.isoformat(timespec="minutes") if moment else None) == expected


def test_the_draft_takes_the_centres_time_zone_wherever_the_server_stands() -> None:
    text = "昨天下午两点二十分转了四万八千六百块钱。"
    segment = Segment("s1", "c1", "caller", text, text, 0.0, 5.0)
    call = Call("c1", "demo", EVENING_UTC)
    found = draft(call, extract_segments([segment]), [segment], SHANGHAI)
    assert found["transfer_time"]["value"] == "2026-11-30T14:20+08:00"
    assert found["amount_fen"]["value"] == 4_860_000


def test_a_form_without_an_offset_is_of_the_centres_time_zone() -> None:
    form = {"payee_account": "6217003810026894579", "payee_name": "周文斌", "amount_fen": 100}
    fields = parse_freeze_fields({**form, "transfer_time": "2026-11-30T14:20"}, SHANGHAI)
    assert fields.transfer_time == datetime(2026, 11, 30, 6, 20, tzinfo=UTC)
