"""Tells other programs what happened: signed web hooks from the outbox (standardwebhooks.com).

    POST <address>
    webhook-id: <delivery id>              the same for every attempt: the receiver's idempotency key
    webhook-timestamp: <seconds>           of this attempt; receivers refuse what is older than minutes
    webhook-signature: v1,<base64>         HMAC-SHA256 over `id.timestamp.body`
    {"type", "timestamp", "data": {...}}   `hotline.views.hook_view`

Any 2xx answer is a receipt. 410 ends the deliveries to that address; everything else is tried again with growing
pauses for about two hours, then shown as failed.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta

import httpx

from hotline.domain.integration import HookDelivery, Webhook, sign
from hotline.gateways.outbox import LEASE_S, OutboxDispatcher, Pause, backoff_s
from hotline.ports import Clock, OutboxMessage, Store

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 1800.0
MAX_ATTEMPTS = 14
ACTOR = "webhooks"


def hook_pause_s(attempts: int) -> float:
    """Return the pause after an attempt: growing to half an hour."""
    return backoff_s(attempts, LONGEST_PAUSE_S)


class HookDispatcher(OutboxDispatcher):
    """Delivers web hooks."""

    kind = "webhook"
    batch = 4

    def __init__(
        self,
        store: Store,
        clock: Clock,
        timeout_s: float,
        *,
        pause: Pause = hook_pause_s,
        lease_s: float = LEASE_S,
    ) -> None:
        super().__init__(store, clock, pause=pause, lease_s=max(lease_s, 2 * timeout_s * self.batch))
        self._client = httpx.Client(timeout=timeout_s, trust_env=False, follow_redirects=False)

    def close(self) -> None:
        """Stop after the message that is being sent."""
        super().close()
        self._client.close()

    def _handle(self, message: OutboxMessage) -> None:
        with self._store.transaction() as uow:
            delivery = uow.delivery(message.key)
            hook = uow.webhook(delivery.webhook_id)
            if not hook.active or delivery.delivered_at:
                uow.complete(message.id)
                return
        answer, status = self._post(hook, delivery)
        self._save(message, hook, replace(delivery, attempts=message.attempts, answer=answer), status)

    def _post(self, hook: Webhook, delivery: HookDelivery) -> tuple[str, int]:
        """Send once; return what came back in a word, and the HTTP status or 0."""
        body = json.dumps(delivery.body, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp_s = int(self._clock().timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": sign(hook.secret, delivery.id, timestamp_s, body),
        }
        try:
            with self._client.stream("POST", hook.url, content=body, headers=headers) as response:
                return f"HTTP {response.status_code}", response.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return type(error).__name__, 0

    def _save(self, message: OutboxMessage, hook: Webhook, delivery: HookDelivery, status: int) -> None:
        now = self._clock()
        with self._store.transaction() as uow:
            if 200 <= status < 300:
                uow.save_delivery(replace(delivery, delivered_at=now))
                uow.complete(message.id)
                return
            log.warning("web hook not delivered", extra={"delivery": delivery.id, "attempt": delivery.attempts})
            if status == httpx.codes.GONE:
                uow.save_webhook(replace(hook, active=False))
                uow.audit(ACTOR, "webhook.gone", hook.id, ok=False)
            if status == httpx.codes.GONE or delivery.attempts >= MAX_ATTEMPTS:
                uow.save_delivery(replace(delivery, failed_at=now))
                uow.complete(message.id)
                return
            uow.save_delivery(delivery)
            pause = timedelta(seconds=self._pause(delivery.attempts))
            uow.reschedule(message.id, now + pause, delivery.answer)
