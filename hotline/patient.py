"""A recogniser for recordings: a file waits for it, so that nothing is dropped however slow it is."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hotline.audio import AudioFrame, AudioGap
from hotline.domain.segment import Transcript
from hotline.ports import EngineInfo, Recognizer, RecognizerSession

QUEUED_S = 15.0
"""Audio that may wait; a live session begins to drop above its engine's limit, which is higher."""
POLL_S = 0.02
FINISH_TIMEOUT_S = 600.0


class PatientRecognizer:
    """Implements `hotline.ports.Recognizer` on another one."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self.info: EngineInfo = recognizer.info

    def open(self, channel: str) -> PatientSession:
        """Start recognising one channel. Raises: CapacityError, RecognizerError."""
        return PatientSession(self._recognizer.open(channel))

    def close(self) -> None:
        """Stop the worker processes."""
        self._recognizer.close()


class PatientSession:
    """Implements `hotline.ports.RecognizerSession`; `accept` waits."""

    def __init__(self, session: RecognizerSession) -> None:
        self._session = session

    def accept(self, frame: AudioFrame) -> None:
        """Queue speech once there is room. Raises: RecognizerError."""
        while self._session.waiting_s() > QUEUED_S:
            time.sleep(POLL_S)
        self._session.accept(frame)

    def end_utterance(self) -> None:
        """Say that speech paused."""
        self._session.end_utterance()

    def results(self) -> Sequence[Transcript]:
        """Return what has been recognised since the last call."""
        return self._session.results()

    def gaps(self) -> Sequence[AudioGap]:
        """Return audio that was dropped since the last call."""
        return self._session.gaps()

    def waiting_s(self) -> float:
        """Return the seconds of audio that are not decided yet."""
        return self._session.waiting_s()

    def restarts(self) -> int:
        """Number of times that the worker behind this session was replaced."""
        return self._session.restarts()

    def finish(self, timeout_s: float = FINISH_TIMEOUT_S) -> Sequence[Transcript]:
        """End the audio and return the remaining transcripts."""
        return self._session.finish(max(timeout_s, FINISH_TIMEOUT_S))

    def close(self) -> None:
        """Drop the session without waiting."""
        self._session.close()
