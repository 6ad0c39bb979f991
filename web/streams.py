"""Server-Sent Events from store and bus: the store is the truth, the bus only makes it quick."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hotline.errors import CapacityError
from hotline.events import EventType
from hotline.hub import Hub
from hotline.views import event_view

POLL_S = 1.0
"""Longest time until an event that the bus lost, or another process stored, is read from the store."""
HEARTBEAT_S = 10.0
LIST_REFRESH_S = 5.0
LIST_EVENTS = frozenset(EventType) - {EventType.PARTIAL, EventType.SEGMENT}
RETRY_MS = 1000
LIFETIME_S = 120.0
"""Then the browser connects again and its session is checked again."""
ALIVE = "event: alive\ndata: {}\n\n"
RENEW = "event: renew\ndata: {}\n\n"


class StreamSlots:
    """Counts open streams, since each keeps a web thread."""

    def __init__(self, limit: int) -> None:
        self._free = threading.BoundedSemaphore(limit)
        self._limit = limit

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place. Raises: CapacityError at once when all are taken."""
        if not self._free.acquire(blocking=False):
            raise self._full()
        try:
            yield
        finally:
            self._free.release()

    def hold(self, stream: Iterator[str]) -> Iterator[str]:
        """Take a place for a stream until it is closed. Raises: CapacityError at once when all are taken."""
        if not self._free.acquire(blocking=False):
            raise self._full()
        return self._release_after(stream)

    def _full(self) -> CapacityError:
        return CapacityError(
            "实时连接已满", expected=f"不超过 {self._limit} 个", found="已满", remedy="页面会改用定时刷新"
        )

    def _release_after(self, stream: Iterator[str]) -> Iterator[str]:
        try:
            yield from stream
        finally:
            self._free.release()


def call_stream(hub: Hub, call_id: str, after: int, *, masked: bool, lifetime_s: float = LIFETIME_S) -> Iterator[str]:
    """Yield the events of a call after number `after`, stored ones first, then live ones with partials."""
    subscription = hub.bus.subscribe(call_id)
    seq, beat_at, end_at = after, 0.0, time.monotonic() + lifetime_s
    try:
        yield f"retry: {RETRY_MS}\n\n"
        event = None
        while time.monotonic() < end_at:
            if event is not None and event.seq == 0:
                yield _message(event_view(event, masked=masked))
            elif event is not None and event.seq == seq + 1:
                seq = event.seq
                yield _message(event_view(event, masked=masked))
            elif event is None or event.seq > seq:
                for stored in hub.store.events_after(call_id, seq):
                    seq = stored.seq
                    yield _message(event_view(stored, masked=masked))
                if time.monotonic() >= beat_at:
                    beat_at = time.monotonic() + HEARTBEAT_S
                    yield ALIVE
            event = subscription.get(POLL_S)
        yield RENEW
    finally:
        subscription.close()


def calls_stream(
    hub: Hub, rows: Callable[[], list[dict[str, Any]]], *, whole: bool = False, lifetime_s: float = LIFETIME_S
) -> Iterator[str]:
    """Yield changed rows of a list of calls, at most once a `POLL_S`; the first message holds all rows.

    With `whole` every message holds all rows, so that rows may also leave the list.
    """
    subscription = hub.bus.subscribe()
    sent: dict[str, dict[str, Any]] = {}
    refresh_at, beat_at, changed, begun = 0.0, time.monotonic() + HEARTBEAT_S, True, False
    end_at = time.monotonic() + lifetime_s
    try:
        yield f"retry: {RETRY_MS}\n\n"
        while time.monotonic() < end_at:
            now = time.monotonic()
            if changed or now >= refresh_at:
                now_listed = rows()
                fresh = [row for row in now_listed if sent.get(row["id"]) != row]
                left = whole and len(sent) != len(now_listed)
                if fresh or left or not begun:
                    sent = {row["id"]: row for row in now_listed} if whole else sent | {row["id"]: row for row in fresh}
                    yield _message({"calls": now_listed if whole else fresh})
                begun, changed, refresh_at = True, False, now + LIST_REFRESH_S
            if now >= beat_at:
                beat_at = now + HEARTBEAT_S
                yield ALIVE
            changed = _collect(subscription.get, now + POLL_S)
        yield RENEW
    finally:
        subscription.close()


def _collect(get: Callable[[float], Any], until: float) -> bool:
    """Read events until `until`; say whether one of them changes the list."""
    changed = False
    while (left := until - time.monotonic()) > 0:
        event = get(left)
        changed = changed or (event is not None and event.type in LIST_EVENTS)
    return changed


def _message(view: dict[str, Any]) -> str:
    number = f"id: {view['seq']}\n" if view.get("seq") else ""
    return f"{number}data: {json.dumps(view, ensure_ascii=False, separators=(',', ':'))}\n\n"
