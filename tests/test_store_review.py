"""What follows a call, on SQLite and on PostgreSQL: corrections, wrap-ups, checks, marks, decisions, totals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotline.bootstrap import utc_now
from hotline.buses.local import LocalBus
from hotline.domain.call import Call, Disposition
from hotline.domain.freeze import FreezeFields, FreezeRequest, FreezeStatus
from hotline.domain.review import (
    QA_ITEMS,
    Answer,
    FreezeDecision,
    LabelCorrection,
    QaReview,
    SegmentCorrection,
    TrainerMark,
)
from hotline.domain.segment import Segment, Word
from hotline.domain.wrap_up import Money, SideCode, WrapUp
from hotline.stores import SqlStore, migrate

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
HEARD = Segment("s1", "c1", "caller", "转了四万", "转了40000", 1.0, 2.0, words=(Word("转了", 1.0, 1.4, 0.8),))
CORRECTION = SegmentCorrection("c1", "s1", "u2", NOW, "没转四万", "operator", "没转40000", (Word("没转", 1.0, 1.4),))
FIELDS = FreezeFields("陈某", "6222021234567890123", 4_860_000, NOW)


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    yield from opened(database_url)


def opened(url: str) -> Iterator[SqlStore]:
    migrate(url)
    store = SqlStore(url, LocalBus(), utc_now)
    with store.transaction() as uow:
        for number, call_id in enumerate(("c1", "c2", "c3")):
            uow.add_call(Call(call_id, "file", NOW + timedelta(hours=number), label="loan" if number else None))
        uow.add_segment(HEARD)
    yield store
    store.close()


def test_a_correction_is_read_and_the_original_stays(store: SqlStore) -> None:
    again = replace(CORRECTION, by="u3", text="没有转", normalised="没有转", words=())
    with store.transaction() as uow:
        uow.add_segment_correction(CORRECTION)
        assert uow.segments("c1") == [CORRECTION.applied_to(HEARD)]
        uow.add_segment_correction(again)
    with store.transaction() as uow:
        assert uow.segments("c1")[0].text == "没有转"
        assert uow.heard_segments("c1") == [HEARD]
        assert uow.segment_corrections("c1") == [CORRECTION, again]


def test_a_label_names_who_chose_it_and_what_the_model_said(store: SqlStore) -> None:
    with store.transaction() as uow:
        uow.add_correction("c1", "u1", "loan", "credit")
        (found,) = uow.label_corrections("c1")
    assert found == LabelCorrection("c1", "u1", found.at, "loan", "credit")


def test_the_newest_wrap_up_counts_and_earlier_ones_stay(store: SqlStore) -> None:
    first = WrapUp("c1", "u1", NOW, Disposition.CONSULTED)
    second = WrapUp(
        "c1", "u1", NOW, Disposition.DISSUADED, (SideCode.CALL_BACK,), 2, Money(500, 400, 100, 50), "备注", "摘要"
    )
    with store.transaction() as uow:
        assert uow.wrap_up("c1") is None
        uow.add_wrap_up(first, "2026-11-24", 16)
        uow.add_wrap_up(second, "2026-11-24", 16)
    with store.transaction() as uow:
        assert uow.wrap_up("c1") == second
        assert uow.wrap_ups("c1") == [first, second]
        assert uow.call("c1").at_risk_fen == 500
        uow.save_call(replace(uow.call("c1"), at_risk_fen=0))
        assert uow.call("c1").at_risk_fen == 500
        (total,) = uow.totals_by_day("2026-11-24", "2026-11-24")
        assert (total.disposition, total.calls, total.persons) == ("dissuaded", 1, 2)


def test_totals_keep_days_hours_types_and_moneys_apart(store: SqlStore) -> None:
    money = Money(1000, 600, 300, 100)
    with store.transaction() as uow:
        uow.add_wrap_up(WrapUp("c1", "u1", NOW, Disposition.DISSUADED, money=money), "2026-11-23", 9)
        uow.add_wrap_up(WrapUp("c2", "u1", NOW, Disposition.DISSUADED, persons=3, money=money), "2026-11-24", 10)
        uow.add_wrap_up(WrapUp("c3", "u1", NOW, Disposition.REPORTED), "2026-11-24", 11)
    with store.transaction() as uow:
        days = uow.totals_by_day("2026-11-01", "2026-11-30")
        assert [(t.key, t.disposition, t.persons) for t in days] == [
            ("2026-11-23", "dissuaded", 1),
            ("2026-11-24", "dissuaded", 3),
            ("2026-11-24", "reported", 1),
        ]
        assert days[1].money == money
        assert [t.key for t in uow.totals_by_hour("2026-11-24")] == ["10", "11"]
        labels = uow.totals_by_label("2026-11-24", "2026-11-24")
        assert [(t.key, t.disposition, t.calls) for t in labels] == [("loan", "dissuaded", 1), ("loan", "reported", 1)]
        assert [t.key for t in uow.totals_by_label("2026-11-23", "2026-11-23")] == [""]
        assert uow.count_calls(NOW, NOW + timedelta(hours=2)) == 2


def test_a_call_is_sent_to_the_trainer_once(store: SqlStore) -> None:
    mark = TrainerMark("c1", "u2", NOW, "类型有误")
    with store.transaction() as uow:
        assert uow.send_to_trainer(mark)
        assert not uow.send_to_trainer(replace(mark, by="u3"))
        assert uow.send_to_trainer(TrainerMark("c2", "u2", NOW + timedelta(minutes=1)))
        assert uow.trainer_mark("c1") == mark
        assert [m.call_id for m in uow.trainer_marks()] == ["c2", "c1"]
        assert [m.call_id for m in uow.trainer_marks(before=NOW + timedelta(minutes=1))] == ["c1"]


def test_quality_checks_come_back_in_order(store: SqlStore) -> None:
    review = QaReview("c1", "u2", NOW, dict.fromkeys(QA_ITEMS, Answer.YES), "好")
    failed = replace(review, answers={**review.answers, "red_lines": Answer.NO})
    with store.transaction() as uow:
        uow.add_qa_review(review)
        uow.add_qa_review(failed)
        assert uow.qa_reviews("c1") == [review, failed]


def test_waiting_requests_are_found_and_decisions_kept(store: SqlStore) -> None:
    request = FreezeRequest("r1", "c1", "u1", NOW, FIELDS, status=FreezeStatus.POLICE_REVIEW)
    decision = FreezeDecision("r1", "u2", NOW, False, "金额与凭证不符")
    with store.transaction() as uow:
        uow.add_freeze(request)
        uow.add_freeze(replace(request, id="r2", call_id=None, status=FreezeStatus.STOPPED))
        assert [r.id for r in uow.freezes(status=FreezeStatus.POLICE_REVIEW)] == ["r1"]
        assert [r.id for r in uow.freezes_on_account(FIELDS.payee_account)] == ["r2"]
        uow.add_freeze_decision(decision)
        assert uow.freeze_decisions("r1") == [decision]
        assert uow.freeze_states(["c1", "c2"]) == {"c1": FreezeStatus.POLICE_REVIEW}
        assert uow.count_freezes(NOW, NOW + timedelta(days=1)) == {"police_review": 1, "stopped": 1}


def test_operators_get_their_own_calls_and_those_nobody_took(store: SqlStore) -> None:
    with store.transaction() as uow:
        uow.add_call(Call("mine", "file", NOW, operator_id="u1"))
        uow.add_call(Call("other", "file", NOW, operator_id="u2"))
        assert {call.id for call in uow.calls(of_operator="u1")} == {"c1", "c2", "c3", "mine"}
        uow.add_freeze(FreezeRequest("r1", "other", "u2", NOW, FIELDS))
        assert [call.id for call in uow.calls(with_freeze=True)] == ["other"]
