"""Evaluates a model beside its baselines on the same split, in one run."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from classifiers.baselines import FrozenEncoder, KeywordRules, TfidfLinear, training_texts
from classifiers.dataset import CALLS_FILE, SPOKEN_FILE, LabelledCall, data_hash, read_calls
from classifiers.encoding import Window
from classifiers.evaluation import damaged, evaluate, evidence_check, near_domain, score
from classifiers.predictor import SHIPPED, OnnxClassifier
from hotline.domain.segment import Turn

EVIDENCE_CALLS = 200
LATENCY_RUNS = 60


def evaluate_all(
    model: Path | None, data: Path | None, split: str, base: str | None, spoken: Path | None
) -> dict[str, Any]:
    """Return machine, date, data hash and the figures of the model and, given a base, of all baselines.

    Calls of the split that a real recogniser wrote down (`spoken`) are measured apart.
    """
    calls = read_calls(data or CALLS_FILE)
    chosen = [call for call in calls if call.split == split]
    source = spoken or (SPOKEN_FILE if SPOKEN_FILE.exists() else None)
    heard = [call for call in read_calls(source) if call.split == split] if source else []
    classifier = OnnxClassifier(model or SHIPPED, threads=2)
    models: dict[str, Any] = {}
    if base:
        texts, labels = training_texts(calls)
        models["keyword rules"] = _short(KeywordRules().predict, chosen, heard)
        models["TF-IDF linear"] = _short(TfidfLinear().fit(texts, labels).predict, chosen, heard)
        models["frozen encoder"] = _short(FrozenEncoder(base).fit(texts, labels).predict, chosen, heard)

    def plain(turns: Sequence[Sequence[Turn]]) -> Any:
        rows = range(0, len(turns), 64)
        return [
            p
            for i in tqdm(rows, desc="预测", disable=None)
            for p in classifier.predict(turns[i : i + 64], evidence=False)
        ]

    row = evaluate(plain, chosen)
    row |= _transcribed(lambda calls: [prediction.label for prediction in plain(calls)], chosen, heard)
    row["evidence"] = evidence_check(classifier.predict, plain, chosen[:EVIDENCE_CALLS])
    row["latency_ms_128_tokens"] = latency_ms(model or SHIPPED)
    models[f"fine-tuned {classifier.version}"] = row
    return {
        "split": split,
        "calls": len(chosen),
        "transcribed_calls": len(heard),
        "data_hash": data_hash(calls),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.processor() or platform.machine()}, Python {platform.python_version()}",
        "models": models,
    }


def latency_ms(folder: Path) -> float:
    """Return the median milliseconds of one pass over 128 tokens on one thread."""
    classifier = OnnxClassifier(folder, threads=1)
    window = Window(tuple(range(100, 228)), (None,) * 128)
    times = []
    for _ in range(LATENCY_RUNS):
        before = time.perf_counter()
        classifier.token_scores([window])
        times.append(time.perf_counter() - before)
    return statistics.median(times) * 1000


def _short(predict: Any, calls: Sequence[LabelledCall], heard: Sequence[LabelledCall]) -> dict[str, Any]:
    truth = [call.label for call in calls]
    labels = predict([call.turns for call in calls])
    return {
        "clean": vars(score(truth, labels)),
        "damaged": vars(score(truth, predict(damaged(calls)))),
        "near_domain": near_domain(calls, labels),
        **_transcribed(predict, calls, heard),
    }


def _transcribed(predict: Any, calls: Sequence[LabelledCall], heard: Sequence[LabelledCall]) -> dict[str, Any]:
    """Return the figures on transcribed calls, and on the same calls as they were written; nothing without any."""
    if not heard:
        return {}
    truth = [call.label for call in heard]
    written = {call.id: call.turns for call in calls}
    return {
        "transcribed": vars(score(truth, predict([call.turns for call in heard]))),
        "same_calls_written": vars(score(truth, predict([written[call.id] for call in heard]))),
    }
