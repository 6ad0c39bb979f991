"""The gate before the recogniser: speech passes with a lead-in and a hang-over, silence costs no decoding."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hotline.audio import FRAME_MS, AudioFrame
from hotline.resample import StreamResampler
from hotline.speech_detector import WINDOW_SAMPLES, SileroDetector

VAD_RATE_HZ = 16000
WINDOW_MS = 1000 * WINDOW_SAMPLES / VAD_RATE_HZ
ROOM_S = 2.0
"""Queue of a recogniser that must be free before more of a file is read, more than the gate lets through at once: it would
drop what comes beyond."""
QUIET_PEAK = 24
"""Samples that never exceed this (about -63 dBFS) are line silence: no model is asked."""
FORGET_AFTER_WINDOWS = 10
"""So many windows of line silence in a row, and the model's memory is cleared."""
GAP_S = 0.5
"""A longer hole in the frames' times ends the utterance."""


class SpeechDetector(Protocol):
    """Gives the probability of speech in a window, remembering the windows before it."""

    def probability(self, window: npt.NDArray[np.int16]) -> float:
        """Return the probability of speech in [0, 1] in `WINDOW_SAMPLES` samples at `VAD_RATE_HZ`."""

    def reset(self) -> None:
        """Forget what was heard."""


@dataclass(frozen=True)
class GateOutput:
    """What a pushed frame lets through."""

    frames: tuple[AudioFrame, ...]
    utterance_ended: bool


@dataclass(frozen=True)
class GateSettings:
    """When the gate opens and closes. Probabilities in [0, 1]."""

    open_at: float = 0.5
    close_below: float = 0.35
    open_after_windows: int = 2
    """Windows of speech in a row that open the gate: clicks do not."""
    lead_in_ms: float = 300.0
    """Audio before the opening that passes too."""
    hang_over_ms: float = 560.0
    """Silence that ends an utterance; it passes, for endpointers want to hear it."""
    dictation_hang_over_ms: float = 1200.0
    """The same while a long number is being dictated, whose groups belong together."""


class VadGate:
    """Gate of one channel. Not thread-safe; each frame goes in once, in order."""

    def __init__(
        self, channel: str, detector: SpeechDetector | None = None, settings: GateSettings | None = None
    ) -> None:
        self.channel = channel
        self.settings = settings or GateSettings()
        self._detector = detector or SileroDetector()
        self._resampler = StreamResampler(VAD_RATE_HZ, VAD_RATE_HZ)
        self._samples = np.zeros(0, np.int16)
        self._lead_in: deque[AudioFrame] = deque()
        self._end_s: float | None = None
        self._quiet_windows = 0
        self._speech_windows = 0
        self._silence_ms = 0.0
        self.speaking = False
        self.dictation = False
        """Set by whoever reads what is being recognised: the pauses are those between the groups of a number.

        The end of the utterance takes it back."""

    @property
    def pausing(self) -> bool:
        """Whether the utterance may be about to end: its last audio was silence."""
        return self.speaking and self._silence_ms > 0

    def push(self, frame: AudioFrame) -> GateOutput:
        """Take the next frame; return the frames that pass now and whether an utterance just ended."""
        broken = self._end_s is not None and frame.start_s - self._end_s > GAP_S
        ended = self._close() if broken else False
        if broken:
            self._lead_in.clear()
        self._end_s = frame.end_s
        was_speaking = self.speaking
        self._remember(frame)
        for window in self._windows(frame):
            ended = self._observe(self._probability(window)) or ended
        if not (self.speaking or was_speaking):
            return GateOutput((), ended)
        passing = tuple(self._lead_in)
        self._lead_in.clear()
        return GateOutput(passing, ended)

    def end(self) -> None:
        """End the utterance, if there is one, without waiting for silence."""
        self._close()
        self._lead_in.clear()

    def _remember(self, frame: AudioFrame) -> None:
        self._lead_in.append(frame)
        keep_s = (self.settings.lead_in_ms + self.settings.open_after_windows * WINDOW_MS + FRAME_MS) / 1000
        while not self.speaking and frame.end_s - self._lead_in[0].start_s > keep_s:
            self._lead_in.popleft()

    def _windows(self, frame: AudioFrame) -> list[npt.NDArray[np.int16]]:
        if frame.rate_hz != self._resampler.from_hz:
            self._resampler = StreamResampler(frame.rate_hz, VAD_RATE_HZ, "LQ")
        self._samples = np.concatenate((self._samples, self._resampler.push(frame.pcm)))
        whole = len(self._samples) // WINDOW_SAMPLES * WINDOW_SAMPLES
        windows, self._samples = self._samples[:whole], self._samples[whole:]
        return list(windows.reshape(-1, WINDOW_SAMPLES))

    def _probability(self, window: npt.NDArray[np.int16]) -> float:
        if int(window.max()) <= QUIET_PEAK and int(window.min()) >= -QUIET_PEAK:
            self._quiet_windows += 1
            if self._quiet_windows == FORGET_AFTER_WINDOWS:
                self._detector.reset()
            return 0.0
        self._quiet_windows = 0
        return self._detector.probability(window)

    def _observe(self, probability: float) -> bool:
        """Move between silence and speech; True when an utterance ends."""
        if not self.speaking:
            self._speech_windows = self._speech_windows + 1 if probability >= self.settings.open_at else 0
            self.speaking = self._speech_windows >= self.settings.open_after_windows
            return False
        self._silence_ms = self._silence_ms + WINDOW_MS if probability < self.settings.close_below else 0.0
        longest_ms = self.settings.hang_over_ms
        if self.dictation:
            longest_ms = max(longest_ms, self.settings.dictation_hang_over_ms)
        return self._silence_ms >= longest_ms and self._close()

    def _close(self) -> bool:
        """Fall silent; True when that ends an utterance."""
        ended, self.speaking = self.speaking, False
        self._speech_windows, self._silence_ms, self.dictation = 0, 0.0, False
        return ended
