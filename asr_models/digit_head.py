"""Digits read from Whisper's encoding by a small network of our own, without a language model that drops doubled ones.

The network (`digit_head.onnx`, made by `asr_models/digit_training.py`) gives for each frame of 20 ms the probability of
a digit, of another syllable, or of nothing new (connectionist temporal classification, Graves et al. 2006). It belongs
to one encoder; with another Whisper model numbers stay as that model wrote them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from asr_models.folder import sha256

FILE = Path(__file__).parent / "digit_head.onnx"
FRAME_S = 0.02
BLANK, FIRST_DIGIT, OTHER = 0, 1, 11
"""Classes: nothing new, ten digits from `FIRST_DIGIT`, any other syllable."""
CLASSES = 12
BEAM = 24
LEAST_SHARE = 1e-4
"""Probability in a frame below which a class is not followed."""
LogProbabilities = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Reading:
    """Digits and their cost: negative natural logarithm of their probability."""

    digits: str
    cost: float


@dataclass(frozen=True)
class Syllable:
    """One digit, or None for another syllable, and the frame where it is heard."""

    digit: str | None
    frame: int


class DigitHead:
    """The network beside one encoder."""

    def __init__(self, path: Path = FILE) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def fits(self, model_file: Path) -> bool:
        """Say whether the head was trained on the encoder in this file."""
        notes: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        return sha256(model_file) == notes["encoder_sha256"]

    def probabilities(self, encoded: np.ndarray[Any, Any], seconds: float) -> LogProbabilities:
        """Return natural logarithms `(frames, CLASSES)` for an encoding `(1, frames, features)` of so much audio."""
        heard = encoded[:, : math.ceil(seconds / FRAME_S)]
        found: LogProbabilities = self._session.run(None, {"encoded": heard.astype(np.float32)})[0][0]
        return found


def syllables(found: LogProbabilities) -> list[Syllable]:
    """Return the likeliest syllables."""
    best = found.argmax(axis=1)
    starts = [
        frame for frame in range(len(best)) if best[frame] != BLANK and (not frame or best[frame - 1] != best[frame])
    ]
    return [Syllable(None if best[at] == OTHER else str(best[at] - FIRST_DIGIT), at) for at in starts]


def readings(found: LogProbabilities) -> list[Reading]:
    """Return what digits a stretch of frames can be, the likeliest first, by prefix beam search.

    Other syllables in it count as nothing.
    """
    quiet = np.logaddexp(found[:, BLANK], found[:, OTHER])
    beams: dict[str, tuple[float, float]] = {"": (0.0, -math.inf)}
    for frame, silent in zip(found, quiet, strict=True):
        likely = [str(digit) for digit in range(10) if frame[FIRST_DIGIT + digit] > math.log(LEAST_SHARE)]
        grown: dict[str, tuple[float, float]] = {}
        for prefix, (after_blank, after_digit) in beams.items():
            whole = _add(after_blank, after_digit)
            _grow(grown, prefix, blank=whole + silent)
            for digit in likely:
                chance = frame[FIRST_DIGIT + int(digit)]
                if prefix.endswith(digit):
                    _grow(grown, prefix, digit=after_digit + chance)
                    _grow(grown, prefix + digit, digit=after_blank + chance)
                else:
                    _grow(grown, prefix + digit, digit=whole + chance)
        best = sorted(grown.items(), key=lambda item: -_add(*item[1]))
        beams = dict(best[:BEAM])
    return [Reading(digits, -_add(*chances)) for digits, chances in beams.items()]


def _grow(
    beams: dict[str, tuple[float, float]], prefix: str, *, blank: float = -math.inf, digit: float = -math.inf
) -> None:
    old_blank, old_digit = beams.get(prefix, (-math.inf, -math.inf))
    beams[prefix] = (_add(old_blank, blank), _add(old_digit, digit))


def _add(a: float, b: float) -> float:
    """Return the logarithm of the sum of two probabilities given as logarithms."""
    high, low = max(a, b), min(a, b)
    return high + math.log1p(math.exp(low - high)) if low > -math.inf else high


def cost_of(found: LogProbabilities, digits: str) -> float:
    """Return what it costs that a stretch of frames is these digits, by the forward algorithm.

    Other syllables in it count as nothing.
    """
    found = found.copy()
    found[:, BLANK] = np.logaddexp(found[:, BLANK], found[:, OTHER])
    states = np.full(2 * len(digits) + 1, BLANK)
    states[1::2] = [FIRST_DIGIT + int(digit) for digit in digits]
    may_skip = np.zeros(len(states), bool)
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    chances = np.full(len(states), -np.inf)
    chances[:2] = found[0, states[:2]]
    for frame in found[1:]:
        before = np.concatenate(([-np.inf], chances[:-1]))
        skipped = np.where(may_skip, np.concatenate(([-np.inf, -np.inf], chances[:-2]))[: len(states)], -np.inf)
        chances = np.logaddexp(np.logaddexp(chances, before), skipped) + frame[states]
    return -float(np.logaddexp.reduce(chances[-2:]))


def runs(heard: Sequence[Syllable], least: int) -> list[tuple[int, int]]:
    """Return first and last-but-one index of each stretch of at least so many digits."""
    found, start = [], 0
    for index in range(len(heard) + 1):
        if index == len(heard) or heard[index].digit is None:
            if index - start >= least:
                found.append((start, index))
            start = index + 1
    return found
