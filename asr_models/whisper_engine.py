"""Whisper through faster-whisper: utterances as the VAD cuts them, in simplified characters.

A final result is one decoding of the whole utterance. Partial results decode the running utterance about once
a second, when the worker has nothing better to do.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import soxr

from asr_models.engine import EngineSpec, Timeline
from hotline.audio import AudioFrame
from hotline.domain.segment import Transcript, Word
from hotline.errors import ModelError

RATE_HZ = 16000
LONGEST_UTTERANCE_S = 14.0
SHORTEST_S = 0.25
PARTIAL_EVERY_S = 1.0
FINAL_BEAM, PARTIAL_BEAM = 5, 1
PROMPT = "以下是反诈中心热线的普通话通话，涉及银行卡号、转账金额、手机号和验证码。"
ECHO_LENGTH = 4
LEAST_TOKENS, TOKENS_PER_S = 20, 12
"""A decoding that writes more than anybody can say is a loop and is cut off."""
LEAST_LOG_PROBABILITY = -1.3
"""Mean log probability of tokens below which a decoding is noise."""
SILENCE_PROBABILITY = 0.6
REPEATS = re.compile(r"(.{1,12}?)\1{4,}")
CREDITS = re.compile(r"字幕|请不吝点赞|打赏支持|订阅我的频道|明镜与点点|谢谢观看|谢谢收看|by索兰娅|优优独播剧场")
"""What Whisper learned from subtitle credits and says on noise."""


class WhisperEngine:
    """One model, shared by all sessions of a worker."""

    def __init__(self, spec: EngineSpec) -> None:
        from faster_whisper import WhisperModel
        from opencc import OpenCC

        if not (spec.model / "model.bin").is_file():
            raise ModelError(
                "Whisper 模型文件夹不完整", expected="含 model.bin 的文件夹", found=spec.model.name, remedy="重新安装模型"
            )
        try:
            self._model = WhisperModel(
                str(spec.model), device="cpu", compute_type="int8", cpu_threads=spec.threads, local_files_only=True
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                "Whisper 模型无法加载", expected="faster-whisper 格式的模型", found=type(error).__name__, remedy="重新安装模型"
            ) from None
        self._language = spec.language
        self._simplify = OpenCC("t2s")

    def open(self, channel: str) -> WhisperSession:
        """Start recognising a channel."""
        return WhisperSession(self, channel)

    def decode(self, audio: np.ndarray[Any, Any], *, final: bool) -> tuple[str, list[Word], float]:
        """Return text, words (seconds of this audio) and confidence of 16 kHz float samples; '' for noise."""
        prompt = PROMPT if self._language == "zh" else None
        kept = self._segments(audio, final, prompt)
        text = self._clean("".join(segment.text for segment in kept))
        if prompt and _echoes_prompt(text):
            kept = self._segments(audio, final, None)
            text = self._clean("".join(segment.text for segment in kept))
        words = [
            Word(self._clean(word.word), word.start, word.end, word.probability)
            for segment in kept
            for word in segment.words or ()
        ]
        if not kept or CREDITS.search(text) or _echoes_prompt(text):
            return "", [], 0.0
        confidence = math.exp(sum(segment.avg_logprob for segment in kept) / len(kept))
        return text, words, confidence

    def _segments(self, audio: np.ndarray[Any, Any], final: bool, prompt: str | None) -> list[Any]:
        segments, _ = self._model.transcribe(
            audio,
            language=self._language,
            beam_size=FINAL_BEAM if final else PARTIAL_BEAM,
            initial_prompt=prompt,
            condition_on_previous_text=False,
            temperature=0.0,
            word_timestamps=final,
            without_timestamps=not final,
            max_new_tokens=LEAST_TOKENS + int(len(audio) / RATE_HZ * TOKENS_PER_S),
        )
        return [segment for segment in segments if _is_speech(segment)]

    def _clean(self, text: str) -> str:
        simplified: str = self._simplify.convert(text.strip()) if self._language == "zh" else text.strip()
        return REPEATS.sub(r"\1", simplified)


def _echoes_prompt(text: str) -> bool:
    """Say whether most of a text was taken from the prompt, which Whisper does on speech it cannot read."""
    pieces = [text[i : i + ECHO_LENGTH] for i in range(max(1, len(text) - ECHO_LENGTH + 1))]
    return len(text) >= ECHO_LENGTH and sum(piece in PROMPT for piece in pieces) > len(pieces) / 2


def _is_speech(segment: Any) -> bool:
    quiet = segment.no_speech_prob > SILENCE_PROBABILITY and segment.avg_logprob < -0.8
    return segment.avg_logprob >= LEAST_LOG_PROBABILITY and not quiet and bool(segment.text.strip())


class WhisperSession:
    """One channel: the running utterance, decoded when it ends or grows too long."""

    def __init__(self, engine: WhisperEngine, channel: str) -> None:
        self._engine = engine
        self._channel = channel
        self._frames: list[AudioFrame] = []
        self._heard_s = 0.0
        self._partial_heard_s = 0.0
        self._partial_at = 0.0

    def accept(self, frame: AudioFrame) -> Sequence[Transcript]:
        """Keep a frame; an utterance that grows too long is cut."""
        self._frames.append(frame)
        self._heard_s += frame.duration_s
        return self.end_utterance() if self._heard_s >= LONGEST_UTTERANCE_S else ()

    def end_utterance(self) -> Sequence[Transcript]:
        """Decode the utterance."""
        frames, heard_s = self._frames, self._heard_s
        self._frames, self._heard_s, self._partial_heard_s = [], 0.0, 0.0
        if heard_s < SHORTEST_S:
            return ()
        text, words, confidence = self._engine.decode(_samples(frames), final=True)
        if not text:
            return ()
        timeline = Timeline()
        for frame in frames:
            timeline.feed(frame)
        placed = tuple(
            Word(word.text, timeline.call_s(word.start_s), timeline.call_s(word.end_s), word.confidence) for word in words
        )
        start_s = placed[0].start_s if placed else frames[0].start_s
        end_s = placed[-1].end_s if placed else frames[-1].end_s
        return (Transcript(self._channel, text, start_s, end_s, True, placed, confidence),)

    def idle(self) -> Sequence[Transcript]:
        """Decode the running utterance when a second of it is new."""
        new_s = self._heard_s - self._partial_heard_s
        if new_s < PARTIAL_EVERY_S or time.monotonic() - self._partial_at < PARTIAL_EVERY_S:
            return ()
        self._partial_heard_s = self._heard_s
        text, _, confidence = self._engine.decode(_samples(self._frames), final=False)
        self._partial_at = time.monotonic()
        if not text:
            return ()
        start_s, end_s = self._frames[0].start_s, self._frames[-1].end_s
        return (Transcript(self._channel, text, start_s, end_s, is_final=False, confidence=confidence),)


def _samples(frames: Sequence[AudioFrame]) -> np.ndarray[Any, Any]:
    """Return the frames as 16 kHz float32 samples in [-1, 1]."""
    pcm = np.frombuffer(b"".join(frame.pcm for frame in frames), np.int16).astype(np.float32) / 32768
    resampled: np.ndarray[Any, Any] = soxr.resample(pcm, frames[0].rate_hz, RATE_HZ)
    return resampled
