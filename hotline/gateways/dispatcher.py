"""Sends payment-stop requests from the outbox: at least once to us, once to the bank.

A row is claimed with a lease; a process that dies leaves it to the next one. Whoever takes up a request that
may have been sent before asks for its status first, and the request id is the idempotency key in any case.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from hotline.domain.freeze import FreezeOutcome, FreezeRequest, FreezeStatus
from hotline.errors import GatewayError
from hotline.events import EventType
from hotline.ports import Clock, FreezeGateway, OutboxMessage, Store
from hotline.views import freeze_view

log = logging.getLogger(__name__)

LEASE_S = 30.0
POLL_S = 0.5
PENDING_POLL_S = 1.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
MAX_ATTEMPTS = 12
BATCH = 10
ACTOR = "dispatcher"


class Pause(Protocol):
    """How long to wait after an attempt."""

    def __call__(self, attempts: int) -> float:
        """Return seconds."""


def backoff_s(attempts: int) -> float:
    """Return a growing pause with up to 20 % jitter: 1, 2, 4 … 60 seconds."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (attempts - 1)) * random.uniform(0.8, 1.2)


class FreezeDispatcher:
    """Runs in a thread of its own after `start`; `run_once` does one round for tests and tools."""

    def __init__(
        self, store: Store, gateway: FreezeGateway, clock: Clock, *, pause: Pause = backoff_s, lease_s: float = LEASE_S
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._pause = pause
        self._lease_s = lease_s
        self._worker = f"{socket.gethostname()}/{os.getpid()}/{id(self):x}"
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """True while the thread works."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin to send."""
        self._thread = threading.Thread(target=self._run, name="freeze-dispatcher", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look into the outbox now."""
        self._wake.set()

    def close(self) -> None:
        """Stop after the request that is being sent."""
        self._closed = True
        self._wake.set()
        if self._thread:
            self._thread.join(timeout=10)

    def run_once(self) -> int:
        """Handle all messages that are due; return how many there were."""
        with self._store.transaction() as uow:
            messages = uow.claim_due(self._clock(), self._worker, self._lease_s, BATCH)
        for message in messages:
            self._handle(message)
        return len(messages)

    def _run(self) -> None:
        while not self._closed:
            try:
                busy = self.run_once()
            except Exception as error:  # the thread must outlive a database that is away
                log.error("dispatcher round failed", extra={"error": type(error).__name__})
                busy = 0
            if not busy:
                self._wake.wait(POLL_S)
                self._wake.clear()

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
