"""Recordings for some calls of the month: the sample call's own turns, cut apart and put together in other calls.

No speech synthesiser comes with a clone, so these are the only voices there are. The words of such a call are the words
of its turns, so transcript and recording fit.
"""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotline.audio import AudioFrame
from hotline.demo_month.story import SEED, Story
from hotline.domain.segment import Channel
from hotline.ports import RecordingStore
from hotline.sample import SAMPLE_CALL, SAMPLE_REFERENCE
from hotline.sources.file import FileSource

NOISE = 12.0
"""Standard deviation of the line noise, of 32,768."""


class SampleVoices:
    """The sample call's two channels, and its turns."""

    def __init__(self) -> None:
        source = FileSource(SAMPLE_CALL)
        parts: dict[str, list[bytes]] = {channel: [] for channel in source.channels}
        for frame in source.frames():
            if isinstance(frame, AudioFrame):
                parts[frame.channel].append(frame.pcm)
        self.rate_hz = source.rate_hz
        self._channels = {name: np.frombuffer(b"".join(pcm), np.int16) for name, pcm in parts.items()}
        self._turns: list[dict[str, Any]] = json.loads(SAMPLE_REFERENCE.read_text("utf-8"))["turns"]

    def record(self, story: Story, recordings: RecordingStore) -> None:
        """Write the recording of a call."""
        rng = np.random.default_rng(SEED + story.number)
        gain = random.Random(story.number).uniform(0.7, 1.0)
        channels = self._mixed(story, rng, gain)
        recording = recordings.open(story.id, list(channels), self.rate_hz)
        for name, samples in channels.items():
            recording.write(AudioFrame(samples.tobytes(), self.rate_hz, name, 0.0))
        recording.close()

    def _mixed(self, story: Story, rng: np.random.Generator, gain: float) -> dict[str, NDArray[np.int16]]:
        length = round((story.said[-1].end_s + 1.0) * self.rate_hz)
        mixed = {channel.value: rng.normal(0, NOISE, length) for channel in Channel}
        for said, index in zip(story.said, story.clips, strict=True):
            turn = self._turns[index]
            clip = self._channels[turn["speaker"]][
                round(turn["start_s"] * self.rate_hz) : round(turn["end_s"] * self.rate_hz)
            ]
            first = round(said.start_s * self.rate_hz)
            mixed[turn["speaker"]][first : first + len(clip)] += gain * clip[: length - first]
        return {name: np.clip(samples, -32768, 32767).astype(np.int16) for name, samples in mixed.items()}
