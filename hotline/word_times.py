"""Times for corrected words: what stayed keeps its time, what is new lies between its neighbours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from hotline.domain.segment import Word
from hotline.numerals import DIGIT_VALUES

PIECE = re.compile(r"[A-Za-z]+|\d+|\s*[^\s]", re.ASCII)
"""A word of a correction: a run of letters or digits, else one character."""
SPOKEN = {ord(spoken): str(value) for spoken, value in DIGIT_VALUES.items()}


def retimed(words: Sequence[Word], text: str, start_s: float, end_s: float) -> tuple[Word, ...]:
    """Return the words of `text` with times taken from `words` where characters are the same.

    Without words the text is spread evenly from `start_s` to `end_s` (seconds of the call).
    """
    bounds = character_bounds(words, text, start_s, end_s)
    return tuple(
        Word(match[0], round(bounds[match.start()], 3), round(bounds[match.end()], 3)) for match in PIECE.finditer(text)
    )


def character_bounds(words: Sequence[Word], text: str, start_s: float, end_s: float) -> list[float]:
    """Return the moments between the characters of `text`, one more than characters; a digit is its spoken form."""
    old = "".join(word.text for word in words).translate(SPOKEN)
    edges = _edges(words, start_s, end_s)
    bounds = [0.0] * (len(text) + 1)
    known = [False] * (len(text) + 1)
    bounds[0], bounds[-1], known[0], known[-1] = edges[0], edges[-1], True, True
    for block in SequenceMatcher(None, old, text.translate(SPOKEN), autojunk=False).get_matching_blocks():
        for step in range(block.size + 1 if block.size else 0):
            bounds[block.b + step], known[block.b + step] = edges[block.a + step], True
    _fill(bounds, known)
    return bounds


def _edges(words: Sequence[Word], start_s: float, end_s: float) -> list[float]:
    """Return the moments between the characters of the old words, one more than characters."""
    if not words:
        return [start_s, end_s]
    edges: list[float] = []
    for word in words:
        length = max(len(word.text), 1)
        edges += [word.start_s + (word.end_s - word.start_s) * place / length for place in range(len(word.text))]
    return [*edges, words[-1].end_s]


def _fill(bounds: list[float], known: list[bool]) -> None:
    """Spread unknown moments evenly between the known ones on both sides, and never go back in time."""
    last = 0
    for place in range(1, len(bounds)):
        if not known[place]:
            continue
        bounds[place] = max(bounds[place], bounds[last])
        for between in range(last + 1, place):
            share = (between - last) / (place - last)
            bounds[between] = bounds[last] + (bounds[place] - bounds[last]) * share
        last = place
