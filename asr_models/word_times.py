"""Times of words that a recogniser gives without times: spread evenly over the voiced part of the utterance.

Mandarin syllables are nearly equally long, so a word lies where its share of the syllables lies once pauses are
left out. docs/performance.md gives the measured distance from times by cross-attention, which cost a second pass.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from hotline.domain.segment import Word

FRAME_S = 0.02
VOICED_BELOW_PEAK_DB = 30.0
PIECE = re.compile(r"[A-Za-z]+|\d[\d.]*|[^\W\d_]|.", re.DOTALL)
"""A word: a run of letters, a number, or one Chinese character."""
IS_SPOKEN = re.compile(r"\w")


def spread(text: str, samples: np.ndarray[Any, Any], rate_hz: int, confidence: float) -> list[Word]:
    """Return the words of `text` with seconds of `samples` (float, mono); marks stay with the word before."""
    pieces: list[str] = []
    for piece in PIECE.findall(text):
        if IS_SPOKEN.search(piece) or not pieces:
            pieces.append(piece)
        else:
            pieces[-1] += piece
    syllables = np.cumsum([0, *(_syllables(piece) for piece in pieces)])
    voiced = voiced_seconds(samples, rate_hz)
    if not pieces or not len(voiced):
        return []
    at = np.interp(syllables / syllables[-1] * len(voiced), np.arange(len(voiced)), voiced)
    return [
        Word(piece, float(start), float(max(start, end)), confidence)
        for piece, start, end in zip(pieces, at[:-1], at[1:], strict=True)
    ]


def voiced_seconds(samples: np.ndarray[Any, Any], rate_hz: int) -> np.ndarray[Any, Any]:
    """Return the start, in seconds, of each frame that is not more than `VOICED_BELOW_PEAK_DB` below the loudest."""
    length = int(rate_hz * FRAME_S)
    frames = samples[: len(samples) // length * length].reshape(-1, length)
    power: np.ndarray[Any, Any] = np.mean(np.square(frames), axis=1) if len(frames) else np.zeros(0)
    if not len(power) or not power.max():
        return np.zeros(0)
    return np.flatnonzero(power >= power.max() * 10 ** (-VOICED_BELOW_PEAK_DB / 10)) * FRAME_S


def _syllables(piece: str) -> int:
    """Return how many syllables a word has: one a digit or Chinese character, one for three letters."""
    letters = len(re.findall(r"[A-Za-z]", piece))
    return max(1, len(re.findall(r"[^\W_]", piece)) - letters + -(-letters // 3))
