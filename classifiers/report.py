"""Evaluates a model beside its baselines on the same split, in one run."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from classifiers.baselines import FrozenEncoder, KeywordRules, TfidfLinear, training_texts
from classifiers.dataset import (
    CALLS_FILE,
    INDEPENDENT_FILE,
    SPOKEN_FILE,
    LabelledCall,
    data_hash,
    read_calls,
    training_calls,
)
from classifiers.decision import FloatArray
from classifiers.evaluation import Predict, damaged, evaluate, evidence_check, near_domain, score
from classifiers.predictor import SHIPPED, OnnxClassifier
from hotline.domain.risk import Prediction
from hotline.domain.segment import Turn
from hotline.homophones.mending import mended

PredictLabels = Callable[[Sequence[Sequence[Turn]]], list[str]]
EVIDENCE_CALLS = 200
LATENCY_RUNS = 60


@dataclass(frozen=True)
class TestSets:
    """What every model of a report is measured on."""

    split: list[LabelledCall]
    heard: list[LabelledCall]
    """Calls of the split that a real recogniser wrote down, misheard words put right as the console does it."""
    recognised: list[LabelledCall]
    """The same as the recogniser wrote them."""
    independent: list[LabelledCall]
    """Calls by a writer who had seen none of the others."""


def evaluate_all(
    model: Path | None,
    data: Path | None,
    split: str,
    base: str | None,
    spoken: Path | None,
    beside: Sequence[Path] = (),
) -> dict[str, Any]:
    """Return machine, date, data hash and the figures of the model and, given a base, of all baselines.

    The models of the folders `beside` (the fp32 form, an earlier version) get a short row each.
    """
    calls = read_calls(data or CALLS_FILE)
    source = spoken or (SPOKEN_FILE if SPOKEN_FILE.exists() else None)
    recognised = [call for call in read_calls(source) if call.split == split] if source else []
    sets = TestSets(
        [call for call in calls if call.split == split],
        [replace(call, turns=tuple(Turn(t.speaker, mended(t.text)) for t in call.turns)) for call in recognised],
        recognised,
        read_calls(INDEPENDENT_FILE) if split == "test" else [],
    )
    models: dict[str, Any] = {}
    if base:
        texts, labels = training_texts(training_calls(data or CALLS_FILE))
        models["keyword rules"] = _short(KeywordRules().predict, sets)
        models["TF-IDF linear"] = _short(TfidfLinear().fit(texts, labels).predict, sets)
        models["frozen encoder"] = _short(FrozenEncoder(base).fit(texts, labels).predict, sets)
    for folder in beside:
        other = OnnxClassifier(folder, threads=2)
        models[f"network alone {other.version}"] = _short(_labels_by_part(other, other.network_logits), sets)
        models[other.version] = _short(_labels_by(other), sets)
    classifier = OnnxClassifier(model or SHIPPED, threads=2)
    for name, part in (("n-grams", classifier.ngram_logits), ("network", classifier.network_logits)):
        models[f"{name} alone {classifier.version}"] = _short(_labels_by_part(classifier, part), sets)
    plain = _predict_by(classifier)
    row = _short(_labels_by(classifier), sets) | evaluate(plain, sets.split)
    row["evidence"] = evidence_check(classifier.predict, plain, sets.split[:EVIDENCE_CALLS])
    row["latency_ms_128_tokens"] = latency_ms(model or SHIPPED)
    models[f"fine-tuned {classifier.version}"] = row
    return {
        "split": split,
        "calls": len(sets.split),
        "transcribed_calls": len(sets.heard),
        "independent_calls": len(sets.independent),
        "data_hash": data_hash(calls),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.processor() or platform.machine()}, Python {platform.python_version()}",
        "models": models,
    }


def latency_ms(folder: Path) -> float:
    """Return the median milliseconds of labelling a call of 128 tokens on one thread, without evidence."""
    classifier = OnnxClassifier(folder, threads=1)
    text = "".join(turn.text for call in read_calls()[:5] for turn in call.turns)
    while len(classifier.windows([Turn("caller", text)])[0].ids) > 128:
        text = text[:-1]
    times = []
    for _ in range(LATENCY_RUNS):
        before = time.perf_counter()
        classifier.predict([[Turn("caller", text)]], evidence=False)
        times.append(time.perf_counter() - before)
    return statistics.median(times) * 1000


def _predict_by(classifier: OnnxClassifier) -> Predict:
    def plain(turns: Sequence[Sequence[Turn]]) -> list[Prediction]:
        rows = range(0, len(turns), 64)
        return [
            p
            for i in tqdm(rows, desc="预测", disable=None)
            for p in classifier.predict(turns[i : i + 64], evidence=False)
        ]

    return plain


def _labels_by(classifier: OnnxClassifier) -> PredictLabels:
    plain = _predict_by(classifier)
    return lambda calls: [prediction.label for prediction in plain(calls)]


def _labels_by_part(
    classifier: OnnxClassifier, logits: Callable[[Sequence[Sequence[Turn]]], FloatArray]
) -> PredictLabels:
    """Return what one of the two parts would say without the other."""

    def labels(calls: Sequence[Sequence[Turn]]) -> list[str]:
        rows = range(0, len(calls), 64)
        best = np.concatenate([logits(calls[i : i + 64])[:, : len(classifier.labels)].argmax(axis=1) for i in rows])
        return [classifier.labels[int(column)] for column in best]

    return labels


def _short(predict: PredictLabels, sets: TestSets) -> dict[str, Any]:
    """Return the figures that every model has: clean, damaged, near-domain, transcribed, independent."""
    labels = predict([call.turns for call in sets.split])
    row: dict[str, Any] = {
        "clean": vars(score([call.label for call in sets.split], labels)),
        "damaged": vars(score([call.label for call in sets.split], predict(damaged(sets.split)))),
        "near_domain": near_domain(sets.split, labels),
    }
    if sets.heard:
        truth = [call.label for call in sets.heard]
        written = {call.id: call.turns for call in sets.split}
        row["transcribed"] = vars(score(truth, predict([call.turns for call in sets.heard])))
        row["as_recognised"] = vars(score(truth, predict([call.turns for call in sets.recognised])))
        row["same_calls_written"] = vars(score(truth, predict([written[call.id] for call in sets.heard])))
    if sets.independent:
        labels = predict([call.turns for call in sets.independent])
        row["independent"] = vars(score([call.label for call in sets.independent], labels))
        row["independent_near_domain"] = near_domain(sets.independent, labels)
    return row
