"""Change of sample rate for audio that arrives in pieces."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr


class StreamResampler:
    """Resamples one mono stream; the filter's state carries over from block to block, so joints are inaudible."""

    def __init__(self, from_hz: int, to_hz: int, quality: str = "HQ") -> None:
        """`quality` is one of soxr's names; `LQ` delays the signal least."""
        self.from_hz = from_hz
        self.to_hz = to_hz
        same = from_hz == to_hz
        self._stream = None if same else soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16", quality=quality)

    def push(self, pcm: bytes, *, last: bool = False) -> npt.NDArray[np.int16]:
        """Return the samples that are ready, shape (N,), at `to_hz`; with `last` all that remain."""
        samples = np.frombuffer(pcm, "<i2").astype(np.int16, copy=False)
        if self._stream is None:
            return samples
        return np.asarray(self._stream.resample_chunk(samples, last=last), np.int16).reshape(-1)
