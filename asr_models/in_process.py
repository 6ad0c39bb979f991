"""A recogniser without worker processes: for measuring, where nothing may be given up because a machine is busy."""

from __future__ import annotations

import math
from collections.abc import Sequence

from asr_models.engine import EngineSession, EngineSpec
from asr_models.registry import load_engine
from hotline.audio import AudioFrame, AudioGap
from hotline.domain.segment import Transcript
from hotline.ports import EngineInfo


class InProcessRecognizer:
    """Decodes in the caller's thread as audio comes; an abort of the engine ends the process."""

    def __init__(self, spec: EngineSpec, reason: str) -> None:
        """Load a model; `reason` says why it was chosen. Raises: ModelError."""
        self.info = EngineInfo(spec.engine, spec.model.name, reason)
        self._engine = load_engine(spec)

    def open(self, channel: str) -> InProcessSession:
        """Start recognising one channel."""
        return InProcessSession(self._engine.open(channel))

    def close(self) -> None:
        """There is nothing to stop."""


class InProcessSession:
    """One channel."""

    def __init__(self, session: EngineSession) -> None:
        self._session = session
        self._seq = 0
        self._found: list[Transcript] = []

    def accept(self, frame: AudioFrame) -> None:
        """Decode what there is to decode."""
        self._seq += 1
        self._session.accept(self._seq, frame)
        self._work()

    def end_utterance(self) -> None:
        """Make what was heard final."""
        self._seq += 1
        self._session.end_utterance(self._seq)
        self._work()

    def results(self) -> Sequence[Transcript]:
        """Return what was recognised since the last call."""
        found, self._found = self._found, []
        return found

    def gaps(self) -> Sequence[AudioGap]:
        """No audio is dropped."""
        return ()

    def waiting_s(self) -> float:
        """Nothing waits."""
        return 0.0

    def room_s(self) -> float:
        """Nothing is ever dropped."""
        return math.inf

    def restarts(self) -> int:
        """There is no worker that could be replaced."""
        return 0

    def finish(self, timeout_s: float = 30.0) -> Sequence[Transcript]:
        """End the audio and return the remaining transcripts."""
        self.end_utterance()
        return self.results()

    def close(self) -> None:
        """Give back what the engine's session holds."""
        self._session.close()

    def _work(self) -> None:
        while self._session.urgency() is not None:
            self._found += self._session.take()().transcripts
