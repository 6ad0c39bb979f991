"""Finding calls by what was said and by their facts, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig

from hotline.bootstrap import utc_now
from hotline.buses.local import LocalBus
from hotline.domain.call import Call, CallState, Disposition
from hotline.domain.review import SegmentCorrection
from hotline.domain.risk import RiskLevel
from hotline.domain.segment import Segment
from hotline.errors import InputError
from hotline.search_ports import CallFilter
from hotline.stores import SqlStore, migrate, search
from hotline.stores import migrate as migrate_module
from hotline.stores.engine import make_engine

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TEXTS = {
    "c1": ["喂，客服说我的账户被冻结了", "卡号是六二二二零二", "让我下载会议App，叫ZOOM"],
    "c2": ["我想问一下养老金怎么领", "不用转账吧"],
    "c3": ["他让我转账到安全账户", "转了四万五"],
}
NORMALISED = {"卡号是六二二二零二": "卡号是622202", "转了四万五": "转了45000"}


def fill(store: SqlStore) -> None:
    with store.transaction() as uow:
        for number, (call_id, texts) in enumerate(TEXTS.items()):
            uow.add_call(Call(call_id, "file", NOW + timedelta(days=number), operator_id="u1"))
            for position, text in enumerate(texts):
                normalised = NORMALISED.get(text, text)
                uow.add_segment(
                    Segment(f"{call_id}-{position}", call_id, "caller", text, normalised, position, position)
                )


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    migrate(database_url)
    store = SqlStore(database_url, LocalBus(), utc_now)
    fill(store)
    yield store
    store.close()


def found(store: SqlStore, **wanted: Any) -> dict[str, list[str]]:
    with store.transaction() as uow:
        return {row.call.id: [s.id for s in row.segments] for row in uow.find_calls(CallFilter(**wanted)).found}


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("转账", {"c3": ["c3-0"], "c2": ["c2-1"]}),
        ("安全账户", {"c3": ["c3-0"]}),
        ("账户", {"c3": ["c3-0"], "c1": ["c1-0"]}),
        ("622202", {"c1": ["c1-1"]}),
        ("六二二二", {"c1": ["c1-1"]}),
        ("45000", {"c3": ["c3-1"]}),
        ("zoom", {"c1": ["c1-2"]}),
        ("ＺＯＯＭ", {"c1": ["c1-2"]}),
        ("转", {"c3": ["c3-1", "c3-0"], "c2": ["c2-1"]}),
        ("了", {"c3": ["c3-1"], "c1": ["c1-0"]}),
        ("账户 转账", {"c3": ["c3-0"]}),
        ("户账", {}),
        ("不存在的话", {}),
        ("', \" OR 1=1 --*", {}),
    ],
)
def test_words_are_found_wherever_they_stand(store: SqlStore, text: str, hits: dict[str, list[str]]) -> None:
    assert found(store, text=text) == hits


def test_the_newest_call_comes_first(store: SqlStore) -> None:
    assert list(found(store)) == ["c3", "c2", "c1"]
    assert list(found(store, text="转账")) == ["c3", "c2"]


@pytest.mark.parametrize("text", ["，。！", "长" * 61])
def test_a_search_without_sense_is_refused(store: SqlStore, text: str) -> None:
    with pytest.raises(InputError):
        found(store, text=text)


def test_calls_are_filtered(store: SqlStore) -> None:
    with store.transaction() as uow:
        call = replace(
            uow.call("c1"),
            label="authority",
            risk=RiskLevel.HIGH,
            disposition=Disposition.DISSUADED,
            operator_id="u2",
            state=CallState.ENDED,
        )
        uow.save_call(call)
        uow.note_at_risk("c3", 4_500_000)
    for wanted in (
        {"label": "authority"},
        {"risk": "高"},
        {"disposition": "dissuaded"},
        {"operator_id": "u2"},
        {"state": "ended"},
        {"until": NOW + timedelta(days=1)},
        {"text": "账户", "label": "authority"},
        {"text": "账户", "risk": "高", "operator_id": "u2", "until": NOW + timedelta(days=1)},
        {"text": "账户", "until": NOW + timedelta(days=1)},
    ):
        assert list(found(store, **wanted)) == ["c1"], wanted
    assert list(found(store, since=NOW + timedelta(days=1))) == ["c3", "c2"]
    assert list(found(store, amount_yuan_from=45_000)) == ["c3"]
    assert found(store, amount_yuan_from=45_001) == {}
    assert list(found(store, text="账户", amount_yuan_from=45_000)) == ["c3"]
    assert list(found(store, text="账户", since=NOW + timedelta(days=1))) == ["c3"]
    assert found(store, text="转账", label="authority") == {}


def test_pages_follow_each_other(store: SqlStore) -> None:
    with store.transaction() as uow:
        for wanted in (CallFilter(text="账"), CallFilter(), CallFilter(operator_id="u1")):
            ids, cursor = [], ""
            for _ in TEXTS:
                page = uow.find_calls(wanted, limit=1, cursor=cursor)
                ids += [row.call.id for row in page.found]
                cursor = page.cursor
            assert (ids, cursor) == (["c3", "c2", "c1"], "")


def test_words_that_come_late_do_not_move_their_call(store: SqlStore) -> None:
    with store.transaction() as uow:
        uow.add_segment(Segment("c1-late", "c1", "caller", "账户的事", "账户的事", 9, 10))
        first = uow.find_calls(CallFilter(text="账户"), limit=1)
        second = uow.find_calls(CallFilter(text="账户"), limit=5, cursor=first.cursor)
    assert [row.call.id for row in first.found] == ["c3"]
    assert [(row.call.id, [s.id for s in row.segments]) for row in second.found] == [("c1", ["c1-late", "c1-0"])]


def test_calls_of_the_same_second_are_told_apart(store: SqlStore) -> None:
    with store.transaction() as uow:
        for number in range(300):
            uow.add_call(Call(f"same-{number}", "file", NOW + timedelta(days=9)))
            uow.add_segment(Segment(f"same-{number}-0", f"same-{number}", "caller", "同一秒", "同一秒", 0, 1))
        wanted, cursor, ids = CallFilter(text="同一秒"), "", []
        while page := uow.find_calls(wanted, limit=70, cursor=cursor):
            ids += [row.call.id for row in page.found]
            if not (cursor := page.cursor):
                break
    assert len(ids) == len(set(ids)) == 300


def test_many_calls_that_fit_are_looked_at_one_by_one(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW_CALLS", 2)
    assert list(found(store, text="账户", operator_id="u1")) == ["c3", "c1"]
    assert list(found(store, text="账户", operator_id="u1", until=NOW + timedelta(days=1))) == ["c1"]
    assert found(store, text="账户", operator_id="u2") == {}


@pytest.mark.parametrize("wanted", [CallFilter(), CallFilter(text="账户")])
def test_a_made_up_cursor_is_refused(store: SqlStore, wanted: CallFilter) -> None:
    with pytest.raises(InputError), store.transaction() as uow:
        uow.find_calls(wanted, cursor="x'; --")


def test_a_corrected_segment_is_found_by_its_new_words_only(store: SqlStore) -> None:
    with store.transaction() as uow:
        uow.add_segment_correction(SegmentCorrection("c2", "c2-1", "u9", NOW, "不用汇款吧", "operator", "不用汇款吧"))
    assert list(found(store, text="转账")) == ["c3"]
    assert list(found(store, text="汇款")) == ["c2"]
    with store.transaction() as uow:
        (row,) = uow.find_calls(CallFilter(text="汇款")).found
    assert [(s.text, s.channel) for s in row.segments] == [("不用汇款吧", "operator")]


def test_what_was_stored_before_the_search_is_found(database_url: str) -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(migrate_module.__code__.co_filename).parent / "migrations"))
    engine = make_engine(database_url)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
        for statement in (
            "INSERT INTO calls (id, owner, source, external_id, caller_number, state, engine, label_probability,"
            " label_source, pending_count, note, duration_s, started_at, last_seq) VALUES"
            " ('old', 'x', 'file', '', '', 'ended', '', 0, '', 0, '', 1, '2026-11-01 00:00:00', 0)",
            "INSERT INTO segments (id, call_id, channel, text, normalised, start_s, end_s, confidence, words, engine)"
            " VALUES ('s1', 'old', 'caller', '以前的通话', '以前的通话', 0, 1, 1, '[]', '')",
        ):
            connection.exec_driver_sql(statement)
        connection.commit()
    engine.dispose()
    migrate(database_url)
    store = SqlStore(database_url, LocalBus(), utc_now)
    fill(store)
    assert found(store, text="通话") == {"old": ["s1"]}
    assert list(found(store, text="转账")) == ["c3", "c2"]
    store.close()
