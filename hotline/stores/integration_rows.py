"""API keys, web hooks with their deliveries, and the external ids of calls."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from hotline.domain.call import Call, CallState
from hotline.domain.integration import ApiKey, HookDelivery, HookEvent, Webhook
from hotline.errors import NotFoundError
from hotline.events import CallEvent, EventType
from hotline.stores import rows, tables
from hotline.views import hook_view

HOOK_EVENTS = {EventType.ALERT: HookEvent.ALERT, EventType.CALL_ENDED: HookEvent.ENDED}


class IntegrationRows:
    """The part of a unit of work that deals with other programs."""

    _connection: Connection

    def api_keys(self) -> list[ApiKey]:
        """Return all keys, newest first."""
        query = select(tables.api_keys).order_by(tables.api_keys.c.created_at.desc())
        return [rows.to_api_key(row) for row in self._connection.execute(query)]

    def api_key(self, key_id: str) -> ApiKey | None:
        """Return a key by id."""
        row = self._connection.execute(select(tables.api_keys).where(tables.api_keys.c.id == key_id)).first()
        return rows.to_api_key(row) if row else None

    def save_api_key(self, key: ApiKey) -> None:
        """Store a new or changed key."""
        self._save(tables.api_keys, rows.api_key_row(key))

    def key_used(self, key_id: str, at: datetime) -> None:
        """Note when a key was last used."""
        table = tables.api_keys
        self._connection.execute(update(table).where(table.c.id == key_id).values(last_used_at=at))

    def webhooks(self) -> list[Webhook]:
        """Return all web hooks, newest first."""
        query = select(tables.webhooks).order_by(tables.webhooks.c.created_at.desc())
        return [rows.to_webhook(row) for row in self._connection.execute(query)]

    def webhook(self, webhook_id: str) -> Webhook:
        """Return a web hook. Raises: NotFoundError."""
        row = self._connection.execute(select(tables.webhooks).where(tables.webhooks.c.id == webhook_id)).first()
        if row is None:
            raise NotFoundError("没有这个回调地址", expected="已有回调", found=webhook_id[:40], remedy="请刷新页面")
        return rows.to_webhook(row)

    def save_webhook(self, hook: Webhook) -> None:
        """Store a new or changed web hook."""
        self._save(tables.webhooks, rows.webhook_row(hook))

    def delivery(self, delivery_id: str) -> HookDelivery:
        """Return a delivery. Raises: NotFoundError."""
        table = tables.hook_deliveries
        row = self._connection.execute(select(table).where(table.c.id == delivery_id)).first()
        if row is None:
            raise NotFoundError("没有这次回调", expected="已有回调", found=delivery_id[:40], remedy="请刷新页面")
        return rows.to_delivery(row)

    def save_delivery(self, delivery: HookDelivery) -> None:
        """Store a new or changed delivery."""
        self._save(tables.hook_deliveries, asdict(delivery))

    def deliveries(self, limit: int = 50) -> list[HookDelivery]:
        """Return deliveries, newest first."""
        table = tables.hook_deliveries
        query = select(table).order_by(table.c.created_at.desc(), table.c.id).limit(limit)
        return [rows.to_delivery(row) for row in self._connection.execute(query)]

    def find_external_calls(self, external_id: str, state: CallState | None, limit: int) -> list[Call]:
        """Return calls, newest first; empty and None leave a condition out."""
        table = tables.calls
        query = select(table).order_by(table.c.started_at.desc()).limit(limit)
        if external_id:
            query = query.where(table.c.external_id == external_id)
        if state:
            query = query.where(table.c.state == state)
        return [rows.to_call(row) for row in self._connection.execute(query)]

    def claim_external_id(self, external_id: str, call_id: str) -> str:
        """Reserve an external id for a call; return the id of the call that holds it, perhaps from before."""
        table = tables.external_calls
        with suppress(IntegrityError), self._connection.begin_nested():
            self._connection.execute(insert(table), {"external_id": external_id, "call_id": call_id})
        holder = select(table.c.call_id).where(table.c.external_id == external_id)
        return str(self._connection.execute(holder).scalar_one())

    def enqueue_hooks(self, event: CallEvent, call: Call) -> list[HookDelivery]:
        """Return the deliveries of an event to every active hook that asked for it, stored with their outbox rows."""
        kind = HOOK_EVENTS.get(event.type)
        if kind is None:
            return []
        made = [
            HookDelivery(str(uuid.uuid4()), hook.id, call.id, kind, hook_view(kind, event, call), event.at)
            for hook in self.webhooks()
            if hook.active and kind in hook.events
        ]
        for delivery in made:
            self.save_delivery(delivery)
            outbox = {"kind": "webhook", "key": delivery.id, "due_at": event.at, "attempts": 0, "error": ""}
            self._connection.execute(insert(tables.outbox), outbox)
        return made

    def _save(self, table: Table, values: Mapping[str, Any]) -> None:
        done = self._connection.execute(update(table).where(table.c.id == values["id"]).values(**values))
        if not done.rowcount:
            self._connection.execute(insert(table), dict(values))
