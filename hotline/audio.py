"""Audio as it travels through the pipeline: 20 ms mono frames of 16-bit samples with a place in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

FRAME_MS = 20
FULL_SCALE = 32768
"""A sample of this size would be 1.0."""
SILENCE_DBFS = -96.0


@dataclass(frozen=True)
class AudioFrame:
    """A block of mono PCM of one channel."""

    pcm: bytes
    """Little-endian signed 16-bit samples."""
    rate_hz: int
    channel: str
    """A `hotline.domain.segment.Channel` value."""
    start_s: float
    """Seconds from the start of the call to the first sample."""

    @property
    def sample_count(self) -> int:
        """Number of samples."""
        return len(self.pcm) // 2

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.sample_count / self.rate_hz

    @property
    def end_s(self) -> float:
        """Seconds from the start of the call to the end of the last sample."""
        return self.start_s + self.duration_s


@dataclass(frozen=True)
class AudioGap:
    """Audio that live capture had to drop."""

    channel: str
    start_s: float
    end_s: float


def level_dbfs(pcm: bytes) -> float:
    """Return the root-mean-square level of 16-bit PCM in dB below full scale: 0 is loudest, -96 silence."""
    samples = np.frombuffer(pcm, "<i2")
    if not samples.size:
        return SILENCE_DBFS
    rms = float(np.sqrt(np.mean(np.square(samples.astype(np.float32)))))
    return max(SILENCE_DBFS, 20 * math.log10(rms / FULL_SCALE)) if rms else SILENCE_DBFS


@dataclass(frozen=True)
class UtteranceEnd:
    """A live source says that a channel's utterance is over: the peer asked for a result, or stopped sending."""

    channel: str


@dataclass(frozen=True)
class ChannelEnd:
    """No more audio comes on this channel for now; other channels of the call may go on."""

    channel: str


@dataclass(frozen=True)
class Idle:
    """Nothing came for a moment: time to look for results."""


AudioItem = AudioFrame | AudioGap | UtteranceEnd | ChannelEnd | Idle
"""What a source yields."""
