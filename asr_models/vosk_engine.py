"""Vosk: streaming partial and final results with word times and confidences."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Sequence
from typing import Any

from asr_models.engine import Decoded, EngineSpec, Job, Timeline, Urgency
from asr_models.folder import check_folder
from hotline.audio import AudioFrame
from hotline.domain.segment import Transcript, Word

JOB_FRAMES = 5
"""Frames that a job decodes: Kaldi is cheaper in steps of 100 ms, and partial results are no faster in smaller ones."""
CJK_SPACE = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
UNKNOWN = re.compile(r"\s*(?:\[unk\]|<unk>|<UNK>)\s*")


def join_words(text: str) -> str:
    """Return Vosk's text without spaces between Chinese words and without unknown-word marks."""
    return CJK_SPACE.sub("", UNKNOWN.sub(" ", text)).strip()


class VoskEngine:
    """One model, shared by all sessions of a worker; Kaldi decodes outside the interpreter lock."""

    def __init__(self, spec: EngineSpec) -> None:
        check_folder(spec.model, "vosk")
        import vosk

        vosk.SetLogLevel(-1)
        self.threads = spec.threads
        self._model = vosk.Model(str(spec.model))

    def open(self, channel: str) -> VoskSession:
        """Start recognising a channel."""
        return VoskSession(self._model, channel)


class VoskSession:
    """One channel at its true sample rate; the recogniser is made when the rate is known."""

    def __init__(self, model: Any, channel: str) -> None:
        self._model = model
        self._channel = channel
        self._waiting: deque[tuple[int, AudioFrame | None]] = deque()
        self._ends_waiting = 0
        self._last_seq = self._decoded_seq = 0
        self._recognizer: Any = None
        self._rate_hz = 0
        self._timeline = Timeline()
        self._start_s = 0.0
        self._end_s = 0.0
        self._partial = ""

    @property
    def heard_seq(self) -> int:
        """The last item decoded, or the last item when the rest is too little for a job."""
        return self._decoded_seq if self.urgency() is not None else self._last_seq

    def accept(self, seq: int, frame: AudioFrame) -> None:
        """Keep a frame for the next job."""
        self._waiting.append((seq, frame))
        self._last_seq = seq

    def end_utterance(self, seq: int) -> None:
        """Note the end for the next job."""
        self._waiting.append((seq, None))
        self._last_seq = seq
        self._ends_waiting += 1

    def urgency(self) -> Urgency | None:
        """Every bit of audio is worth the same."""
        return Urgency.AUDIO if len(self._waiting) >= JOB_FRAMES or self._ends_waiting else None

    def take(self) -> Job:
        """Decode `JOB_FRAMES` frames; fewer where an utterance ends or the rate changes."""
        frames: list[AudioFrame] = []
        seq = self._decoded_seq
        while self._waiting and len(frames) < JOB_FRAMES:
            following = self._waiting[0][1]
            if frames and following and following.rate_hz != frames[0].rate_hz:
                break
            seq, _ = self._waiting.popleft()
            if following is None:
                self._ends_waiting -= 1
                return lambda: self._decode(seq, frames, ended=True)
            frames.append(following)
        return lambda: self._decode(seq, frames, ended=False)

    def _decode(self, seq: int, frames: Sequence[AudioFrame], *, ended: bool) -> Decoded:
        self._decoded_seq = seq
        finals = list(self._change_rate(frames[0].rate_hz)) if frames else []
        if frames:
            if not self._partial:
                self._start_s = frames[0].start_s
            for frame in frames:
                self._timeline.feed(frame)
            self._end_s = frames[-1].end_s
            if self._recognizer.AcceptWaveform(b"".join(frame.pcm for frame in frames)):
                finals += self._final(self._recognizer.Result())
                return Decoded(tuple(finals), seq)
        if ended:
            finals += self._final(self._recognizer.FinalResult()) if self._recognizer else ()
            return Decoded(tuple(finals), seq)
        return Decoded((*finals, *self._new_partial()))

    def _change_rate(self, rate_hz: int) -> Sequence[Transcript]:
        """Make a recogniser for this rate; what the former one still holds becomes final."""
        if rate_hz == self._rate_hz:
            return ()
        import vosk

        left = self._final(self._recognizer.FinalResult()) if self._recognizer else ()
        self._recognizer = vosk.KaldiRecognizer(self._model, rate_hz)
        self._recognizer.SetWords(True)
        self._rate_hz, self._timeline = rate_hz, Timeline()
        return left

    def _new_partial(self) -> Sequence[Transcript]:
        text = join_words(json.loads(self._recognizer.PartialResult()).get("partial", ""))
        if not text or text == self._partial:
            return ()
        self._partial = text
        return (Transcript(self._channel, text, self._start_s, self._end_s, is_final=False),)

    def _final(self, result: str) -> Sequence[Transcript]:
        """Return the final transcript, or an empty partial that takes a wrong one off the console."""
        said, self._partial = self._partial, ""
        body = json.loads(result)
        text = join_words(body.get("text", ""))
        if not text:
            return (Transcript(self._channel, "", self._start_s, self._end_s, is_final=False),) if said else ()
        words = tuple(
            Word(
                word["word"],
                self._timeline.call_s(word["start"]),
                self._timeline.call_s(word["end"], is_end=True),
                word["conf"],
            )
            for word in body.get("result", ())
            if not UNKNOWN.fullmatch(word["word"])
        )
        if not words:
            return (Transcript(self._channel, text, self._start_s, self._end_s, is_final=True),)
        confidence = sum(word.confidence for word in words) / len(words)
        return (Transcript(self._channel, text, words[0].start_s, words[-1].end_s, True, words, confidence),)
