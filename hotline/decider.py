"""Classifies calls in the background: one thread, each waiting call once, however many segments came."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Decider:
    """Runs `predict(call_id)` for calls that have new text, in the order in which they asked.

    A call that asks again while it waits is classified once, on all its text: under load labels come less
    often, never later and later.
    """

    def __init__(self, predict: Callable[[str], object]) -> None:
        self._predict = predict
        self._waiting: dict[str, None] = {}
        self._busy: str | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="decider", daemon=True)
        self._thread.start()

    def request(self, call_id: str) -> None:
        """Ask for a prediction soon."""
        with self._changed:
            self._waiting.setdefault(call_id)
            self._changed.notify_all()

    def drain(self, call_id: str, timeout_s: float = 10.0) -> bool:
        """Wait until nothing is left to do for a call; False on a time-out."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._closed or (call_id not in self._waiting and self._busy != call_id), timeout_s
            )

    def close(self) -> None:
        """Stop after the prediction that is running."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout=10)

    def _next(self) -> str | None:
        with self._changed:
            self._busy = None
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            self._busy = next(iter(self._waiting))
            del self._waiting[self._busy]
            return self._busy

    def _run(self) -> None:
        while (call_id := self._next()) is not None:
            try:
                self._predict(call_id)
            except Exception as error:  # the thread must outlive any one call
                log.error("prediction failed", extra={"call_id": call_id, "error": type(error).__name__})
