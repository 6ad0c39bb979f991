"""Sends one kind of message from the outbox, each at least once.

A row is claimed with a lease; a process that dies leaves it to the next one. Every kind has a thread of its own, so
that a slow web hook never holds up a payment-stop request.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
from abc import ABC, abstractmethod
from typing import ClassVar, Protocol

from hotline.ports import Clock, OutboxMessage, Store

log = logging.getLogger(__name__)

LEASE_S = 30.0
POLL_S = 0.5
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
MAX_ATTEMPTS = 12
BATCH = 10


class Pause(Protocol):
    """How long to wait after an attempt."""

    def __call__(self, attempts: int) -> float:
        """Return seconds."""


def backoff_s(attempts: int, longest_s: float = LONGEST_PAUSE_S) -> float:
    """Return a growing pause with up to 20 % jitter: 1, 2, 4 … `longest_s` seconds."""
    return min(longest_s, FIRST_PAUSE_S * 2.0 ** (attempts - 1)) * random.uniform(0.8, 1.2)


class OutboxDispatcher(ABC):
    """Runs in a thread of its own after `start`; `run_once` does one round for tests and tools."""

    kind: ClassVar[str]
    batch: ClassVar[int] = BATCH
    """Messages claimed at once: their handling must fit into the lease."""

    def __init__(self, store: Store, clock: Clock, *, pause: Pause = backoff_s, lease_s: float = LEASE_S) -> None:
        self._store = store
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
        self._thread = threading.Thread(target=self._run, name=f"{self.kind}-dispatcher", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look into the outbox now."""
        self._wake.set()

    def close(self) -> None:
        """Stop after the message that is being sent."""
        self._closed = True
        self._wake.set()
        if self._thread:
            self._thread.join(timeout=10)

    def run_once(self) -> int:
        """Handle all messages that are due; return how many there were."""
        with self._store.transaction() as uow:
            messages = uow.claim_due(self.kind, self._clock(), self._worker, self._lease_s, self.batch)
        for message in messages:
            self._handle(message)
        return len(messages)

    def _run(self) -> None:
        while not self._closed:
            try:
                busy = self.run_once()
            except Exception as error:  # the thread must outlive a database that is away
                log.error("dispatcher round failed", extra={"kind": self.kind, "error": type(error).__name__})
                busy = 0
            if not busy:
                self._wake.wait(POLL_S)
                self._wake.clear()

    @abstractmethod
    def _handle(self, message: OutboxMessage) -> None:
        """Send one message, then complete or reschedule it."""
