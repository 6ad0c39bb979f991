"""Punctuation for the eye: marks beside recognised text that has none (Vosk gives none). Facts never see them.

A linear model over the characters around each gap, trained by `python -m benchmarks.punctuation --write` on this project's own
calls; its weights lie beside this module. A pause between words makes a comma where the model sees nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from hotline.domain.segment import Segment
from hotline.word_times import character_bounds

WEIGHTS = Path(__file__).parent / "punctuation.npz"
MARKS = ("", "，", "。", "？")
"""The classes, in the order of the weights' columns."""
BUCKETS = 1 << 15
ANY_MARK = re.compile(r"[，。、？！,.?!；;：:…]")
SHORTEST = 6
"""Shorter texts need no marks."""
PAUSE_S = 0.8
"""A character that seems to last so long has a pause behind it."""
TOGETHER = re.compile(r"[0-9A-Za-z*~.:%/@_-]")
"""No mark comes between two of these: they are one number, time, address or name."""


def stops(segment: Segment) -> list[tuple[int, str]]:
    """Return marks for `segment.normalised` as (characters before it, mark); none where the text has its own."""
    text = segment.normalised
    if len(text) < SHORTEST or ANY_MARK.search(segment.text):
        return []
    bounds = character_bounds(segment.words, text, segment.start_s, segment.end_s) if segment.words else []
    return marks(text, bounds)


def marks(text: str, bounds: Sequence[float] = ()) -> list[tuple[int, str]]:
    """Return (characters before it, mark) of a text; `bounds` are the moments between its characters in seconds."""
    scores = _weights()[_rows(text)].astype(np.float32).sum(axis=1)
    best = scores.argmax(axis=1)
    found = []
    for place in range(1, len(text) + 1):
        mark = MARKS[best[place - 1]]
        if place < len(text) and TOGETHER.match(text[place - 1]) and TOGETHER.match(text[place]):
            continue
        if not mark and bounds and 1 < place < len(text) - 1 and bounds[place] - bounds[place - 1] > PAUSE_S:
            mark = MARKS[1]
        if place == len(text) and mark in ("", MARKS[1]):
            mark = MARKS[2]
        if mark:
            found.append((place, mark))
    return found


def features(text: str, place: int) -> Iterator[str]:
    """Yield what the model looks at in the gap behind `place` characters; digits are alike."""
    a, b, c = (text[place - n] if place >= n else "^" for n in (3, 2, 1))
    d, e, f = (text[place + n] if place + n < len(text) else "$" for n in (0, 1, 2))
    yield from (f"1{c}", f"2{b}{c}", f"3{a}{b}{c}", f"4{d}", f"5{d}{e}", f"6{d}{e}{f}")
    yield from (f"7{c}{d}", f"8{b}{c}{d}", f"9{c}{d}{e}", f"0{b}{c}{d}{e}")
    yield f"l{min(place, 4)}{min(len(text) - place, 4)}"


def rows_of(text: str) -> list[list[int]]:
    """Return the buckets of the features of every gap, the end included: lists of equal length."""
    plain = re.sub(r"[0-9*]", "0", text)
    return [[crc32(name.encode()) % BUCKETS for name in features(plain, place)] for place in range(1, len(text) + 1)]


def _rows(text: str) -> npt.NDArray[np.int64]:
    return np.asarray(rows_of(text), np.int64)


@cache
def _weights() -> npt.NDArray[np.int8]:
    with np.load(WEIGHTS) as stored:
        weights: npt.NDArray[np.int8] = stored["weights"]
    return weights
