"""The public task nearest to ours: fraud or not, and type, on the TeleAntiFraud dialogues, against the baselines.

    python -m benchmarks.public_task ../shared/data/teleantifraud_dialogues.jsonl ../shared/models/e5-small-zh

Splits the dialogues by their id (80 % train, 20 % test), fine-tunes with the recipe of our first stage, and measures
it beside TF-IDF and the frozen encoder on the same test part. The dialogues are machine-written, their types noisy.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from sklearn.metrics import accuracy_score, f1_score
from torch import nn

from benchmarks.report import show
from classifiers.baselines import FrozenEncoder, TfidfLinear
from classifiers.batches import Batch, DialogueBatches, dialogue_turns, dialogue_type, pad
from classifiers.dataset import read_lines
from classifiers.encoding import encode
from classifiers.network import load_encoder, pooled
from classifiers.training import FirstStageNetwork, TrainingArguments, load_tokenizer, run_stage

TEST_PERCENT = 20


def is_test(row: dict[str, Any]) -> bool:
    """Tell whether a dialogue belongs to the test part, by its id alone."""
    return int(hashlib.sha256(row["id"].encode()).hexdigest(), 16) % 100 < TEST_PERCENT


def fine_tuned(rows: Sequence[dict[str, Any]], test: Sequence[dict[str, Any]], args: TrainingArguments) -> list[str]:
    """Train on `rows`; return the types of `test`."""
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
    windows = [encode(dialogue_turns(row), tokenizer)[0].ids for row in test]
    labels: list[str] = []
    with torch.no_grad():
        for start in range(0, len(windows), 32):
            ids, mask = pad(windows[start : start + 32])
            labels += [batches.types[int(i)] for i in pooled(network(ids, mask), mask).argmax(1)]
    return labels


def figures(name: str, test: Sequence[dict[str, Any]], labels: Sequence[str], fraud_types: set[str]) -> dict[str, Any]:
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
    train, test = [r for r in rows if not is_test(r)], [r for r in rows if is_test(r)]
    fraud_types = {dialogue_type(row) for row in rows if row["fraud"]}
    texts, labels = [dialogue_turns(row) for row in train], [dialogue_type(row) for row in train]
    asked = [dialogue_turns(row) for row in test]
    table = [
        figures("TF-IDF linear", test, TfidfLinear().fit(texts, labels).predict(asked), fraud_types),
        figures("frozen encoder", test, FrozenEncoder(given.base).fit(texts, labels).predict(asked), fraud_types),
    ]
    with tempfile.TemporaryDirectory() as folder:
        args = TrainingArguments(given.base, Path(folder), layers=given.layers, first_stage_epochs=given.epochs)
        table.append(figures("fine-tuned", test, fine_tuned(train, test, args), fraud_types))
    show("public task", table)


if __name__ == "__main__":
    main()
