"""What an engine is inside a worker process: one shared model, one session a channel, decoding in jobs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from asr_models.registry import ENGINES
from hotline.audio import AudioFrame
from hotline.domain.segment import Transcript


@dataclass(frozen=True)
class EngineSpec:
    """What a worker needs to load an engine; travels to the worker process."""

    engine: str
    """A name in `registry.ENGINES`."""
    model: Path
    language: str = "zh"
    threads: int = 2
    """Cores that decoding may use."""
    alternatives: int = 0
    """Other readings of an utterance that are wanted; 0 for none. Vosk only."""
    pause_s: float = 0.0
    """Silence after which the engine's own endpointer ends an utterance; 0 leaves the model's setting. Vosk only."""
    longest_s: float = 0.0
    """Seconds after which it ends one without a pause; 0 leaves the model's setting. Vosk only."""
    phrases: tuple[str, ...] = ()
    """Whisper expects these words; a Vosk model with a split graph then hears nothing else."""

    @property
    def max_lag_s(self) -> float:
        """Seconds of audio that may wait undecoded."""
        return ENGINES[self.engine].max_lag_s


class Urgency(IntEnum):
    """Order of jobs when several sessions have one; the smallest goes first."""

    FINAL = 0
    AUDIO = 1
    PARTIAL = 2


@dataclass(frozen=True)
class Decoded:
    """What a job found out."""

    transcripts: tuple[Transcript, ...] = ()
    decided_seq: int | None = None
    """All items up to this one are covered by final results; None when nothing became final."""


Job = Callable[[], Decoded]


class Engine(Protocol):
    """A loaded model."""

    @property
    def threads(self) -> int:
        """Jobs that may run at the same time."""

    def open(self, channel: str) -> EngineSession:
        """Start recognising a channel."""


class EngineSession(Protocol):
    """One channel. The caller serialises all calls but the jobs; of these one a session runs at a time."""

    @property
    def heard_seq(self) -> int:
        """Number of the last item that no longer waits to be decoded."""

    def accept(self, seq: int, frame: AudioFrame) -> None:
        """Keep speech; `seq` numbers the session's items."""

    def end_utterance(self, seq: int) -> None:
        """Note that speech paused."""

    def urgency(self) -> Urgency | None:
        """Say what the next job is worth, None when there is none."""

    def take(self) -> Job:
        """Return the next job."""

    def close(self) -> None:
        """Give back what the session held; no job runs any more."""


class Timeline:
    """Maps seconds of fed audio to seconds of the call: the gate lets silence out."""

    def __init__(self, fed_s: float = 0.0) -> None:
        """`fed_s`: seconds that were fed before."""
        self._fed: list[float] = []
        self._call: list[float] = []
        self._fed_s = fed_s
        self._expected_s = -1.0

    def feed(self, frame: AudioFrame) -> None:
        """Note a frame that is about to be fed."""
        if abs(frame.start_s - self._expected_s) > 0.001:
            self._fed.append(self._fed_s)
            self._call.append(frame.start_s)
        self._fed_s += frame.duration_s
        self._expected_s = frame.end_s

    def skip(self, seconds: float) -> None:
        """Note that audio was fed which is not part of the call; times in it are those of its start."""
        self._fed_s += seconds
        self._expected_s = -1.0

    def call_s(self, fed_s: float, *, is_end: bool = False) -> float:
        """Return the second of the call in which a second of fed audio was heard.

        At a joint an end belongs to the audio before it, a start to the audio after it.
        """
        if not self._fed:
            return fed_s
        index = max(0, bisect_right(self._fed, fed_s + (-1e-6 if is_end else 1e-6)) - 1)
        return self._call[index] + fed_s - self._fed[index]
