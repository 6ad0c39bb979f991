"""Fits the n-gram weights: regularised logistic regression, from nothing or from an earlier model's weights."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from classifiers.damage import Damager, sound_of
from classifiers.dataset import LabelledCall, heard_part
from classifiers.decision import FloatArray
from classifiers.network import FACTS, HEAD_GROUPS, STAGES
from classifiers.ngrams import NgramModel, counts_of
from hotline.domain.segment import Turn
from hotline.taxonomy import load_taxonomy

FEATURES = 120_000
"""N-grams kept, the most frequent ones."""
LEAST_CALLS = 2
STRENGTH, WARM_STRENGTH = 300.0, 3.0
"""How far weights may go for the sake of the training calls, from nothing and from an earlier model: the inverse of the
penalty on the squared way."""
DAMAGED_COPIES = 3
DAMAGED_SHARE = 0.6
"""Of the calls that are heard only in part."""
STEPS = 100

COMMON_CHARACTERS = range(0xB0, 0xF8), range(0xA1, 0xFF)
"""Lead and trail bytes of the 6,763 Chinese characters of GB 2312."""

Targets = NDArray[np.float64]


def fit_ngrams(calls: Sequence[LabelledCall], seed: int = 7, start: NgramModel | None = None) -> NgramModel:
    """Return a model of the calls, or `start` moved no farther than they make it; then its n-grams stay."""
    texts, targets = _examples(calls, seed)
    sounds = start.sounds if start else syllables()
    counts = [counts_of(turns, sounds) for turns in texts]
    model = start or vocabulary(counts, sounds)
    vectors = matrix(model, counts)
    weights, bias = model.weights.copy(), model.bias.copy()
    first = 0
    for width in HEAD_GROUPS:
        columns = slice(first, first + width)
        first += width
        known = ~np.isnan(targets[:, columns]).any(axis=1)
        if known.any():
            weights[:, columns], bias[columns] = fit_head(
                vectors[known],
                targets[known, columns],
                weights[:, columns],
                bias[columns],
                WARM_STRENGTH if start else STRENGTH,
            )
    return replace(model, weights=weights, bias=bias)


def syllables() -> dict[str, str]:
    """Return the toneless syllable of each character of GB 2312, its commonest reading."""
    lead, trail = COMMON_CHARACTERS
    characters = "".join(bytes((a, b)).decode("gb2312", "ignore") for a in lead for b in trail)
    return {character: "".join(sound_of(character)) for character in characters}


def _examples(calls: Sequence[LabelledCall], seed: int) -> tuple[list[Sequence[Turn]], Targets]:
    """Return each call whole, damaged in several ways, and up to some turn; with targets `(N, 21)`, NaN where unknown."""
    rng = random.Random(seed)
    damager = Damager(turn.text for call in calls for turn in call.turns)
    texts: list[Sequence[Turn]] = []
    targets = []
    for call in calls:
        part, told = heard_part(call, rng)
        if rng.random() < DAMAGED_SHARE:
            part = damager.damage(part, rng)
        damaged = [(damager.damage(call.turns, rng), True) for _ in range(DAMAGED_COPIES)]
        for turns, complete in ((call.turns, True), *damaged, (part, told)):
            texts.append(turns)
            targets.append(_target(call, complete))
    return texts, np.stack(targets)


def _target(call: LabelledCall, told: bool) -> Targets:
    codes = load_taxonomy().codes
    target = np.full(sum(HEAD_GROUPS), np.nan)
    target[: len(codes)] = np.arange(len(codes)) == codes.index(call.label)
    if told and call.stage in tuple(STAGES):
        target[len(codes) : len(codes) + len(STAGES)] = [stage == call.stage for stage in STAGES]
    for column, fact in enumerate(FACTS, len(codes) + len(STAGES)):
        value = getattr(call, fact)
        if told and value is not None:
            target[column] = value
    return target


def vocabulary(
    counts: Sequence[Counter[str]], sounds: Mapping[str, str], outputs: int = sum(HEAD_GROUPS)
) -> NgramModel:
    """Return a model of zero weights over the n-grams that occur in most calls."""
    calls_with = Counter(gram for call in counts for gram in call)
    totals: Counter[str] = Counter()
    for call in counts:
        totals.update(call)
    common = [gram for gram, _ in totals.most_common() if calls_with[gram] >= LEAST_CALLS][:FEATURES]
    rarity = np.array([1 + np.log((1 + len(counts)) / (1 + calls_with[gram])) for gram in common], np.float32)
    return NgramModel(
        {gram: row for row, gram in enumerate(common)},
        rarity,
        np.zeros((len(common), outputs), np.float32),
        np.zeros(outputs, np.float32),
        sounds,
    )


def matrix(model: NgramModel, counts: Sequence[Counter[str]]) -> Any:
    """Return the calls' vectors as a sparse matrix `(N, F)`."""
    columns, values, ends = [], [], [0]
    for call in counts:
        rows, row_values = model.vector(call)
        columns.extend(rows)
        values.append(row_values)
        ends.append(len(columns))
    return csr_matrix((np.concatenate(values), columns, ends), shape=(len(counts), len(model.rows)))


def fit_head(
    vectors: Any, targets: Targets, weights: FloatArray, bias: FloatArray, strength: float
) -> tuple[FloatArray, FloatArray]:
    """Minimise the balanced log loss of one head plus the squared way from `weights` and `bias` (L-BFGS)."""
    exclusive = targets.shape[1] > 1
    balance = _balance(targets) if exclusive else np.ones(len(targets))
    size = weights.size

    def loss(change: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        moved = change[:size].reshape(weights.shape)
        scores = vectors @ (weights + moved) + bias + change[size:]
        if exclusive:
            scores -= scores.max(axis=1, keepdims=True)
            chance = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
            lost = -(np.log(chance + 1e-12) * targets).sum(axis=1)
        else:
            chance = 1 / (1 + np.exp(-scores))
            lost = -np.log(np.where(targets > 0.5, chance, 1 - chance) + 1e-12)[:, 0]
        slope = (chance - targets) * balance[:, None]
        gradient = np.concatenate([(vectors.T @ slope).ravel(), slope.sum(axis=0)]) + change / strength
        return float((balance * lost).sum() + (change**2).sum() / (2 * strength)), gradient

    found = minimize(loss, np.zeros(size + bias.size), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return weights + found[:size].reshape(weights.shape), bias + found[size:]


def _balance(targets: Targets) -> NDArray[np.float64]:
    """Return a weight for each example so that the classes that occur weigh alike, one on average."""
    sizes = targets.sum(axis=0)
    a_class = len(targets) / (np.count_nonzero(sizes) * np.maximum(sizes, 1))
    result: NDArray[np.float64] = targets @ a_class
    return result
