"""What an engine is inside a worker process: one shared model, one session a channel, called from one thread."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hotline.audio import AudioFrame
from hotline.domain.segment import Transcript


@dataclass(frozen=True)
class EngineSpec:
    """What a worker needs to load an engine; travels to the worker process."""

    engine: str
    """`vosk` or `whisper`."""
    model: Path
    language: str = "zh"
    threads: int = 2


class Engine(Protocol):
    """A loaded model."""

    def open(self, channel: str) -> EngineSession:
        """Start recognising a channel."""


class EngineSession(Protocol):
    """One channel. Each method returns what became known."""

    def accept(self, frame: AudioFrame) -> Sequence[Transcript]:
        """Take speech."""

    def end_utterance(self) -> Sequence[Transcript]:
        """Make what was heard final."""

    def idle(self) -> Sequence[Transcript]:
        """Use free time, for example for a partial result."""


class Timeline:
    """Maps seconds of fed audio to seconds of the call: the gate lets silence out."""

    def __init__(self) -> None:
        self._fed: list[float] = []
        self._call: list[float] = []
        self._fed_s = 0.0
        self._expected_s = -1.0

    def feed(self, frame: AudioFrame) -> None:
        """Note a frame that is about to be fed."""
        if abs(frame.start_s - self._expected_s) > 0.001:
            self._fed.append(self._fed_s)
            self._call.append(frame.start_s)
        self._fed_s += frame.duration_s
        self._expected_s = frame.end_s

    def call_s(self, fed_s: float) -> float:
        """Return the second of the call in which a second of fed audio was heard."""
        if not self._fed:
            return fed_s
        index = max(0, bisect_right(self._fed, fed_s + 1e-6) - 1)
        return self._call[index] + fed_s - self._fed[index]


def load_engine(spec: EngineSpec) -> Engine:
    """Load the model of a spec. Raises: ModelError."""
    if spec.engine == "vosk":
        from asr_models.vosk_engine import VoskEngine

        return VoskEngine(spec)
    from asr_models.whisper_engine import WhisperEngine

    return WhisperEngine(spec)
