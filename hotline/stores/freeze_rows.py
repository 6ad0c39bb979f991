"""Payment-stop requests and the outbox from which they are sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from hotline.domain.freeze import FreezeRequest, FreezeStatus
from hotline.errors import NotFoundError, StateError
from hotline.ports import OutboxMessage
from hotline.stores import rows, tables

STOPPED = (FreezeStatus.STOPPED, FreezeStatus.PARTLY_MOVED)


class FreezeRows:
    """The part of a unit of work that deals with requests."""

    _connection: Connection

    def add_freeze(self, request: FreezeRequest) -> bool:
        """Store a new request; False when one with this id is stored already (a repeated click)."""
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(tables.freezes), rows.freeze_row(request))
        except IntegrityError:
            if self._find_freeze(request.id) is None:
                raise
            return False
        return True

    def freeze(self, request_id: str) -> FreezeRequest:
        """Return a request. Raises: NotFoundError."""
        request = self._find_freeze(request_id)
        if request is None:
            raise NotFoundError(
                "没有这份止付申请", expected="已有申请的编号", found=request_id[:40], remedy="请刷新页面"
            )
        return request

    def save_freeze(self, request: FreezeRequest) -> FreezeRequest:
        """Store the changed request and return it with its new version. Raises: StateError when stale."""
        table = tables.freezes
        fresh = replace(request, version=request.version + 1)
        done = self._connection.execute(
            update(table)
            .where(table.c.id == request.id, table.c.version == request.version)
            .values(**rows.freeze_row(fresh))
        )
        if not done.rowcount:
            raise StateError(
                "止付申请已被更新",
                expected=f"版本 {request.version}",
                found="已有更新的版本",
                remedy="请刷新页面查看最新状态",
            )
        return fresh

    def freezes(
        self, *, call_id: str | None = None, status: FreezeStatus | None = None, limit: int = 100
    ) -> list[FreezeRequest]:
        """Return requests, newest first."""
        table = tables.freezes
        query = select(table).order_by(table.c.created_at.desc()).limit(limit)
        if status is not None:
            query = query.where(table.c.status == status)
        if call_id is not None:
            query = query.where(table.c.call_id == call_id)
        return [rows.to_freeze(row) for row in self._connection.execute(query)]

    def stops_of_account(self, account: str) -> int:
        """Return how many requests on this account ended in a stop, across all calls."""
        table = tables.freezes
        query = select(func.count()).where(table.c.payee_account == account, table.c.status.in_(STOPPED))
        return self._connection.execute(query).scalar_one()

    def freezes_on_account(self, account: str) -> list[FreezeRequest]:
        """Return the requests on this account that ended in a stop, newest first."""
        table = tables.freezes
        query = select(table).where(table.c.payee_account == account, table.c.status.in_(STOPPED))
        return [rows.to_freeze(row) for row in self._connection.execute(query.order_by(table.c.created_at.desc()))]

    def enqueue(self, kind: str, key: str, due_at: datetime) -> None:
        """Put a message into the outbox."""
        self._connection.execute(
            insert(tables.outbox), {"kind": kind, "key": key, "due_at": due_at, "attempts": 0, "error": ""}
        )

    def claim_due(self, kind: str, now: datetime, worker: str, lease_s: float, limit: int) -> list[OutboxMessage]:
        """Claim due messages of a kind for `lease_s`; no two workers get the same one at the same time."""
        table = tables.outbox
        free = or_(table.c.claimed_until.is_(None), table.c.claimed_until < now)
        query = (
            select(table)
            .where(table.c.kind == kind, table.c.due_at <= now, free)
            .order_by(table.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        found = list(self._connection.execute(query))
        if found:
            until = now + timedelta(seconds=lease_s)
            ids = [row.id for row in found]
            claimed = (
                update(table)
                .where(table.c.id.in_(ids))
                .values(claimed_by=worker, claimed_until=until, attempts=table.c.attempts + 1)
            )
            self._connection.execute(claimed)
        return [OutboxMessage(row.id, row.kind, row.key, row.attempts + 1, row.due_at) for row in found]

    def complete(self, message_id: int) -> None:
        """Take a message out of the outbox."""
        self._connection.execute(delete(tables.outbox).where(tables.outbox.c.id == message_id))

    def reschedule(self, message_id: int, due_at: datetime, error: str) -> None:
        """Release a claimed message to be tried again at `due_at`."""
        values = {"due_at": due_at, "claimed_by": None, "claimed_until": None, "error": error[:200]}
        self._connection.execute(update(tables.outbox).where(tables.outbox.c.id == message_id).values(**values))

    def next_due(self) -> datetime | None:
        """Return when the next message is due or a lease runs out; None when the outbox is empty."""
        table = tables.outbox
        moment = func.coalesce(table.c.claimed_until, table.c.due_at, type_=tables.Utc())
        return self._connection.execute(select(func.min(moment, type_=tables.Utc()))).scalar()

    def _find_freeze(self, request_id: str) -> FreezeRequest | None:
        row = self._connection.execute(select(tables.freezes).where(tables.freezes.c.id == request_id)).first()
        return rows.to_freeze(row) if row else None
