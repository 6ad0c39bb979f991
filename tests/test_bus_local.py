"""The bus of one process: only the call asked for, the oldest dropped when full, never a wait."""

from __future__ import annotations

from datetime import UTC, datetime

from hotline.buses.local import QUEUE_EVENTS, LocalBus
from hotline.events import CallEvent, EventType


def _event(call_id: str, seq: int) -> CallEvent:
    return CallEvent(call_id, seq, next(iter(EventType)), datetime.now(UTC), {})


def test_a_listener_hears_its_call_and_one_of_all_hears_both() -> None:
    bus = LocalBus()
    one, everything = bus.subscribe("a"), bus.subscribe()
    bus.publish(_event("a", 1))
    bus.publish(_event("b", 1))
    heard = one.get(0)
    assert heard is not None and heard.call_id == "a"
    assert one.get(0) is None
    assert [getattr(everything.get(0), "call_id", None) for _ in range(3)] == ["a", "b", None]


def test_a_listener_that_does_not_read_loses_the_oldest() -> None:
    bus = LocalBus()
    slow = bus.subscribe()
    for seq in range(1, QUEUE_EVENTS + 6):
        bus.publish(_event("a", seq))
    first = slow.get(0)
    assert first is not None and first.seq == 6


def test_a_closed_listener_hears_nothing_more() -> None:
    bus = LocalBus()
    gone = bus.subscribe()
    gone.close()
    gone.close()
    bus.publish(_event("a", 1))
    assert gone.get(0) is None
