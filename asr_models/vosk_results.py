"""What Vosk answers, read: text without spaces between Chinese words, words with times and confidences, alternatives."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hotline.domain.segment import Word

CJK_SPACE = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
UNKNOWN = re.compile(r"\s*(?:\[unk\]|<unk>|<UNK>)\s*")


@dataclass(frozen=True)
class Reading:
    """One utterance as Vosk understood it; word times are seconds of fed audio."""

    text: str
    words: tuple[Word, ...] = ()
    alternatives: tuple[str, ...] = ()
    """Other readings, the likelier first."""

    def placed(self, start_s: Callable[[float], float], end_s: Callable[[float], float]) -> tuple[Word, ...]:
        """Return the words with seconds of the call, by functions that map starts and ends."""
        return tuple(Word(w.text, start_s(w.start_s), end_s(w.end_s), w.confidence) for w in self.words)

    @property
    def confidence(self) -> float:
        """Mean word confidence in [0, 1]; 1.0 without words."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else 1.0


def join_words(text: str) -> str:
    """Return Vosk's text without spaces between Chinese words and without unknown-word marks."""
    return CJK_SPACE.sub("", UNKNOWN.sub(" ", text)).strip()


def partial_text(answer: str) -> str:
    """Return the text of a partial result."""
    return join_words(json.loads(answer).get("partial", ""))


def read(answer: str) -> Reading:
    """Read a final result, with or without alternatives."""
    body = json.loads(answer)
    if "alternatives" not in body:
        return Reading(join_words(body.get("text", "")), _words(body.get("result", ()), lambda word: word["conf"]))
    return _read_alternatives(body["alternatives"])


def _read_alternatives(found: Sequence[dict[str, Any]]) -> Reading:
    """Take the best of several readings. Vosk then gives likelihoods of readings in place of word confidences.

    A word is as sure as the share of the readings, weighed by likelihood, that have it at the same place.
    """
    if not found:
        return Reading("")
    best = max(entry["confidence"] for entry in found)
    weights = [math.exp(entry["confidence"] - best) for entry in found]

    def confidence(word: dict[str, Any]) -> float:
        agreeing = (w for entry, w in zip(found, weights, strict=True) if _has(entry.get("result", ()), word))
        return min(1.0, sum(agreeing) / sum(weights))

    texts = list(dict.fromkeys(filter(None, (join_words(entry["text"]) for entry in found))))
    words = _words(found[0].get("result", ()), confidence)
    return Reading(texts[0] if texts else "", words, tuple(texts[1:]))


def _has(words: Sequence[dict[str, Any]], wanted: dict[str, Any]) -> bool:
    return any(
        word["word"] == wanted["word"] and word["start"] < wanted["end"] and word["end"] > wanted["start"]
        for word in words
    )


def _words(words: Sequence[dict[str, Any]], confidence: Callable[[dict[str, Any]], float]) -> tuple[Word, ...]:
    return tuple(
        Word(word["word"], word["start"], word["end"], confidence(word))
        for word in words
        if not UNKNOWN.fullmatch(word["word"])
    )
