"""Sends payment-stop requests from the outbox: at least once to us, once to the bank.

Whoever takes up a request that may have been sent before asks for its status first, and the request id is the
idempotency key in any case.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

from hotline.domain.freeze import FreezeOutcome, FreezeRequest, FreezeStatus
from hotline.errors import GatewayError
from hotline.events import EventType
from hotline.gateways.outbox import LEASE_S, MAX_ATTEMPTS, OutboxDispatcher, Pause, backoff_s
from hotline.ports import Clock, FreezeGateway, OutboxMessage, Store
from hotline.views import freeze_view

log = logging.getLogger(__name__)

PENDING_POLL_S = 1.0
ACTOR = "dispatcher"


class FreezeDispatcher(OutboxDispatcher):
    """Brings requests to the bank side."""

    kind = "freeze"

    def __init__(
        self, store: Store, gateway: FreezeGateway, clock: Clock, *, pause: Pause = backoff_s, lease_s: float = LEASE_S
    ) -> None:
        super().__init__(store, clock, pause=pause, lease_s=lease_s)
        self._gateway = gateway

    def _handle(self, message: OutboxMessage) -> None:
        with self._store.transaction() as uow:
            request = uow.freeze(message.key)
        if request.status not in (FreezeStatus.CONFIRMED, FreezeStatus.SENT):
            with self._store.transaction() as uow:
                uow.complete(message.id)
            return
        try:
            outcome = self._exchange(message, request)
        except GatewayError as error:
            self._after_failure(message, error)
            return
        self._save(message, outcome)

    def _exchange(self, message: OutboxMessage, request: FreezeRequest) -> FreezeOutcome:
        """Submit, unless the bank side has the request already."""
        if message.attempts > 1 or request.status is FreezeStatus.SENT:
            known = self._gateway.status(request.id)
            if known is not None:
                return known
        return self._gateway.submit(request)

    def _save(self, message: OutboxMessage, outcome: FreezeOutcome) -> None:
        now = self._clock()
        with self._store.transaction() as uow:
            request = uow.freeze(message.key)
            changed = request
            if changed.status is FreezeStatus.CONFIRMED:
                changed = changed.moved_to(FreezeStatus.SENT, now)
            if outcome.status is FreezeStatus.SENT:
                uow.reschedule(message.id, now + timedelta(seconds=PENDING_POLL_S), "")
            else:
                changed = changed.moved_to(outcome.status, now)
                uow.complete(message.id)
            changed = replace(
                changed,
                receipt=outcome.receipt,
                message=outcome.message,
                stopped_amount_fen=outcome.stopped_amount_fen,
                stopped_at=outcome.stopped_at,
                onward_account=outcome.onward_account,
                attempts=message.attempts,
            )
            if changed.status is request.status and changed.receipt == request.receipt:
                return
            saved = uow.save_freeze(changed)
            if saved.call_id:
                uow.append_event(saved.call_id, EventType.FREEZE, {"freeze": freeze_view(saved)})
            uow.audit(ACTOR, f"freeze.{saved.status}", saved.id)

    def _after_failure(self, message: OutboxMessage, error: GatewayError) -> None:
        """Try again later, or give up so that a person sees it."""
        now = self._clock()
        give_up = message.attempts >= MAX_ATTEMPTS or not error.retryable
        log.warning("freeze request not delivered", extra={"request_id": message.key, "attempt": message.attempts})
        with self._store.transaction() as uow:
            request = replace(uow.freeze(message.key), attempts=message.attempts, message=str(error))
            if give_up:
                request = request.moved_to(FreezeStatus.FAILED, now)
                uow.complete(message.id)
                uow.audit(ACTOR, "freeze.failed", request.id, ok=False)
            else:
                uow.reschedule(message.id, now + timedelta(seconds=self._pause(message.attempts)), error.found)
            saved = uow.save_freeze(request)
            if saved.call_id:
                uow.append_event(saved.call_id, EventType.FREEZE, {"freeze": freeze_view(saved)})
