"""The drafted summary says nothing that the call does not hold; red lines are hinted at, warnings are not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hotline.domain.call import Call, CallState, SafetyFacts
from hotline.domain.freeze import FreezeFields, FreezeRequest, FreezeStatus
from hotline.domain.risk import RiskLevel
from hotline.domain.segment import Segment
from hotline.entities import extract_segments
from hotline.red_lines import find_red_lines
from hotline.wrap_up_draft import draft_summary, suggested_money

NOW = datetime(2026, 11, 24, 6, 2, tzinfo=UTC)
ZONE = timezone(timedelta(hours=8))
LINES = (
    ("operator", "您好，反诈专线"),
    ("caller", "有人说我涉嫌洗钱，我转了四万八千六到6217003810026894579"),
    ("operator", "6217003810026894579，对吗"),
    ("caller", "对，开户人叫周文斌，是建设银行的，还让我下载会议软件"),
)
SEGMENTS = [Segment(f"s{n}", "c1", who, text, text, 10.0 * n, 10.0 * n + 5) for n, (who, text) in enumerate(LINES)]
CALL = Call(
    "c1",
    "file",
    NOW,
    CallState.ENDED,
    "u1",
    label="authority",
    label_source="operator",
    risk=RiskLevel.HIGH,
    facts=SafetyFacts(True, None),
    duration_s=192,
    at_risk_fen=4_860_000,
)
FIELDS = FreezeFields("周文斌", "6217003810026894579", 4_860_000, NOW)
STOPPED = FreezeRequest("r1", "c1", "u1", NOW, FIELDS, FreezeStatus.STOPPED, "ZF1")


def draft(call: Call = CALL, freezes: tuple[FreezeRequest, ...] = (STOPPED,)) -> list[tuple[str, list[str]]]:
    clauses = draft_summary(call, extract_segments(SEGMENTS), SEGMENTS, freezes, ZONE)
    return [(clause.text, [source.kind for source in clause.sources]) for clause in clauses]


def test_the_draft_is_made_of_the_calls_facts_in_order() -> None:
    found = draft()
    assert found[:4] == [
        ("11月24日14:02来电，通话3分12秒。", ["call"]),
        ("疑似冒充公检法及政府机关（坐席认定）。", ["label"]),
        ("风险等级：高。", ["call"]),
        ("来电人已转账。", ["facts"]),
    ]
    assert found[-1] == ("止付申请48,600元：已止付，止付48,600元，回执ZF1。", ["freeze"])
    assert found == draft(), "the same call gives the same draft"


def test_every_heard_value_names_the_line_that_holds_it_and_no_number_is_whole() -> None:
    entities = extract_segments(SEGMENTS)
    clauses = draft_summary(CALL, entities, SEGMENTS, [], ZONE)
    heard = [clause for clause in clauses if clause.text.startswith("提到")]
    assert len(heard) >= 4
    for clause in heard:
        assert all(source.segment_id in {s.id for s in SEGMENTS} for source in clause.sources)
    text = "".join(clause.text for clause in clauses)
    assert "提到账号：621700*********4579（已复述）。" in text
    assert "周**" in text and "周文斌" not in text
    assert not re.search(r"\d{7,}", text)


def test_what_nobody_said_is_not_in_the_draft() -> None:
    silent = Call("c2", "manual", NOW, CallState.ENDED, duration_s=5)
    clauses = draft_summary(silent, [], [], [], ZONE)
    assert [clause.text for clause in clauses] == ["11月24日14:02来电，通话5秒。"]
    assert suggested_money(silent, []).at_risk_fen == 0


def test_money_is_suggested_from_what_banks_stopped() -> None:
    partly = FreezeRequest("r2", "c1", "u1", NOW, FIELDS, FreezeStatus.PARTLY_MOVED, stopped_amount_fen=1_000_000)
    mismatch = FreezeRequest("r3", "c1", "u1", NOW, FIELDS, FreezeStatus.MISMATCH)
    money = suggested_money(CALL, [partly, mismatch])
    assert (money.at_risk_fen, money.stopped_fen, money.prevented_fen) == (4_860_000, 1_000_000, 0)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("请您把验证码告诉我一下，念一下验证码", ["secret"]),
        ("您加我个人微信吧", ["wechat"]),
        ("放心，保证给您追回来", ["promise"]),
        ("您把钱先转到我们账户", ["transfer"]),
        ("请打开屏幕共享，共享一下屏幕", ["screen"]),
        ("不要告诉任何人验证码", []),
        ("他们是不是让您共享屏幕", []),
        ("我们不会让您把钱转到任何账户", []),
        ("我没有办法保证能追回", []),
    ],
)
def test_red_lines_are_found_and_warnings_passed_over(text: str, codes: list[str]) -> None:
    segment = Segment("s1", "c1", "operator", text, text, 1.0, 2.0)
    assert sorted({hint.code for hint in find_red_lines([segment])}) == codes
    caller = Segment("s1", "c1", "caller", text, text, 1.0, 2.0)
    assert find_red_lines([caller]) == []
