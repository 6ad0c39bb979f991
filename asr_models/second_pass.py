"""Whisper for recordings of finished calls: one thread, no hurry, in the process that does jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asr_models.embedded import install_whisper_base
from asr_models.engine import Engine, EngineSession, EngineSpec, Urgency
from asr_models.factory import models_dir
from asr_models.registry import load_engine
from hotline.audio import AudioFrame
from hotline.config import Config
from hotline.domain.segment import Transcript

THREADS = 1


class EngineListener:
    """Implements `hotline.second_pass_ports.Listener`."""

    def __init__(self, engine: Engine, model: str) -> None:
        self.model = model
        self._engine = engine

    def open(self, channel: str) -> EngineSession:
        """Start hearing a channel piece by piece."""
        return self._engine.open(channel)

    def hear(self, channel: str, frames: Sequence[AudioFrame]) -> Sequence[Transcript]:
        """Return the final transcripts of one piece of speech."""
        session = self._engine.open(channel)
        found: list[Transcript] = []
        for seq, frame in enumerate(frames, start=1):
            session.accept(seq, frame)
        session.end_utterance(len(frames) + 1)
        while session.urgency() in (Urgency.FINAL, Urgency.AUDIO):
            found += session.take()().transcripts
        return [transcript for transcript in found if transcript.is_final and transcript.text]


def build_listener(config: Config) -> EngineListener:
    """Load the Whisper model of the settings, else the embedded Whisper base. Raises: ModelError."""
    wanted = config["second_pass_model"]
    folder = Path(wanted).resolve() if wanted else install_whisper_base(models_dir(config))
    return EngineListener(load_engine(EngineSpec("whisper", folder, config["language"], THREADS)), folder.name)
