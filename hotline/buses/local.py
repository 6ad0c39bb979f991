"""The bus of one process: a bounded queue a subscriber, the oldest event dropped when one is full."""

from __future__ import annotations

import queue
import threading

from hotline.events import CallEvent

QUEUE_EVENTS = 1000


class LocalSubscription:
    """One listener's queue."""

    def __init__(self, bus: LocalBus, call_id: str | None) -> None:
        self._bus = bus
        self._call_id = call_id
        self._queue: queue.Queue[CallEvent] = queue.Queue(QUEUE_EVENTS)

    def get(self, timeout_s: float) -> CallEvent | None:
        """Return the next event, or None after `timeout_s`."""
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Stop listening."""
        self._bus.forget(self)

    def offer(self, event: CallEvent) -> None:
        """Take an event if it is of this listener's call; never waits."""
        if self._call_id is not None and event.call_id != self._call_id:
            return
        while True:
            try:
                self._queue.put_nowait(event)
                return
            except queue.Full:
                try:
                    self._queue.get_nowait()
                except queue.Empty:
                    continue


class LocalBus:
    """Implements `hotline.ports.EventBus` inside one process. Thread-safe."""

    def __init__(self) -> None:
        self._subscriptions: tuple[LocalSubscription, ...] = ()
        self._lock = threading.Lock()

    def publish(self, event: CallEvent) -> None:
        """Hand an event to all subscribers."""
        for subscription in self._subscriptions:
            subscription.offer(event)

    def subscribe(self, call_id: str | None = None) -> LocalSubscription:
        """Listen to one call, or to all with None."""
        subscription = LocalSubscription(self, call_id)
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
        return subscription

    def forget(self, subscription: LocalSubscription) -> None:
        """Take a listener off; harmless when it is gone already."""
        with self._lock:
            self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)

    def close(self) -> None:
        """Take all listeners off."""
        self._subscriptions = ()
