"""A call's recording for listening: one WAV file with a channel a side, made while it is read, and its outline."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hotline.domain.segment import Channel
from hotline.errors import NotFoundError

HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
SAMPLE_BYTES = 2
RATE_OFFSET = 24
GREATEST = 0xFFFFFFFF
OUTLINE_POINTS = 1600


class CallAudio(io.RawIOBase):
    """A readable, seekable WAV file: operator left and caller right, or one channel where there is only one.

    A second in it is a second in the call. Recordings that are still being written are read as far as they go.
    """

    def __init__(self, paths: Mapping[str, str]) -> None:
        """Open the channels' files. Raises: NotFoundError when there is none."""
        self.channels = [channel for channel in Channel if channel in paths]
        if not self.channels:
            raise NotFoundError("这通电话没有录音", expected="至少一个声道的录音", found="没有", remedy="无法回放")
        self._samples = [_samples(Path(paths[channel])) for channel in self.channels]
        self.rate_hz = _rate_hz(Path(paths[self.channels[0]]))
        self.frames = max(len(samples) for samples in self._samples)
        self._frame_bytes = SAMPLE_BYTES * len(self.channels)
        self.size = HEADER.size + self.frames * self._frame_bytes
        self._at = 0

    @property
    def duration_s(self) -> float:
        """Seconds of audio."""
        return self.frames / self.rate_hz

    def outline(self, points: int = OUTLINE_POINTS) -> list[list[float]]:
        """Return the greatest loudness (0 to 1) in each of `points` equal pieces, a list a channel."""
        return [_outline(samples, self.frames, points) for samples in self._samples]

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a byte and return its place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = min(max(start + offset, 0), self.size)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer and return how many bytes it got."""
        data = self._bytes(self._at, min(self._at + len(buffer), self.size))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _bytes(self, start: int, end: int) -> bytes:
        head = self._header()[start:end] if start < HEADER.size else b""
        first = max(start - HEADER.size, 0)
        last = max(end - HEADER.size, 0)
        if last <= first:
            return head
        from_frame, to_frame = first // self._frame_bytes, -(-last // self._frame_bytes)
        block = np.zeros((to_frame - from_frame, len(self.channels)), dtype="<i2")
        for place, samples in enumerate(self._samples):
            piece = samples[from_frame:to_frame]
            block[: len(piece), place] = piece
        skipped = first - from_frame * self._frame_bytes
        return head + block.tobytes()[skipped : skipped + last - first]

    def _header(self) -> bytes:
        data_bytes = min(self.frames * self._frame_bytes, GREATEST - HEADER.size)
        channels, frame_bytes = len(self.channels), self._frame_bytes
        head = (b"RIFF", data_bytes + HEADER.size - 8, b"WAVE", b"fmt ", 16, 1, channels, self.rate_hz)
        return HEADER.pack(*head, self.rate_hz * frame_bytes, frame_bytes, 8 * SAMPLE_BYTES, b"data", data_bytes)


def _samples(path: Path) -> np.ndarray[Any, Any]:
    count = max(path.stat().st_size - HEADER.size, 0) // SAMPLE_BYTES
    if not count:
        return np.zeros(0, dtype="<i2")
    return np.memmap(path, dtype="<i2", mode="r", offset=HEADER.size, shape=(count,))


def _rate_hz(path: Path) -> int:
    with path.open("rb") as file:
        file.seek(RATE_OFFSET)
        return int.from_bytes(file.read(4), "little") or 8000


def _outline(samples: np.ndarray[Any, Any], frames: int, points: int) -> list[float]:
    edges = np.linspace(0, frames, points + 1).astype(int)
    return [
        round(float(np.abs(samples[a:b].astype(np.int32)).max(initial=0)) / 32768, 3)
        for a, b in itertools.pairwise(edges)
    ]
