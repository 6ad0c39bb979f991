"""Makes probabilities mean what they say: temperatures fitted on the validation split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from classifiers.dataset import LabelledCall, caller_turn_count, heard_until
from classifiers.decision import Calibration, FloatArray, Mix, characters_said, softmax
from classifiers.network import STAGES
from classifiers.predictor import OnnxClassifier
from hotline.domain.segment import Turn
from hotline.taxonomy import load_taxonomy

TEMPERATURES = (0.3, 1.0, 20.0)
NGRAM_WEIGHTS = (0.01, 1.0, 10.0)
SETTLING = (1.0, 60.0, 1000.0)
"""Least, first and greatest values that are tried."""
HEARD = (0.2, 0.4, 0.6, 1.0)
"""Shares of the caller's turns at which calls are taken for fitting."""
LATE = 2
"""How many of these shares, the last ones, count for `unsure_below`."""
SURE_ACCURACY = 0.95
"""`unsure_below` is set so that labels of at least that probability are right this often."""
BINS = 10


def heard_calls(calls: Sequence[LabelledCall], share: float) -> list[Sequence[Turn]]:
    """Return each call up to a share of its caller turns."""
    return [heard_until(c.turns, round(caller_turn_count(c.turns) * share)) if share < 1 else c.turns for c in calls]


def fit(classifier: OnnxClassifier, calls: Sequence[LabelledCall]) -> Calibration:
    """Return the calibration that fits these calls best (least negative log likelihood)."""
    codes = load_taxonomy().codes
    labels = len(codes)
    heard = [turns for share in HEARD for turns in heard_calls(calls, share)]
    network, ngrams = classifier.network_logits(heard), classifier.ngram_logits(heard)
    truth = np.tile([codes.index(call.label) for call in calls], len(HEARD))
    said = np.array([characters_said(turns) for turns in heard])
    calibration = _best_label_scores(network[:, :labels], ngrams[:, :labels], said, truth)
    probabilities = softmax(calibration.label_scores(network[:, :labels], ngrams[:, :labels], said))

    late, whole = slice(-LATE * len(calls), None), slice(-len(calls), None)
    network, ngrams, told = network[whole], ngrams[whole], slice(labels, labels + len(STAGES))
    staged = np.array([call.stage in tuple(STAGES) for call in calls])
    stages = np.array([STAGES.index(call.stage) for call in calls if call.stage in tuple(STAGES)])
    facts = np.array([[bool(call.money_gone), bool(call.coached)] for call in calls], dtype=int)
    facts_of = slice(labels + len(STAGES), None)
    return replace(
        calibration,
        stages=best_mix(network[staged, told], ngrams[staged, told], stages),
        facts=best_mix(_two_sided(network[:, facts_of]), _two_sided(ngrams[:, facts_of]), facts.ravel()),
        unsure_below=_unsure_below(probabilities[late], truth[late]),
    )


def _two_sided(logits: FloatArray) -> FloatArray:
    """Return log odds `(N, 2)` of facts as scores of no and yes `(2 N, 2)`."""
    odds = logits.ravel()
    return np.stack([np.zeros_like(odds), odds], axis=1)


def expected_calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the ECE over ten equal bins, in [0, 1]; lower is better."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    total = 0.0
    for index in range(BINS):
        inside = bins == index
        if inside.any():
            total += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(total)


def _best_label_scores(
    network: FloatArray, ngrams: FloatArray, said: NDArray[np.int64], truth: NDArray[np.int64]
) -> Calibration:
    """Fit temperature, weight and settling together."""

    def calibration(logarithms: NDArray[np.float64]) -> Calibration:
        temperature, ngram_weight, settling = (round(float(value), 4) for value in np.exp(logarithms))
        return Calibration(labels=Mix(temperature, ngram_weight), settling=settling)

    def scores(logarithms: NDArray[np.float64]) -> FloatArray:
        return calibration(logarithms).label_scores(network, ngrams, said)

    return calibration(_least_loss(scores, truth, (TEMPERATURES, NGRAM_WEIGHTS, SETTLING)))


def best_mix(network: FloatArray, ngrams: FloatArray, truth: NDArray[np.int64]) -> Mix:
    """Return the mix of two scores `(N, L)` under which the true columns `(N,)` are likeliest."""
    if not len(truth):
        return Mix()
    found = _least_loss(
        lambda logarithms: Mix(*np.exp(logarithms))(network, ngrams), truth, (TEMPERATURES, NGRAM_WEIGHTS)
    )
    return Mix(*(round(float(value), 4) for value in np.exp(found)))


def _least_loss(
    scores: Callable[[NDArray[np.float64]], FloatArray],
    truth: NDArray[np.int64],
    limits: Sequence[tuple[float, float, float]],
) -> NDArray[np.float64]:
    """Return the logarithms of the parameters, within `limits`, whose scores make the truth likeliest."""
    rows = np.arange(len(truth))
    logarithms = np.log(np.array(limits))

    def loss(parameters: NDArray[np.float64]) -> float:
        return float(-np.log(softmax(scores(parameters))[rows, truth] + 1e-9).mean())

    least, start, most = logarithms.T
    found: NDArray[np.float64] = minimize(loss, start, method="Powell", bounds=[*zip(least, most, strict=True)]).x
    return found


def _unsure_below(probabilities: FloatArray, truth: NDArray[np.int64]) -> float:
    """Return the least probability from which on labels are right `SURE_ACCURACY` of the time."""
    best = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    for threshold in np.arange(0.30, 0.95, 0.01):
        sure = best >= threshold
        if sure.any() and right[sure].mean() >= SURE_ACCURACY:
            return round(float(threshold), 2)
    return 0.95
