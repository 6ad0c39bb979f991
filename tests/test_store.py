"""The store's contract, on SQLite and on PostgreSQL."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import inspect, text

from hotline.bootstrap import utc_now
from hotline.buses.local import LocalBus
from hotline.domain.call import Call, CallState, SafetyFacts
from hotline.domain.entities import Entity, EntityType
from hotline.domain.freeze import FreezeFields, FreezeRequest, FreezeStatus
from hotline.domain.risk import EvidenceSpan, Prediction, RiskLevel
from hotline.domain.segment import Segment, Word
from hotline.errors import ConfigError, NotFoundError, StateError
from hotline.events import EventType
from hotline.ports import User
from hotline.stores import SqlStore, migrate
from hotline.stores.engine import make_engine
from hotline.stores.tables import metadata

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
CALL = Call("c1", "file", NOW, operator_id="u1", facts=SafetyFacts(money_gone=True))
FIELDS = FreezeFields("陈某", "6222021234567890123", 4_860_000, NOW)


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    migrate(database_url)
    store = SqlStore(database_url, LocalBus(), utc_now)
    with store.transaction() as uow:
        uow.add_call(CALL)
    yield store
    store.close()


def test_migrating_twice_is_harmless_and_matches_the_tables(database_url: str) -> None:
    migrate(database_url)
    migrate(database_url)
    engine = make_engine(database_url)
    found = inspect(engine)
    for table in metadata.sorted_tables:
        assert {c["name"] for c in found.get_columns(table.name)} == {c.name for c in table.columns}
        indexed = {index["name"] for index in found.get_indexes(table.name)}
        assert {index.name for index in table.indexes} <= indexed
    engine.dispose()


def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(ConfigError, match="mysql"):
        make_engine("mysql://x")


def test_a_call_with_all_that_belongs_to_it_comes_back_equal(store: SqlStore) -> None:
    segment = Segment(
        "s1", "c1", "caller", "转了四万八", "转了48000", 1.0, 2.5, 0.9, (Word("转了", 1.0, 1.4, 0.8),), "vosk"
    )
    entity = Entity(EntityType.AMOUNT, 48000, 0, "四万八", "caller", 1.4, 2.5, ("approximate",), True)
    span = EvidenceSpan(0, 0, 2, "转了", 0.7)
    prediction = Prediction(
        "loan", 0.8, {"loan": 0.8, "game": 0.2}, "m1", (span,), risk=RiskLevel.HIGH, stage="转账", reasons=("a",)
    )
    with store.transaction() as uow:
        uow.add_segment(segment)
        uow.replace_entities("c1", [entity])
        uow.add_prediction("c1", "s1", prediction)
    with store.transaction() as uow:
        assert uow.call("c1") == CALL
        assert uow.segments("c1") == [segment]
        assert uow.entities("c1") == [entity]
        assert uow.latest_prediction("c1") == prediction


def test_unknown_things_are_not_found(store: SqlStore) -> None:
    with pytest.raises(NotFoundError), store.transaction() as uow:
        uow.call("none")
    with pytest.raises(NotFoundError), store.transaction() as uow:
        uow.save_call(replace(CALL, id="none"))
    with pytest.raises(NotFoundError), store.transaction() as uow:
        uow.append_event("none", EventType.NOTE, {})
    with pytest.raises(NotFoundError), store.transaction() as uow:
        uow.freeze("none")


def test_a_failed_transaction_leaves_nothing_and_publishes_nothing(store: SqlStore) -> None:
    subscription = store._bus.subscribe()
    with pytest.raises(RuntimeError), store.transaction() as uow:
        uow.append_event("c1", EventType.NOTE, {"text": "x"})
        raise RuntimeError
    assert store.events_after("c1", 0) == []
    assert subscription.get(0.05) is None


def test_events_are_published_after_the_commit_even_when_a_bus_fails(database_url: str) -> None:
    class Failing(LocalBus):
        def publish(self, event: object) -> None:
            raise RuntimeError("down")

    migrate(database_url)
    store = SqlStore(database_url, Failing(), utc_now)
    with store.transaction() as uow:
        uow.add_call(CALL)
        uow.append_event("c1", EventType.NOTE, {"text": "x"})
    assert [event.seq for event in store.events_after("c1", 0)] == [1]
    store.close()


def test_numbers_have_no_holes_under_concurrent_threads(store: SqlStore) -> None:
    def write() -> None:
        for _ in range(10):
            with store.transaction() as uow:
                uow.append_event("c1", EventType.NOTE, {"text": "x"})

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.seq for event in store.events_after("c1", 0)] == list(range(1, 61))


def append_ten(database_url: str) -> None:
    store = SqlStore(database_url, LocalBus(), utc_now)
    for _ in range(10):
        with store.transaction() as uow:
            uow.append_event("c1", EventType.NOTE, {"text": "x"})
    store.close()


def test_numbers_have_no_holes_under_concurrent_processes(store: SqlStore, database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=append_ten, args=(database_url,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [event.seq for event in store.events_after("c1", 0)] == list(range(1, 31))
    assert [event.seq for event in store.events_after("c1", 28)] == [29, 30]


def test_a_request_is_stored_once_and_never_over_a_newer_version(store: SqlStore) -> None:
    request = FreezeRequest("r1", "c1", "u1", NOW, FIELDS, status=FreezeStatus.CONFIRMED)
    with store.transaction() as uow:
        assert uow.add_freeze(request)
        assert not uow.add_freeze(request)
        saved = uow.save_freeze(request.moved_to(FreezeStatus.SENT, NOW))
        assert saved.version == 1
    with pytest.raises(StateError), store.transaction() as uow:
        uow.save_freeze(request)
    with store.transaction() as uow:
        assert uow.freezes(call_id="c1") == [saved]
        assert uow.stops_of_account(FIELDS.payee_account) == 0
        uow.save_freeze(saved.moved_to(FreezeStatus.STOPPED, NOW))
        assert uow.stops_of_account(FIELDS.payee_account) == 1


def test_an_outbox_message_is_claimed_by_one_worker_until_its_lease_ends(store: SqlStore) -> None:
    with store.transaction() as uow:
        uow.enqueue("freeze", "r1", NOW)
        uow.enqueue("freeze", "r2", NOW + timedelta(minutes=1))
    with store.transaction() as uow:
        (message,) = uow.claim_due("freeze", NOW, "a", 30, 10)
        assert (message.key, message.attempts) == ("r1", 1)
        assert uow.claim_due("freeze", NOW, "b", 30, 10) == []
        (again,) = uow.claim_due("freeze", NOW + timedelta(seconds=31), "b", 30, 10)
        assert again.attempts == 2
        uow.complete(again.id)
        assert [m.key for m in uow.claim_due("freeze", NOW + timedelta(minutes=2), "b", 30, 10)] == ["r2"]


def test_claims_of_many_threads_never_overlap(store: SqlStore) -> None:
    with store.transaction() as uow:
        for number in range(20):
            uow.enqueue("freeze", f"r{number}", NOW)
    claimed: list[str] = []

    def claim(worker: str) -> None:
        while True:
            with store.transaction() as uow:
                found = uow.claim_due("freeze", NOW, worker, 60, 3)
            if not found:
                return
            claimed.extend(message.key for message in found)

    threads = [threading.Thread(target=claim, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(f"r{number}" for number in range(20))


def test_users_are_found_by_id_and_name(store: SqlStore) -> None:
    user = User("u1", "li", "李", "operator", "hash", locked_until=NOW)
    with store.transaction() as uow:
        uow.save_user(user)
        uow.save_user(replace(user, failed_logins=2))
        assert uow.user("u1") == uow.user_by_name("li") == replace(user, failed_logins=2)
        assert uow.user("none") is None


def test_the_audit_trail_notices_tampering(store: SqlStore) -> None:
    with store.transaction() as uow:
        for action in ("login", "reveal", "logout"):
            uow.audit("u1", action, "c1")
        assert uow.verify_audit() is None
        assert [row["action"] for row in uow.audit_trail()] == ["logout", "reveal", "login"]
        uow._connection.execute(text("UPDATE audit SET actor = 'u2' WHERE action = 'reveal'"))
        assert uow.verify_audit() == 2
    with store.transaction() as uow:
        uow._connection.execute(text("DELETE FROM audit WHERE action = 'reveal'"))
        assert uow.verify_audit() == 3


def leave_a_live_call(database_url: str) -> None:
    store = SqlStore(database_url, LocalBus(), utc_now)
    with store.transaction() as uow:
        uow.add_call(replace(CALL, id="dead"))
        uow.add_call(replace(CALL, id="typed", source="manual"))


def test_only_calls_of_dead_processes_are_interrupted(store: SqlStore, database_url: str) -> None:
    process = multiprocessing.get_context("spawn").Process(target=leave_a_live_call, args=(database_url,))
    process.start()
    process.join(60)
    assert store.interrupt_stale_calls() == ["dead"]
    with store.transaction() as uow:
        assert uow.call("dead").state is CallState.INTERRUPTED
        assert {call.id for call in uow.calls(live=True)} == {"c1", "typed"}
    assert [event.type for event in store.events_after("dead", 0)] == [EventType.CALL_ENDED]
