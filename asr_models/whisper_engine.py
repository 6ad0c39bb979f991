"""Whisper through faster-whisper: utterances as the VAD cuts them, in simplified characters.

A final result is one decoding of the whole utterance. Partial results decode the running utterance about once
a second, when the worker has nothing better to do.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import soxr

from asr_models.digit_head import DigitHead
from asr_models.engine import Decoded, EngineSpec, Job, Timeline, Urgency
from asr_models.folder import check_folder
from asr_models.whisper_decoding import Decoding, WhisperDecoder
from asr_models.whisper_digits import DigitReader
from asr_models.word_times import spread
from hotline.audio import FRAME_MS, AudioFrame, level_dbfs
from hotline.domain.segment import Transcript, Word
from hotline.errors import ModelError

RATE_HZ = 16000
LONGEST_UTTERANCE_S = 12.0
CUT_SEARCH_S = 3.0
CUT_FRAMES = 5
"""A longer utterance is cut where its last `CUT_SEARCH_S` seconds are quietest over so many frames."""
SHORTEST_S = 0.25
PARTIAL_EVERY_S = 1.0
FINAL_BEAM, PARTIAL_BEAM = 5, 1
PROMPT = "以下是反诈中心热线的普通话通话，涉及银行卡号、转账金额、手机号和验证码。"
ECHO_LENGTH = 4
SURE_OF_A_WORD = 0.5
MARKS = re.compile(r"\W")
LEAST_TOKENS, TOKENS_PER_S = 20, 12
"""A decoding that writes more than anybody can say is a loop and is cut off."""
LEAST_CHARACTERS_PER_S = 1.5
"""A text with less (two characters aside) has left something out, and is read again without a prompt."""
LEAST_LOG_PROBABILITY = -1.3
"""Mean log probability of tokens below which a decoding is noise."""
SILENCE_PROBABILITY = 0.6
REPEATS = re.compile(r"([^\d零〇一二三四五六七八九幺两洞拐]{1,12}?)\1{4,}")
"""A loop; digits are left alone, since account numbers do repeat them."""
LOOP = re.compile(r"(.{1,8}?)\1{5,}")
FOREIGN = re.compile(r"[A-Za-z]{3,}")
BROKEN_CHARACTER = "\ufffd"
"""Stands for a character whose bytes were cut off with the token limit."""
CHINESE_MARKS = str.maketrans({",": "，", "?": "？", "!": "！", ";": "；"})
CREDITS = re.compile(r"字幕|请不吝点赞|打赏支持|订阅我的频道|明镜与点点|谢谢观看|谢谢收看|by索兰娅|优优独播剧场")
"""What Whisper learned from subtitle credits and says on noise."""


class WhisperEngine:
    """One model, shared by all sessions of a worker."""

    def __init__(self, spec: EngineSpec) -> None:
        from faster_whisper import WhisperModel
        from opencc import OpenCC

        check_folder(spec.model, "whisper")
        try:
            model = WhisperModel(
                str(spec.model), device="cpu", compute_type="int8", cpu_threads=spec.threads, local_files_only=True
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                "Whisper 模型无法加载",
                expected="faster-whisper 格式的模型",
                found=type(error).__name__,
                remedy="重新安装模型",
            ) from None
        self.threads = 1
        self._language = spec.language
        self._decoder = WhisperDecoder(model, spec.language)
        self._forbidden = self._decoder.with_digits() if spec.language == "zh" else []
        """Numbers are then written as they are spoken, and stay whole: 九千一百 became 9，100, and 二十二万三千五百七十一
        became 22，3571."""
        head = DigitHead() if spec.language == "zh" else None
        self.digits = DigitReader(head) if head and head.fits(spec.model / "model.bin") else None
        self._simplify = OpenCC("t2s")
        self._prompt = "".join([PROMPT if spec.language == "zh" else "", *(f"{phrase}。" for phrase in spec.phrases)])

    def open(self, channel: str) -> WhisperSession:
        """Start recognising a channel."""
        return WhisperSession(self, channel)

    def decode(self, audio: np.ndarray[Any, Any], *, final: bool) -> tuple[str, list[Word], float]:
        """Return text, words (seconds of this audio) and confidence of 16 kHz float samples; '' for noise."""
        prompt, encoded, seconds = self._prompt, self._decoder.encode(audio), len(audio) / RATE_HZ
        most_tokens = LEAST_TOKENS + int(seconds * TOKENS_PER_S)
        read = partial(self._read, encoded, FINAL_BEAM if final else PARTIAL_BEAM, most_tokens)
        text, confidence = read(prompt)
        echo = bool(prompt) and echoes_prompt(text, prompt, confidence)
        left_out = final and prompt and 0 < len(text) < LEAST_CHARACTERS_PER_S * seconds - 2
        if echo or left_out:
            again = read(None)
            sound = self._language != "zh" or _is_sound(again[0])
            if echo:
                text, confidence = again if sound else ("", 0.0)
            elif sound and len(again[0]) > len(text):
                text, confidence = again
        if CREDITS.search(text):
            return "", [], 0.0
        if final and self.digits:
            text = self.digits.improve(text, np.array(encoded), seconds)
        return text, spread(text, audio, RATE_HZ, confidence) if final else [], confidence

    def _read(self, encoded: Any, beam: int, most_tokens: int, prompt: str | None) -> tuple[str, float]:
        """Return text and confidence of one decoding; '' for what is no speech."""
        found = self._decoder.decode(
            encoded, beam=beam, most_tokens=most_tokens, prompt=prompt, forbidden=self._forbidden
        )
        return (self._clean(found.text), found.confidence) if _is_speech(found) else ("", 0.0)

    def _clean(self, text: str) -> str:
        text = text.replace(BROKEN_CHARACTER, "").strip()
        if self._language == "zh":
            text = self._simplify.convert(text).translate(CHINESE_MARKS)
        return REPEATS.sub(r"\1", text)


def echoes_prompt(text: str, prompt: str, confidence: float) -> bool:
    """Say whether most of a text was taken from the prompt, which Whisper does on speech it cannot read.

    A word alone (转账 for 对的) counts where Whisper is not confident of it.
    """
    said, source = MARKS.sub("", text), MARKS.sub("", prompt)
    if len(said) < ECHO_LENGTH:
        return bool(said) and said in source and confidence < SURE_OF_A_WORD
    taken = {
        position
        for start in range(len(said) - ECHO_LENGTH + 1)
        if said[start : start + ECHO_LENGTH] in source
        for position in range(start, start + ECHO_LENGTH)
    }
    return len(taken) > len(said) / 2


def _is_sound(text: str) -> bool:
    """Say whether a Chinese text that was read without the usual prompt is neither a loop nor another language."""
    return not LOOP.search(text) and not FOREIGN.search(text)


def _is_speech(found: Decoding) -> bool:
    quiet = found.no_speech > SILENCE_PROBABILITY and found.log_probability < -0.8
    return found.log_probability >= LEAST_LOG_PROBABILITY and not quiet and bool(found.text.strip())


@dataclass
class _Utterance:
    """Speech between two pauses."""

    frames: list[AudioFrame] = field(default_factory=list)
    heard_s: float = 0.0
    last_seq: int = 0

    def add(self, seq: int, frame: AudioFrame) -> None:
        self.frames.append(frame)
        self.heard_s += frame.duration_s
        self.last_seq = seq


class WhisperSession:
    """One channel: utterances that wait for their decoding, and the running one."""

    def __init__(self, engine: WhisperEngine, channel: str) -> None:
        self._engine = engine
        self._channel = channel
        self._ended: deque[_Utterance] = deque()
        self._running = _Utterance()
        self._partial_heard_s = 0.0
        self._shown = False
        self._last_seq = 0
        self._decided_seq = 0

    @property
    def heard_seq(self) -> int:
        """The last item when no whole utterance waits; audio of the running one need not be decoded yet."""
        return self._decided_seq if self._ended else self._last_seq

    def accept(self, seq: int, frame: AudioFrame) -> None:
        """Keep a frame; an utterance that grows too long, or whose rate changes, is cut."""
        self._last_seq = seq
        if self._running.frames and self._running.frames[0].rate_hz != frame.rate_hz:
            self._cut(len(self._running.frames), seq - 1)
        self._running.add(seq, frame)
        if self._running.heard_s >= LONGEST_UTTERANCE_S:
            keep = quietest_frame(self._running.frames)
            self._cut(keep, seq - (len(self._running.frames) - keep))

    def end_utterance(self, seq: int) -> None:
        """Put the utterance in line for decoding."""
        self._last_seq = seq
        self._cut(len(self._running.frames), seq)

    def urgency(self) -> Urgency | None:
        """Whole utterances first; a partial result when enough of the running one is new."""
        if self._ended:
            return Urgency.FINAL
        due = self._running.heard_s - self._partial_heard_s >= PARTIAL_EVERY_S
        return Urgency.PARTIAL if due else None

    def take(self) -> Job:
        """Return the decoding of the oldest whole utterance, else of the running one so far."""
        if self._ended:
            utterance = self._ended[0]
            return lambda: self._decode_final(utterance)
        self._partial_heard_s = self._running.heard_s
        frames = tuple(self._running.frames)
        return lambda: self._decode_partial(frames)

    def close(self) -> None:
        """Nothing is held."""

    def _cut(self, count: int, seq: int) -> None:
        """Let the first `count` frames of the running utterance, up to the item `seq`, be a whole utterance."""
        old, self._running, self._partial_heard_s = self._running, _Utterance(), 0.0
        utterance = _Utterance(old.frames[:count], sum(f.duration_s for f in old.frames[:count]), seq)
        self._ended.append(utterance)
        for index, frame in enumerate(old.frames[count:], start=1):
            self._running.add(seq + index, frame)

    def _decode_final(self, utterance: _Utterance) -> Decoded:
        try:
            transcripts = self._final(utterance)
        finally:
            self._ended.popleft()
            self._decided_seq = utterance.last_seq
        return Decoded(transcripts, utterance.last_seq)

    def _final(self, utterance: _Utterance) -> tuple[Transcript, ...]:
        frames, shown = utterance.frames, self._shown
        self._shown = False
        text, words, confidence = "", list[Word](), 0.0
        if utterance.heard_s >= SHORTEST_S:
            text, words, confidence = self._engine.decode(_samples(frames), final=True)
        if not text:
            return (self._transcript("", frames),) if shown else ()
        timeline = Timeline()
        for frame in frames:
            timeline.feed(frame)
        placed = tuple(
            Word(word.text, timeline.call_s(word.start_s), timeline.call_s(word.end_s, is_end=True), word.confidence)
            for word in words
        )
        start_s = placed[0].start_s if placed else frames[0].start_s
        end_s = placed[-1].end_s if placed else frames[-1].end_s
        return (Transcript(self._channel, text, start_s, end_s, True, placed, confidence),)

    def _decode_partial(self, frames: Sequence[AudioFrame]) -> Decoded:
        text, _, confidence = self._engine.decode(_samples(frames), final=False)
        self._shown = self._shown or bool(text)
        return Decoded((self._transcript(text, frames, confidence),) if text else ())

    def _transcript(self, text: str, frames: Sequence[AudioFrame], confidence: float = 0.0) -> Transcript:
        return Transcript(self._channel, text, frames[0].start_s, frames[-1].end_s, False, confidence=confidence)


def quietest_frame(frames: Sequence[AudioFrame]) -> int:
    """Return the index, among the last `CUT_SEARCH_S` seconds, after whose frame an utterance is best cut."""
    first = max(1, len(frames) - int(CUT_SEARCH_S * 1000 / FRAME_MS))
    levels = [level_dbfs(frame.pcm) for frame in frames[first:]]
    smooth = np.convolve(levels, np.ones(CUT_FRAMES) / CUT_FRAMES, mode="same")
    return first + int(np.argmin(smooth[: len(levels) - CUT_FRAMES // 2])) + 1


def _samples(frames: Sequence[AudioFrame]) -> np.ndarray[Any, Any]:
    """Return the frames as 16 kHz float32 samples in [-1, 1]."""
    pcm = np.frombuffer(b"".join(frame.pcm for frame in frames), np.int16).astype(np.float32) / 32768
    resampled: np.ndarray[Any, Any] = soxr.resample(pcm, frames[0].rate_hz, RATE_HZ)
    return resampled
