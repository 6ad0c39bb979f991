"""Whisper over CTranslate2: an utterance is encoded once and decoded as often as wanted, with other prompts or tokens."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

CONTEXT_S = 15.0
"""Seconds that an encoding covers. Whisper was trained on 30, of which an utterance of ours fills 12 at most; the rest is
silence that costs most of the processor time (figures: docs/performance.md)."""
LONGEST_S = 30.0
LONGEST_PROMPT = 223
"""Tokens of a prompt that the model can take (half its context less one)."""


@dataclass(frozen=True)
class Decoding:
    """One reading of an utterance."""

    text: str
    log_probability: float
    """Mean natural logarithm of its tokens' probabilities, the end counted."""
    no_speech: float
    """Probability in [0, 1] that nobody speaks."""

    @property
    def confidence(self) -> float:
        """Geometric mean of the tokens' probabilities, in (0, 1]."""
        return math.exp(self.log_probability)


class WhisperDecoder:
    """One loaded model for one language."""

    def __init__(self, model: Any, language: str) -> None:
        """`model` is a faster_whisper.WhisperModel; `language` a code that it knows."""
        from faster_whisper.tokenizer import Tokenizer

        self._model = model
        self._tokenizer = Tokenizer(model.hf_tokenizer, True, task="transcribe", language=language)
        tokenizer = self._tokenizer
        special = (tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev, tokenizer.sot_lm)
        self.never = frozenset({*tokenizer.non_speech_tokens, *special})
        """Tokens that are no speech: music, brackets, commands."""

    def encode(self, audio: Any) -> Any:
        """Return the encoding of 16 kHz float samples of at most `LONGEST_S`."""
        from faster_whisper.audio import pad_or_trim

        extractor = self._model.feature_extractor
        features = extractor(audio)
        seconds = CONTEXT_S if features.shape[-1] * extractor.time_per_frame < CONTEXT_S else LONGEST_S
        return self._model.encode(pad_or_trim(features, round(seconds / extractor.time_per_frame)))

    def decode(
        self, encoded: Any, *, beam: int, most_tokens: int, prompt: str | None = None, forbidden: Iterable[int] = ()
    ) -> Decoding:
        """Return the likeliest reading, without the forbidden tokens."""
        tokens = self._tokenizer
        start = [tokens.sot_prev, *tokens.encode(" " + prompt)[-LONGEST_PROMPT:]] if prompt else []
        start += [*tokens.sot_sequence, tokens.no_timestamps]
        found = self._model.model.generate(
            encoded,
            [start],
            beam_size=beam,
            max_length=len(start) + most_tokens,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=sorted(self.never.union(forbidden)),
        )[0]
        ids, score = found.sequences_ids[0], found.scores[0]
        text = tokens.decode([token for token in ids if token < tokens.eot])
        return Decoding(text, score * len(ids) / (len(ids) + 1), found.no_speech_prob)

    def with_digits(self) -> list[int]:
        """Return the tokens that write ASCII digits."""
        vocabulary = self._model.hf_tokenizer.get_vocab().items()
        return [token for text, token in vocabulary if any(c in "0123456789" for c in text) and text[:2] != "<|"]
