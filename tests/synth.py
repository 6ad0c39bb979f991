"""Synthetic speech for tests, spoken by espeak-ng."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from hotline.audio import FRAME_MS, AudioFrame
from hotline.resample import StreamResampler

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")

MANDARIN = "您好，这里是反诈中心，请问您遇到了什么情况？"
KOREAN = "안녕하세요. 오늘 날씨가 좋습니다."

Samples = npt.NDArray[np.int16]


@lru_cache
def speak(text: str, voice: str = "cmn", rate_hz: int = 8000, words_per_minute: int = 150) -> Samples:
    """Return the text as speech, shape (N,)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = ["espeak-ng", "-v", voice, "-s", str(words_per_minute), "-w", str(path), text]
        subprocess.run(command, check=True, capture_output=True)
        with wave.open(str(path)) as file:
            pcm, found_hz = file.readframes(file.getnframes()), file.getframerate()
    return StreamResampler(found_hz, rate_hz).push(pcm, last=True)


def silence(seconds: float, rate_hz: int = 8000) -> Samples:
    """Return digital silence."""
    return np.zeros(int(seconds * rate_hz), np.int16)


def noise(seconds: float, rate_hz: int = 8000, level: float = 300.0, seed: int = 1) -> Samples:
    """Return white noise; `level` is the standard deviation of the samples."""
    return (np.random.default_rng(seed).standard_normal(int(seconds * rate_hz)) * level).astype(np.int16)


def frames(
    samples: Samples, channel: str = "caller", rate_hz: int = 8000, start_s: float = 0.0
) -> Iterator[AudioFrame]:
    """Cut samples into 20 ms frames; a shorter rest is left out."""
    size = rate_hz * FRAME_MS // 1000
    for index in range(len(samples) // size):
        pcm = samples[index * size : (index + 1) * size].tobytes()
        yield AudioFrame(pcm, rate_hz, channel, start_s + index * FRAME_MS / 1000)


def write_wav(path: Path, channels: list[Samples], rate_hz: int = 8000) -> Path:
    """Write a PCM WAV file of one or more channels of equal length."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.stack(channels, axis=1).tobytes())
    return path
