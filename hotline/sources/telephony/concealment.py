"""Concealment of short losses: the last pitch periods are repeated and fade, as ITU-T G.711 Appendix I does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

HISTORY_S = 0.045
LOWEST_PITCH_HZ, HIGHEST_PITCH_HZ = 66, 200
CONCEALED_S = 0.06
"""A longer loss is a gap: repeated sound would be taken for speech."""
FADE_PER_S = 1 / 0.06

Samples = npt.NDArray[np.int16]


class Concealment:
    """Remembers what was heard last, at one rate."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._keep = int(HISTORY_S * rate_hz)
        self._history: Samples = np.zeros(0, np.int16)

    def hear(self, pcm: bytes) -> None:
        """Remember decoded samples."""
        samples = np.frombuffer(pcm, "<i2")
        self._history = np.concatenate((self._history, samples))[-self._keep :]

    def conceal(self, count: int) -> bytes:
        """Return `count` samples in place of lost ones."""
        if self._history.size < self._keep:
            return bytes(2 * count)
        period = self._period()
        repeated = np.resize(self._history[-period:], count).astype(np.float32)
        fade = np.maximum(0.0, 1.0 - np.arange(count) * FADE_PER_S / self._rate_hz)
        return np.rint(repeated * fade).astype("<i2").tobytes()

    def _period(self) -> int:
        """Return the lag at which the last samples are most like those before them."""
        least, most = self._rate_hz // HIGHEST_PITCH_HZ, self._rate_hz // LOWEST_PITCH_HZ
        window = self._history.size - most
        samples = self._history.astype(np.float32)
        recent = samples[-window:]
        lags = np.arange(least, most + 1)
        earlier = np.lib.stride_tricks.sliding_window_view(samples, window)[samples.size - window - lags]
        likeness = earlier @ recent / np.sqrt(np.einsum("ij,ij->i", earlier, earlier) + 1.0)
        return int(lags[int(likeness.argmax())])
