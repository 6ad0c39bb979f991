"""The public task nearest to ours: fraud or not, and type, on the TeleAntiFraud dialogues, against the baselines.

    python -m benchmarks.public_task ../shared/data/teleantifraud_dialogues.jsonl ../shared/models/e5-small-zh

Splits the dialogues by their id (80 % train, 20 % test), fits our two parts, the fine-tuned network and the n-grams,
chooses their mix on a tenth of the training part, and measures them beside TF-IDF and the frozen encoder on the same
test part. The dialogues are machine-written, their types noisy.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import accuracy_score, f1_score
from torch import nn

from benchmarks.report import show
from classifiers.baselines import FrozenEncoder, TfidfLinear
from classifiers.batches import Batch, DialogueBatches, dialogue_turns, dialogue_type, pad
from classifiers.calibration import best_mix
from classifiers.dataset import read_lines
from classifiers.decision import FloatArray
from classifiers.encoding import encode
from classifiers.network import load_encoder, pooled
from classifiers.ngram_training import STRENGTH, fit_head, matrix, syllables, vocabulary
from classifiers.ngrams import counts_of
from classifiers.training import FirstStageNetwork, TrainingArguments, load_tokenizer, run_stage

TEST_PERCENT, MIX_PERCENT = 20, 8
Row = dict[str, Any]


def share_of(row: dict[str, Any]) -> int:
    """Return a number in 0 to 99 that depends on a dialogue's id alone."""
    return int(hashlib.sha256(row["id"].encode()).hexdigest(), 16) % 100


def network_scores(rows: Sequence[Row], asked: Sequence[Row], args: TrainingArguments) -> FloatArray:
    """Train the network on `rows`; return scores `(N, types)` of the dialogues asked for."""
    torch.manual_seed(args.seed)
    tokenizer = load_tokenizer(args.base)
    batches = DialogueBatches(rows, tokenizer, args.batch_size, args.seed)
    encoder, hidden_size = load_encoder(args.base, args.layers)
    network = FirstStageNetwork(encoder, hidden_size, len(batches.types), None)

    def loss(stage: FirstStageNetwork, batch: Batch) -> torch.Tensor:
        scores = stage(batch.input_ids, batch.attention_mask).float()
        return nn.functional.cross_entropy(pooled(scores, batch.attention_mask), batch.labels)

    run_stage("public", network, batches, loss, args.first_stage_epochs, args)
    network.eval()
    windows = [encode(dialogue_turns(row), tokenizer)[0].ids for row in asked]
    scores = []
    with torch.no_grad():
        for start in range(0, len(windows), 32):
            ids, mask = pad(windows[start : start + 32])
            scores.append(pooled(network(ids, mask), mask).float().numpy())
    return np.concatenate(scores)


def ngram_scores(rows: Sequence[Row], asked: Sequence[Row], types: Sequence[str]) -> FloatArray:
    """Fit the n-grams to `rows`; return scores `(N, types)` of the dialogues asked for."""
    sounds = syllables()
    counts = [counts_of(dialogue_turns(row), sounds) for row in rows]
    model = vocabulary(counts, sounds, len(types))
    truth = np.eye(len(types))[[types.index(dialogue_type(row)) for row in rows]]
    weights, bias = fit_head(matrix(model, counts), truth, model.weights, model.bias, STRENGTH)
    fitted = replace(model, weights=weights, bias=bias)
    return np.stack([fitted.logits(dialogue_turns(row)) for row in asked])


def figures(name: str, test: Sequence[Row], labels: Sequence[str], fraud_types: set[str]) -> dict[str, Any]:
    """Return one row: accuracy and macro-F1 of fraud or not, and of the type."""
    truth = [dialogue_type(row) for row in test]
    fraud = [row["fraud"] for row in test]
    said = [label in fraud_types for label in labels]
    return {
        "model": name,
        "test": len(test),
        "fraud accuracy": float(accuracy_score(fraud, said)),
        "fraud macro-F1": float(f1_score(fraud, said, average="macro")),
        "type accuracy": float(accuracy_score(truth, labels)),
        "type macro-F1": float(f1_score(truth, labels, average="macro")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dialogues", type=Path)
    parser.add_argument("base")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rows", type=int, help="take only the first so many dialogues")
    given = parser.parse_args()
    rows = [row for _, row in read_lines(given.dialogues)][: given.rows]
    test = [row for row in rows if share_of(row) < TEST_PERCENT]
    train = [row for row in rows if share_of(row) >= TEST_PERCENT]
    fraud_types = {dialogue_type(row) for row in rows if row["fraud"]}
    texts, labels = [dialogue_turns(row) for row in train], [dialogue_type(row) for row in train]
    asked = [dialogue_turns(row) for row in test]
    table = [
        figures("TF-IDF linear", test, TfidfLinear().fit(texts, labels).predict(asked), fraud_types),
        figures("frozen encoder", test, FrozenEncoder(given.base).fit(texts, labels).predict(asked), fraud_types),
    ]
    mixed = [row for row in train if share_of(row) < TEST_PERCENT + MIX_PERCENT]
    fitted = [row for row in train if share_of(row) >= TEST_PERCENT + MIX_PERCENT]
    types = sorted({dialogue_type(row) for row in fitted})
    with tempfile.TemporaryDirectory() as folder:
        args = TrainingArguments(given.base, Path(folder), layers=given.layers, first_stage_epochs=given.epochs)
        network = network_scores(fitted, [*mixed, *test], args)
    ngrams = ngram_scores(fitted, [*mixed, *test], types)
    known = [i for i, row in enumerate(mixed) if dialogue_type(row) in types]
    mix = best_mix(network[known], ngrams[known], np.array([types.index(dialogue_type(mixed[i])) for i in known]))
    for name, scores in (("network alone", network), ("n-grams alone", ngrams), ("both", mix(network, ngrams))):
        said = [types[int(column)] for column in scores[len(mixed) :].argmax(axis=1)]
        table.append(figures(name, test, said, fraud_types))
    show("public task", table)


if __name__ == "__main__":
    main()
