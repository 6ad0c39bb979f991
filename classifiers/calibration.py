"""Makes probabilities mean what they say: temperatures fitted on the validation split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.dataset import LabelledCall, caller_turn_count, heard_until
from classifiers.decision import Calibration, FloatArray, softmax
from classifiers.network import FACTS, STAGES
from classifiers.predictor import OnnxClassifier
from hotline.domain.segment import Turn
from hotline.taxonomy import load_taxonomy

TEMPERATURES = np.geomspace(0.3, 4.0, 60)
HEARD = (0.4, 0.7, 1.0)
"""Shares of the caller's turns at which calls are taken for fitting."""
SURE_ACCURACY = 0.85
"""`unsure_below` is set so that labels of at least that probability are right this often."""
BINS = 10


def heard_calls(calls: Sequence[LabelledCall], share: float) -> list[Sequence[Turn]]:
    """Return each call up to a share of its caller turns."""
    return [heard_until(c.turns, round(caller_turn_count(c.turns) * share)) if share < 1 else c.turns for c in calls]


def fit(classifier: OnnxClassifier, calls: Sequence[LabelledCall]) -> Calibration:
    """Return the calibration that fits these calls best (least negative log likelihood)."""
    codes = load_taxonomy().codes
    labels = len(codes)
    logits = np.concatenate([classifier.logits(heard_calls(calls, share)) for share in HEARD])
    truth = np.tile([codes.index(call.label) for call in calls], len(HEARD))
    temperature = _best_temperature(logits[:, :labels], truth)

    full = logits[-len(calls) :]
    staged = np.array([call.stage in tuple(STAGES) for call in calls])
    stages = np.array([STAGES.index(call.stage) if call.stage in tuple(STAGES) else 0 for call in calls])
    stage_temperature = _best_temperature(full[staged][:, labels : labels + len(STAGES)], stages[staged])

    facts = np.array([[bool(call.money_gone), bool(call.coached)] for call in calls], dtype=float)
    fact_temperature = _best_fact_temperature(full[:, -len(FACTS) :], facts)

    probabilities = softmax(logits[:, :labels], temperature)
    return Calibration(temperature, stage_temperature, fact_temperature, _unsure_below(probabilities, truth))


def expected_calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the ECE over ten equal bins, in [0, 1]; lower is better."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    total = 0.0
    for index in range(BINS):
        inside = bins == index
        if inside.any():
            total += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(total)


def _best_temperature(logits: FloatArray, truth: NDArray[np.int64]) -> float:
    rows = np.arange(len(truth))

    def loss(temperature: float) -> float:
        return float(-np.log(softmax(logits, temperature)[rows, truth] + 1e-9).mean())

    return float(min(TEMPERATURES, key=loss)) if len(truth) else 1.0


def _best_fact_temperature(logits: FloatArray, truth: NDArray[np.float64]) -> float:
    def loss(temperature: float) -> float:
        probability = np.clip(1 / (1 + np.exp(-logits / temperature)), 1e-6, 1 - 1e-6)
        return float(-(truth * np.log(probability) + (1 - truth) * np.log(1 - probability)).mean())

    return float(min(TEMPERATURES, key=loss))


def _unsure_below(probabilities: FloatArray, truth: NDArray[np.int64]) -> float:
    """Return the least probability from which on labels are right `SURE_ACCURACY` of the time."""
    best = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    for threshold in np.arange(0.30, 0.95, 0.01):
        sure = best >= threshold
        if sure.any() and right[sure].mean() >= SURE_ACCURACY:
            return round(float(threshold), 2)
    return 0.95
