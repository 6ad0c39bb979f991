"""From scores to what an operator is told: calibrated probabilities, unsure or not, risk level with reasons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hotline.domain.risk import RiskLevel, Stage
from hotline.domain.segment import Channel, Turn
from hotline.taxonomy import NOT_FRAUD, load_taxonomy

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Mix:
    """How one head's scores of the network and of the n-grams become one score."""

    temperature: float = 1.0
    """What the network's scores are divided by."""
    ngram_weight: float = 1.0
    """What the n-grams' scores are multiplied by."""

    def __call__(self, network: FloatArray, ngrams: FloatArray) -> FloatArray:
        """Return the log odds, up to a constant, that both together give."""
        mixed: FloatArray = network / self.temperature + self.ngram_weight * ngrams
        return mixed


@dataclass(frozen=True)
class Calibration:
    """Fitted on the validation split."""

    labels: Mix = field(default=Mix())
    stages: Mix = field(default=Mix())
    facts: Mix = field(default=Mix())
    unsure_below: float = 0.5
    """A call whose best label is less probable than this is 'unsure'."""
    settling: float = 0.0
    """Characters of a caller's words after which scores count half as much as at the end of a long call."""

    def label_scores(self, network: FloatArray, ngrams: FloatArray, characters: NDArray[np.int64] | int) -> FloatArray:
        """Return the labels' log odds, up to a constant; the fewer `characters` the caller has said, the flatter."""
        said = np.maximum(np.atleast_1d(characters), 1)[:, None]
        settled: FloatArray = self.labels(network, ngrams) * (said / (said + self.settling))
        return settled


def characters_said(turns: Sequence[Turn]) -> int:
    """Return how many characters the caller has said."""
    return sum(len(turn.text) for turn in turns if turn.speaker == Channel.CALLER)


def combine_windows(logits: FloatArray) -> FloatArray:
    """Return one row `(L,)` for the windows `(W, L)` of a long call.

    A scam told in any part of the call counts: each fraud label keeps its best lead over `not_fraud`.
    """
    if len(logits) == 1:
        only: FloatArray = logits[0]
        return only
    column = load_taxonomy().codes.index(NOT_FRAUD)
    lead: FloatArray = (logits - logits[:, column : column + 1]).max(axis=0)
    return lead


def softmax(logits: FloatArray) -> FloatArray:
    """Return probabilities along the last axis."""
    exponent = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: FloatArray = exponent / exponent.sum(axis=-1, keepdims=True)
    return result


def sigmoid(logit: float) -> float:
    """Return the probability of a logit."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))


def assess_risk(
    probabilities: Mapping[str, float], unsure: bool, stage: str | None, money_gone: float, coached: float
) -> tuple[RiskLevel, tuple[str, ...]]:
    """Return the risk level and its reason codes. It advises; people decide (PIPL, article 24).

    紧急: fraud and somebody steers the victim now. 高: fraud and money has gone, or the scam has come to
    paying. 中: fraud. 低: otherwise.
    """
    fraud = 1 - probabilities[NOT_FRAUD]
    if fraud < 0.5:
        return RiskLevel.LOW, ("no_fraud_heard",)
    reasons = ["fraud_likely"]
    if unsure:
        reasons.append("type_unsure")
    level = RiskLevel.MEDIUM
    if stage in (Stage.TRANSFER, Stage.EXTRA):
        reasons.append("stage_paying")
        level = RiskLevel.HIGH
    if money_gone >= 0.5:
        reasons.append("money_gone")
        level = RiskLevel.HIGH
    if coached >= 0.5:
        reasons.append("being_coached")
        level = RiskLevel.URGENT
    if fraud < 0.7 and level is not RiskLevel.URGENT:
        return RiskLevel.MEDIUM, tuple(reasons)
    return level, tuple(reasons)
