"""Vosk: streaming partial and final results with word times and confidences."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from asr_models.engine import Decoded, EngineSpec, Job, Timeline, Urgency
from asr_models.vosk_model import LentRecognizer, VoskModel
from asr_models.vosk_results import Reading, partial_text, read
from hotline.audio import AudioFrame
from hotline.domain.segment import Transcript

JOB_FRAMES = 5
"""A job decodes at least so many frames: partial results are no faster in smaller steps than 100 ms."""
MOST_JOB_FRAMES = 20
"""And at most so many, when they wait: fewer steps and partial results under load."""
FLUSH_S = 0.3
"""Silence that pushes the last words of an utterance through the network. Kaldi's own way to end one throws away what
it learned about the voice."""


class VoskEngine:
    """One model, shared by all sessions of a worker; Kaldi decodes outside the interpreter lock."""

    def __init__(self, spec: EngineSpec) -> None:
        self.threads = spec.threads
        self._model = VoskModel(spec)

    def open(self, channel: str) -> VoskSession:
        """Start recognising a channel."""
        return VoskSession(self._model, channel)


class VoskSession:
    """One channel at its true sample rate; the recogniser is taken when the rate is known."""

    def __init__(self, model: VoskModel, channel: str) -> None:
        self._model = model
        self._channel = channel
        self._waiting: deque[tuple[int, AudioFrame | None]] = deque()
        self._ends_waiting = 0
        self._last_seq = self._decoded_seq = 0
        self._lent: LentRecognizer | None = None
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
        """Decode what waits, up to `MOST_JOB_FRAMES` frames; fewer where an utterance ends or the rate changes."""
        frames: list[AudioFrame] = []
        seq = self._decoded_seq
        while self._waiting and len(frames) < MOST_JOB_FRAMES:
            following = self._waiting[0][1]
            if frames and following and following.rate_hz != frames[0].rate_hz:
                break
            seq, _ = self._waiting.popleft()
            if following is None:
                self._ends_waiting -= 1
                return lambda: self._decode(seq, frames, ended=True)
            frames.append(following)
        return lambda: self._decode(seq, frames, ended=False)

    def close(self) -> None:
        """Give the recogniser back."""
        if self._lent:
            self._model.give_back(self._lent)
            self._lent = None

    def _decode(self, seq: int, frames: Sequence[AudioFrame], *, ended: bool) -> Decoded:
        self._decoded_seq = seq
        finals = list(self._change_rate(frames[0].rate_hz)) if frames else []
        if frames and self._feed(frames):
            finals += self._final()
            return Decoded(tuple(finals), seq)
        if ended:
            finals += self._end()
            return Decoded(tuple(finals), seq)
        return Decoded((*finals, *self._new_partial()))

    def _feed(self, frames: Sequence[AudioFrame]) -> bool:
        """Decode frames; True when Vosk's endpointer ends the utterance."""
        assert self._lent
        if not self._partial:
            self._start_s = frames[0].start_s
        for frame in frames:
            self._timeline.feed(frame)
        self._end_s = frames[-1].end_s
        self._lent.fed_s += sum(frame.duration_s for frame in frames)
        return bool(self._lent.kaldi.AcceptWaveform(b"".join(frame.pcm for frame in frames)))

    def _change_rate(self, rate_hz: int) -> Sequence[Transcript]:
        """Take a recogniser for this rate; what the former one still holds becomes final."""
        if self._lent and self._lent.rate_hz == rate_hz:
            return ()
        left = self._end()
        self.close()
        self._lent = self._model.lend(rate_hz)
        self._timeline = Timeline(self._lent.fed_s)
        return left

    def _new_partial(self) -> Sequence[Transcript]:
        assert self._lent
        text = partial_text(self._lent.kaldi.PartialResult())
        if not text or text == self._partial:
            return ()
        self._partial = text
        return (Transcript(self._channel, text, self._start_s, self._end_s, is_final=False),)

    def _end(self) -> Sequence[Transcript]:
        """Make final what is held; the recogniser goes on with what it knows of the voice."""
        if not self._lent:
            return ()
        self._lent.kaldi.AcceptWaveform(bytes(2 * int(FLUSH_S * self._lent.rate_hz)))
        self._lent.fed_s += FLUSH_S
        self._timeline.skip(FLUSH_S)
        return self._final()

    def _final(self) -> Sequence[Transcript]:
        """Return the final transcript, or an empty partial that takes a wrong one off the console."""
        assert self._lent
        said, self._partial = self._partial, ""
        heard: Reading = read(self._lent.kaldi.Result())
        if not heard.text:
            return (Transcript(self._channel, "", self._start_s, self._end_s, is_final=False),) if said else ()
        words = heard.placed(self._timeline.call_s, lambda fed_s: self._timeline.call_s(fed_s, is_end=True))
        start_s, end_s = (words[0].start_s, words[-1].end_s) if words else (self._start_s, self._end_s)
        found = Transcript(self._channel, heard.text, start_s, end_s, True, words, heard.confidence, heard.alternatives)
        return (found,)
