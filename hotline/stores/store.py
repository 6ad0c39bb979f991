"""The database behind `hotline.ports.Store`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import select

from hotline.domain.call import CallState
from hotline.events import CallEvent, EventType
from hotline.ports import Clock, EventBus
from hotline.stores import tables
from hotline.stores.engine import READ_ONLY, make_engine
from hotline.stores.owner import is_gone, owner_of_this_process
from hotline.stores.unit_of_work import SqlUnitOfWork

log = logging.getLogger(__name__)


class SqlStore:
    """Implements `hotline.ports.Store`. Thread-safe; each transaction has a connection of its own."""

    def __init__(self, url: str, bus: EventBus, clock: Clock) -> None:
        self._engine = make_engine(url)
        self._bus = bus
        self._clock = clock
        self._owner = owner_of_this_process()

    @contextmanager
    def transaction(self) -> Iterator[SqlUnitOfWork]:
        """Open a transaction: commits on leaving, rolls back on an error, then publishes its events."""
        with self._engine.begin() as connection:
            uow = SqlUnitOfWork(connection, self._clock, self._owner)
            yield uow
        self._publish(uow.events)

    def events_after(self, call_id: str, seq: int, limit: int = 1000) -> list[CallEvent]:
        """Return stored events of a call with a number above `seq`, in order."""
        table = tables.call_events
        query = select(table).where(table.c.call_id == call_id, table.c.seq > seq).order_by(table.c.seq).limit(limit)
        reading = self._engine.execution_options(**{READ_ONLY: True})
        with reading.connect() as connection:
            return [
                CallEvent(row.call_id, row.seq, EventType(row.type), row.at, row.data)
                for row in connection.execute(query)
            ]

    def interrupt_stale_calls(self) -> list[str]:
        """Close live calls whose process has died on this host; return their ids. Typed calls have no process."""
        with self.transaction() as uow:
            stale = [call_id for call_id, owner in uow.owned_live_calls() if is_gone(owner)]
            for call_id in stale:
                call = uow.call(call_id)
                heard_s = max((segment.end_s for segment in uow.segments(call_id)), default=0.0)
                uow.save_call(call.ended(CallState.INTERRUPTED, self._clock(), heard_s))
                data = {"state": CallState.INTERRUPTED, "duration_s": heard_s}
                uow.append_event(call_id, EventType.CALL_ENDED, data)
                uow.audit("system", "call.interrupted", call_id)
        return stale

    def close(self) -> None:
        """Release connections."""
        self._engine.dispose()

    def _publish(self, events: Sequence[CallEvent]) -> None:
        for event in events:
            try:
                self._bus.publish(event)
            except Exception as error:  # the commit stands whatever the bus does
                log.error("event not published", extra={"call_id": event.call_id, "error": type(error).__name__})
