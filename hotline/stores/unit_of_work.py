"""One database transaction: calls, what was said in them, and their numbered events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from hotline.domain.call import Call, CallState
from hotline.domain.entities import Entity
from hotline.domain.risk import Prediction
from hotline.domain.segment import Segment
from hotline.errors import NotFoundError
from hotline.events import CallEvent, EventType
from hotline.ports import Clock
from hotline.stores import rows, tables
from hotline.stores.audit_trail import AuditRows
from hotline.stores.freeze_rows import FreezeRows
from hotline.stores.integration_rows import HOOK_EVENTS, IntegrationRows
from hotline.stores.job_rows import JobRows
from hotline.stores.label_rows import LabelRows
from hotline.stores.report_rows import ReportRows
from hotline.stores.review_rows import ReviewRows
from hotline.stores.search import SearchRows
from hotline.stores.second_pass_rows import SecondPassRows
from hotline.stores.training_rows import TrainingRows
from hotline.stores.user_rows import UserRows


class SqlUnitOfWork(
    FreezeRows,
    UserRows,
    AuditRows,
    SearchRows,
    JobRows,
    IntegrationRows,
    ReviewRows,
    ReportRows,
    LabelRows,
    TrainingRows,
    SecondPassRows,
):
    """Implements `hotline.ports.UnitOfWork` on one connection. `events` are published after the commit."""

    def __init__(self, connection: Connection, clock: Clock, owner: str) -> None:
        self._connection = connection
        self._clock = clock
        self._owner = owner
        self.events: list[CallEvent] = []

    def add_call(self, call: Call) -> None:
        """Store a new call as owned by this process."""
        self._connection.execute(insert(tables.calls), {**rows.call_row(call), "owner": self._owner, "last_seq": 0})

    def call(self, call_id: str) -> Call:
        """Return a call. Raises: NotFoundError."""
        row = self._connection.execute(select(tables.calls).where(tables.calls.c.id == call_id)).first()
        if row is None:
            raise NotFoundError("没有这个通话", expected="已有通话的编号", found=call_id[:40], remedy="请刷新通话列表")
        return rows.to_call(row)

    def save_call(self, call: Call) -> None:
        """Store the changed call, but not the money at risk, which has a method of its own. Raises: NotFoundError."""
        values = rows.call_row(call)
        del values["at_risk_fen"]
        done = self._connection.execute(update(tables.calls).where(tables.calls.c.id == call.id).values(**values))
        if not done.rowcount:
            raise NotFoundError("没有这个通话", expected="已有通话的编号", found=call.id[:40], remedy="请刷新通话列表")

    def calls(
        self, *, live: bool | None = None, limit: int = 100, of_operator: str | None = None, with_freeze: bool = False
    ) -> list[Call]:
        """Return calls, newest first; `of_operator` gives his own and those that nobody has taken."""
        calls = tables.calls.c
        query = select(tables.calls).order_by(calls.started_at.desc()).limit(limit)
        if live is not None:
            query = query.where(calls.state == CallState.LIVE if live else calls.state != CallState.LIVE)
        if of_operator is not None:
            query = query.where(or_(calls.operator_id == of_operator, calls.operator_id.is_(None)))
        if with_freeze:
            query = query.where(calls.id.in_(select(tables.freezes.c.call_id)))
        return [rows.to_call(row) for row in self._connection.execute(query)]

    def owned_live_calls(self) -> list[tuple[str, str]]:
        """Return id and owner of live calls whose audio runs in a process."""
        calls = tables.calls.c
        query = select(calls.id, calls.owner).where(calls.state == CallState.LIVE, calls.source != "manual")
        return [(row.id, row.owner) for row in self._connection.execute(query)]

    def add_segment(self, segment: Segment) -> None:
        """Store a final segment and make it findable."""
        self._connection.execute(insert(tables.segments), rows.segment_row(segment))
        self.index_segment(segment)

    def replace_entities(self, call_id: str, entities: Sequence[Entity]) -> None:
        """Make `entities` the entities of the call."""
        table = tables.entities
        self._connection.execute(delete(table).where(table.c.call_id == call_id))
        if entities:
            values = [rows.entity_row(entity, call_id, position) for position, entity in enumerate(entities)]
            self._connection.execute(insert(table), values)

    def entities(self, call_id: str) -> list[Entity]:
        """Return the entities of a call."""
        table = tables.entities
        query = select(table).where(table.c.call_id == call_id).order_by(table.c.position)
        return [rows.to_entity(row) for row in self._connection.execute(query)]

    def add_prediction(self, call_id: str, segment_id: str | None, prediction: Prediction) -> None:
        """Store a prediction with the model that made it."""
        self._connection.execute(
            insert(tables.predictions), rows.prediction_row(prediction, call_id, segment_id, self._clock())
        )

    def latest_prediction(self, call_id: str) -> Prediction | None:
        """Return the newest prediction of a call."""
        table = tables.predictions
        query = select(table).where(table.c.call_id == call_id).order_by(table.c.id.desc()).limit(1)
        row = self._connection.execute(query).first()
        return rows.to_prediction(row) if row else None

    def add_correction(self, call_id: str, user_id: str, label: str, model_label: str | None) -> None:
        """Store an operator's label: it becomes training data."""
        values = {
            "call_id": call_id,
            "user_id": user_id,
            "label": label,
            "model_label": model_label,
            "at": self._clock(),
        }
        self._connection.execute(insert(tables.corrections), values)

    def append_event(self, call_id: str, event_type: EventType, data: dict[str, Any]) -> CallEvent:
        """Number and store an event; the row of the call is locked, so that numbers have no holes."""
        calls = tables.calls
        numbered = (
            update(calls).where(calls.c.id == call_id).values(last_seq=calls.c.last_seq + 1).returning(calls.c.last_seq)
        )
        seq = self._connection.execute(numbered).scalar()
        if seq is None:
            raise NotFoundError("没有这个通话", expected="已有通话的编号", found=call_id[:40], remedy="请刷新通话列表")
        event = CallEvent(call_id, seq, event_type, self._clock(), data)
        self._connection.execute(
            insert(tables.call_events),
            {"call_id": call_id, "seq": seq, "type": event_type, "at": event.at, "data": data},
        )
        self.events.append(event)
        if event_type in HOOK_EVENTS:
            self.enqueue_hooks(event, self.call(call_id))
        return event
