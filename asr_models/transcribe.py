"""A whole file to text, as fast as it goes, with a progress bar."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

from hotline.audio import AudioFrame
from hotline.domain.segment import Transcript
from hotline.ports import AudioSource, Recognizer, RecognizerSession
from hotline.vad import VadGate

QUEUED_S = 20.0
"""Audio that may wait for the recogniser, more than its longest utterance; a file waits rather than lose any."""
FINISH_TIMEOUT_S = 600.0


def transcribe(source: AudioSource, recognizer: Recognizer, duration_s: float | None = None) -> list[Transcript]:
    """Return the final transcripts of all channels in the order of their start.

    Raises: AudioError, RecognizerError.
    """
    gates = {channel: VadGate(channel) for channel in source.channels}
    sessions = {channel: recognizer.open(channel) for channel in source.channels}
    found: list[Transcript] = []
    try:
        with tqdm(total=duration_s, unit="秒", file=sys.stderr, disable=None) as bar:
            for frame in source.frames():
                if not isinstance(frame, AudioFrame):
                    continue
                session = sessions[frame.channel]
                gate = gates[frame.channel].push(frame)
                for speech in gate.frames:
                    session.accept(speech)
                if gate.utterance_ended:
                    session.end_utterance()
                found += _finals(session)
                if frame.channel == source.channels[0]:
                    bar.update(frame.duration_s)
                while session.waiting_s() > QUEUED_S:
                    time.sleep(0.05)
                    found += _finals(session)
        for session in sessions.values():
            found += [t for t in session.finish(FINISH_TIMEOUT_S) if t.is_final]
    finally:
        for session in sessions.values():
            session.close()
    return sorted((t for t in found if t.text), key=lambda transcript: transcript.start_s)


def _finals(session: RecognizerSession) -> list[Transcript]:
    return [transcript for transcript in session.results() if transcript.is_final]
