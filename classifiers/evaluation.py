"""Measures a classifier on labelled calls: right, early, calibrated, steady, and on hard negatives."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support, roc_auc_score

from classifiers.calibration import expected_calibration_error, heard_calls
from classifiers.damage import Damager
from classifiers.dataset import LabelledCall, caller_turn_count, heard_until
from hotline.domain.call import Call
from hotline.domain.risk import Prediction
from hotline.domain.segment import Channel, Turn
from hotline.taxonomy import NOT_FRAUD, load_taxonomy

SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
Predict = Callable[[Sequence[Sequence[Turn]]], list[Prediction]]


@dataclass(frozen=True)
class Scores:
    """The usual figures of one run over calls; all in [0, 1], higher is better."""

    macro_f1: float
    accuracy: float
    fraud_precision: float
    fraud_recall: float


def score(truth: Sequence[str], predicted: Sequence[str]) -> Scores:
    """Compare label codes."""
    fraud_truth = [label != NOT_FRAUD for label in truth]
    fraud_predicted = [label != NOT_FRAUD for label in predicted]
    precision, recall, _, _ = precision_recall_fscore_support(
        fraud_truth, fraud_predicted, average="binary", zero_division=0
    )
    labels = sorted(set(truth))
    return Scores(
        macro_f1=float(f1_score(truth, predicted, labels=labels, average="macro", zero_division=0)),
        accuracy=float(np.mean([a == b for a, b in zip(truth, predicted, strict=True)])),
        fraud_precision=float(precision),
        fraud_recall=float(recall),
    )


def damaged(calls: Sequence[LabelledCall], seed: int = 11) -> list[Sequence[Turn]]:
    """Return the calls' turns as a recogniser might have written them."""
    damager = Damager(turn.text for call in calls for turn in call.turns)
    rng = random.Random(seed)
    return [damager.damage(call.turns, rng) for call in calls]


def evaluate(predict: Predict, calls: Sequence[LabelledCall]) -> dict[str, Any]:
    """Return all figures on these calls as a JSON-ready mapping."""
    truth = [call.label for call in calls]
    predictions = predict([call.turns for call in calls])
    labels = [prediction.label for prediction in predictions]
    confidence = np.array([prediction.probability for prediction in predictions], dtype=float)
    right = np.array([a == b for a, b in zip(truth, labels, strict=True)])
    result: dict[str, Any] = {
        "calls": len(calls),
        "clean": vars(score(truth, labels)),
        "damaged": vars(score(truth, [p.label for p in predict(damaged(calls))])),
        "ece": expected_calibration_error(confidence, right),
        "unsure_share": float(np.mean([p.unsure for p in predictions])),
        "accuracy_when_sure": float(right[[not p.unsure for p in predictions]].mean()),
        "near_domain": near_domain(calls, labels),
        "early": earliness(predict, calls),
        "label_changes": label_changes(predict, calls),
        "facts": facts(calls, predictions),
        "stage_accuracy": stage_accuracy(calls, predictions),
        "per_class": per_class(truth, labels),
        "confusion": confusion_matrix(truth, labels, labels=load_taxonomy().codes).tolist(),
        "reliability": reliability(confidence, right),
    }
    return result


def near_domain(calls: Sequence[LabelledCall], labels: Sequence[str]) -> dict[str, float]:
    """Return precision and recall of `not_fraud` among near-domain ordinary calls and all fraud calls."""
    pairs = [(c, label) for c, label in zip(calls, labels, strict=True) if c.near_domain or c.is_fraud]
    said = [c for c, label in pairs if label == NOT_FRAUD]
    ordinary = [label for c, label in pairs if c.near_domain]
    return {
        "calls": len(ordinary),
        "precision": float(np.mean([not c.is_fraud for c in said])) if said else 0.0,
        "recall": float(np.mean([label == NOT_FRAUD for label in ordinary])) if ordinary else 0.0,
    }


def earliness(predict: Predict, calls: Sequence[LabelledCall]) -> dict[str, dict[str, float]]:
    """Return, for each share of the caller's turns, how many labels are right and how much their probabilities say.

    `told` is the share of calls in which a piece that a person marked as evidence has been said by then.
    """
    result = {}
    for share in SHARES:
        heard = heard_calls(calls, share)
        predictions = predict(heard)
        right = np.array([p.label == c.label for p, c in zip(predictions, calls, strict=True)])
        sure = np.array([not p.unsure for p in predictions])
        told = np.array([_evidence_said(call, turns) for call, turns in zip(calls, heard, strict=True)])
        result[f"{share:.1f}"] = {
            "right": float(right.mean()),
            "told": float(told.mean()),
            "right_when_told": _mean_of(right[told]),
            "sure": float(sure.mean()),
            "right_when_sure": _mean_of(right[sure]),
            "ece": expected_calibration_error(np.array([p.probability for p in predictions]), right),
        }
    return result


def _evidence_said(call: LabelledCall, turns: Sequence[Turn]) -> bool:
    words = [turn.text for turn in turns if turn.speaker == Channel.CALLER]
    return any(piece in text for piece in call.evidence for text in words)


def _mean_of(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def label_changes(predict: Predict, calls: Sequence[LabelledCall]) -> dict[str, float]:
    """Replay each call turn by turn through the console's hysteresis; return changes of the shown label a call."""
    prefixes, owners = [], []
    for index, call in enumerate(calls):
        for count in range(1, caller_turn_count(call.turns) + 1):
            prefixes.append(heard_until(call.turns, count))
            owners.append(index)
    predictions = predict(prefixes)
    changes = [0] * len(calls)
    raw_changes = [0] * len(calls)
    final: list[str | None] = [None] * len(calls)
    state: Call | None = None
    last: str | None = None
    for position, (owner, prediction) in enumerate(zip(owners, predictions, strict=True)):
        if position == 0 or owners[position - 1] != owner:
            state, last = Call(str(owner), "replay", datetime.now(UTC)), None
        assert state is not None
        after = state.observing(prediction)
        if state.label is not None and after.label != state.label:
            changes[owner] += 1
        if last is not None and prediction.label != last:
            raw_changes[owner] += 1
        state, last = after, prediction.label
        final[owner] = state.label
    return {
        "shown": float(np.mean(changes)),
        "raw": float(np.mean(raw_changes)),
        "shown_right_at_end": float(np.mean([f == c.label for f, c in zip(final, calls, strict=True)])),
    }


def facts(calls: Sequence[LabelledCall], predictions: Sequence[Prediction]) -> dict[str, dict[str, float]]:
    """Return accuracy and area under the curve of the two safety facts."""
    result = {}
    for name in ("money_gone", "coached"):
        known = [(getattr(c, name), getattr(p, name)) for c, p in zip(calls, predictions, strict=True)]
        known = [(truth, value) for truth, value in known if truth is not None]
        truths = [truth for truth, _ in known]
        values = [value for _, value in known]
        result[name] = {
            "accuracy": float(np.mean([(value >= 0.5) == truth for truth, value in known])),
            "auc": float(roc_auc_score(truths, values)) if len(set(truths)) == 2 else float("nan"),
            "share_true": float(np.mean(truths)),
        }
    return result


def stage_accuracy(calls: Sequence[LabelledCall], predictions: Sequence[Prediction]) -> float:
    """Return how often the stage is right on fraud calls that were labelled as fraud."""
    pairs = [(c.stage, p.stage) for c, p in zip(calls, predictions, strict=True) if c.is_fraud and p.stage]
    return float(np.mean([a == b for a, b in pairs])) if pairs else 0.0


def per_class(truth: Sequence[str], labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and count of each label."""
    codes = load_taxonomy().codes
    columns = precision_recall_fscore_support(truth, labels, labels=list(codes), zero_division=0)
    return {
        code: {"precision": float(p), "recall": float(r), "f1": float(f), "calls": int(n)}
        for code, p, r, f, n in zip(codes, *columns, strict=True)
    }


def reliability(confidence: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> list[dict[str, float]]:
    """Return, for ten bins of stated probability, how often the label was right."""
    rows = []
    for low in np.arange(0, 1, 0.1):
        inside = (confidence >= low) & ((confidence < low + 0.1) | (low > 0.85))
        if inside.any():
            stated, observed = float(confidence[inside].mean()), float(right[inside].mean())
            rows.append({"stated": stated, "observed": observed, "calls": int(inside.sum())})
    return rows


def evidence_check(
    predict: Predict, predict_plain: Predict, calls: Sequence[LabelledCall], seed: int = 3
) -> dict[str, float]:
    """Delete the shown evidence, and as many random caller characters, and compare the loss of probability."""
    rng = random.Random(seed)
    predictions = predict([call.turns for call in calls])
    without, control = [], []
    for call, prediction in zip(calls, predictions, strict=True):
        without.append(_without(call.turns, [(s.turn, s.start, s.end) for s in prediction.evidence]))
        control.append(
            _without(call.turns, [_random_range(call.turns, s.end - s.start, rng) for s in prediction.evidence])
        )
    drops = {}
    for name, turns in (("evidence", without), ("random", control)):
        after = predict_plain(turns)
        drops[name] = float(
            np.mean([b.probability - a.probabilities[b.label] for b, a in zip(predictions, after, strict=True)])
        )
    return {"drop_without_evidence": drops["evidence"], "drop_without_random": drops["random"]}


def _random_range(turns: Sequence[Turn], length: int, rng: random.Random) -> tuple[int, int, int]:
    choices = [i for i, turn in enumerate(turns) if turn.speaker == "caller" and turn.text]
    turn = rng.choices(choices, [len(turns[i].text) for i in choices])[0]
    start = rng.randint(0, max(0, len(turns[turn].text) - length))
    return turn, start, start + length


def _without(turns: Sequence[Turn], ranges: Sequence[tuple[int, int, int]]) -> list[Turn]:
    texts = [list(turn.text) for turn in turns]
    for turn, start, end in ranges:
        for position in range(start, min(end, len(texts[turn]))):
            texts[turn][position] = ""
    return [Turn(turn.speaker, "".join(text)) for turn, text in zip(turns, texts, strict=True)]
