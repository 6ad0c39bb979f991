"""A whole file to text, as fast as it goes, with a progress bar."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from hotline.audio import AudioFrame, AudioGap
from hotline.domain.segment import Transcript
from hotline.errors import AudioError
from hotline.ports import AudioSource, Recognizer, RecognizerSession
from hotline.vad import ROOM_S, VadGate

WAIT_S = 0.02
FINISH_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Transcription:
    """Final transcripts of all channels in the order of their start; `problem` where the audio broke off."""

    transcripts: list[Transcript]
    problem: AudioError | None = None
    gaps: tuple[AudioGap, ...] = ()
    """Audio without text, because the recogniser died on it again and again."""


def transcribe(source: AudioSource, recognizer: Recognizer, duration_s: float | None = None) -> Transcription:
    """Write down all that can be read of `source`. Raises: RecognizerError."""
    sessions = {channel: recognizer.open(channel) for channel in source.channels}
    found: list[Transcript] = []
    gaps: list[AudioGap] = []
    problem = None
    try:
        with tqdm(total=duration_s, unit="秒", file=sys.stderr, disable=None) as bar:
            try:
                found.extend(_listen(source, sessions, bar))
            except AudioError as error:
                problem = error
        for session in sessions.values():
            found += [t for t in session.finish(FINISH_TIMEOUT_S) if t.is_final]
            gaps += session.gaps()
    finally:
        for session in sessions.values():
            session.close()
    heard = sorted((t for t in found if t.text), key=lambda transcript: transcript.start_s)
    return Transcription(heard, problem, tuple(gaps))


def _listen(source: AudioSource, sessions: Mapping[str, RecognizerSession], bar: tqdm[Any]) -> Iterator[Transcript]:
    """Feed the sessions and yield their finals as they come. Raises: AudioError where the source breaks off."""
    gates = {channel: VadGate(channel) for channel in source.channels}
    for frame in source.frames():
        if not isinstance(frame, AudioFrame):
            continue
        session = sessions[frame.channel]
        gate = gates[frame.channel].push(frame)
        for speech in gate.frames:
            session.accept(speech)
        if gate.utterance_ended:
            session.end_utterance()
        yield from _finals(session)
        if frame.channel == source.channels[0]:
            bar.update(frame.duration_s)
        while session.room_s() < ROOM_S:
            time.sleep(WAIT_S)
            yield from _finals(session)


def _finals(session: RecognizerSession) -> list[Transcript]:
    return [transcript for transcript in session.results() if transcript.is_final]
