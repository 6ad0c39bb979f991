"""Two-channel calls for speech benchmarks, put together from recorded or synthetic utterances of a manifest.

A manifest has one line an utterance: path of the audio (relative to the manifest), a tab, what is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from hotline.audio import FRAME_MS, AudioFrame

Samples = npt.NDArray[np.int16]
PAUSE_S = (0.7, 1.6)
LINE_NOISE = 20.0
"""Standard deviation of the samples of a quiet line, about -64 dB of full scale."""


@dataclass(frozen=True)
class Utterance:
    """Something said."""

    samples: Samples
    text: str


@dataclass(frozen=True)
class SpokenCall:
    """The audio of both channels, equally long, and what is said on each."""

    channels: dict[str, Samples]
    texts: dict[str, str]
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(next(iter(self.channels.values()))) / self.rate_hz

    def frames(self, channel: str) -> Iterator[AudioFrame]:
        """Yield 20 ms frames."""
        size = self.rate_hz * FRAME_MS // 1000
        samples = self.channels[channel]
        for index in range(len(samples) // size):
            pcm = samples[index * size : (index + 1) * size].tobytes()
            yield AudioFrame(pcm, self.rate_hz, channel, index * FRAME_MS / 1000)


def load(manifest: Path, rate_hz: int) -> list[Utterance]:
    """Read all utterances of a manifest at one rate."""
    found = []
    for line in manifest.read_text("utf-8").splitlines():
        path, _, text = line.partition("\t")
        found.append(Utterance(_decode(manifest.parent / path, rate_hz), text))
    return found


def make_calls(utterances: Sequence[Utterance], count: int, seconds: float, rate_hz: int) -> list[SpokenCall]:
    """Return calls in which two speakers take turns; each call begins at another utterance."""
    step = max(1, len(utterances) // count)
    return [_make_call(utterances, index * step, seconds, rate_hz, index) for index in range(count)]


def _make_call(utterances: Sequence[Utterance], first: int, seconds: float, rate_hz: int, seed: int) -> SpokenCall:
    random = np.random.default_rng(seed)
    pieces: dict[str, list[Samples]] = {"caller": [], "operator": []}
    texts = {"caller": "", "operator": ""}
    length, number = 0, first
    while length < seconds * rate_hz:
        said = utterances[number % len(utterances)]
        speaker, listener = ("caller", "operator") if (number - first) % 2 == 0 else ("operator", "caller")
        pause = np.zeros(int(random.uniform(*PAUSE_S) * rate_hz), np.int16)
        pieces[speaker] += [said.samples, pause]
        pieces[listener].append(np.zeros(len(said.samples) + len(pause), np.int16))
        texts[speaker] += said.text
        length += len(said.samples) + len(pause)
        number += 1
    channels = {}
    for channel, parts in pieces.items():
        noisy = np.concatenate(parts) + random.standard_normal(length) * LINE_NOISE
        channels[channel] = np.clip(noisy, -32768, 32767).astype(np.int16)
    return SpokenCall(channels, texts, rate_hz)


def error_share(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the character error rate of (reference, heard) pairs; only letters and digits count."""
    cleaned = [(letters(reference), letters(heard)) for reference, heard in pairs]
    errors = sum(Levenshtein.distance(reference, heard) for reference, heard in cleaned)
    return errors / max(1, sum(len(reference) for reference, _ in cleaned))


def letters(text: str) -> str:
    """Return letters and digits only, small."""
    return re.sub(r"[\W_]", "", text).lower()


def _decode(path: Path, rate_hz: int) -> Samples:
    resampler = av.AudioResampler("s16", "mono", rate_hz)
    with av.open(str(path)) as file:
        frames = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.int16)
