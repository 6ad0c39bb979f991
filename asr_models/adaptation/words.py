"""Text into the words that a model knows: its lexicon is closed, since Gr.fst cannot say how a new word sounds."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LONGEST_WORD = 12
"""Characters of the longest word that is looked for inside a longer one."""


@dataclass
class Segmented:
    """Sentences as words of the model, and what it does not know."""

    sentences: list[list[str]] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)


class Segmenter:
    """Splits text into known words with the greatest product of unigram probabilities.

    It works where words are written without spaces (Chinese) and where the model's words are parts of those written
    (Korean: noun and particle).
    """

    def __init__(self, costs: Mapping[str, float]) -> None:
        """`costs`: negative logarithm of each word's unigram probability."""
        self.costs = costs

    def split(self, token: str) -> list[str] | None:
        """Return the best words of a token without spaces, None where there are none."""
        best = [0.0] + [math.inf] * len(token)
        start = [0] * (len(token) + 1)
        for end in range(1, len(token) + 1):
            for begin in range(max(0, end - LONGEST_WORD), end):
                cost = best[begin] + self.costs.get(token[begin:end], math.inf)
                if cost < best[end]:
                    best[end], start[end] = cost, begin
        if math.isinf(best[-1]):
            return None
        words, end = [], len(token)
        while end:
            words.append(token[start[end] : end])
            end = start[end]
        return words[::-1]

    def segment(self, lines: Iterable[str]) -> Segmented:
        """Return the lines as sentences; one with an unknown word becomes two, without it."""
        found = Segmented()
        for line in lines:
            sentence: list[str] = []
            for token in tokens(line):
                words = next(filter(None, map(self.split, (token, token.upper(), token.lower()))), None)
                if words:
                    sentence += words
                    continue
                found.unknown[token] += 1
                if sentence:
                    found.sentences.append(sentence)
                sentence = []
            if sentence:
                found.sentences.append(sentence)
        return found


def tokens(line: str) -> list[str]:
    """Return what stands between spaces and punctuation."""
    line = unicodedata.normalize("NFKC", line)
    kept = [character if unicodedata.category(character)[0] in "LNM" else " " for character in line]
    return "".join(kept).split()
