"""Blocks of a sound device, queued between its callback and the call's thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence

import numpy as np

from hotline.audio import FRAME_MS, AudioFrame, AudioGap

QUEUE_S = 5.0
POLL_S = 0.1


class CaptureQueue:
    """Bounded queue of interleaved 20 ms blocks. When it is full the oldest block goes and a gap is noted."""

    def __init__(self, channels: Sequence[str], rate_hz: int, capacity_s: float = QUEUE_S) -> None:
        self.channels = tuple(channels)
        self.rate_hz = rate_hz
        self.block_samples = rate_hz * FRAME_MS // 1000
        self._blocks: queue.Queue[tuple[int, bytes]] = queue.Queue(int(capacity_s * 1000 / FRAME_MS))
        self._pushed = 0
        self._ended = threading.Event()
        self._failure: Exception | None = None

    def push(self, block: bytes, missed_blocks: int = 0) -> None:
        """Take a block from the device's callback; never waits. `missed_blocks` were lost before it."""
        self._pushed += missed_blocks
        while True:
            try:
                self._blocks.put_nowait((self._pushed, block))
                break
            except queue.Full:
                self._drop_oldest()
        self._pushed += 1

    def end(self, failure: Exception | None = None) -> None:
        """Say that no more blocks will come; `failure` is raised to the reader after the last one."""
        self._failure = self._failure or failure
        self._ended.set()

    def items(self) -> Iterator[AudioFrame | AudioGap]:
        """Yield frames of all channels, and a gap wherever blocks are missing, until `end`."""
        expected = 0
        while not (self._ended.is_set() and self._blocks.empty()):
            try:
                index, block = self._blocks.get(timeout=POLL_S)
            except queue.Empty:
                continue
            start_s = index * FRAME_MS / 1000
            if index > expected:
                yield from (AudioGap(channel, expected * FRAME_MS / 1000, start_s) for channel in self.channels)
            expected = index + 1
            samples = np.frombuffer(block, "<i2").reshape(-1, len(self.channels))
            for column, channel in enumerate(self.channels):
                yield AudioFrame(samples[:, column].tobytes(), self.rate_hz, channel, start_s)
        if self._failure:
            raise self._failure

    def _drop_oldest(self) -> None:
        try:
            self._blocks.get_nowait()
        except queue.Empty:
            return
