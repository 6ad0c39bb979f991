"""Trains and measures the marks that `hotline.punctuation` puts beside unpunctuated text.

    python -m benchmarks.punctuation [--write]

Texts of the calls in `classifiers/data`, stripped of marks; trained on the `train` split, measured on `test`. Peer in
the same run: only the full stop at the end of each turn.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from benchmarks.report import show
from classifiers.dataset import CALLS_FILE, read_lines
from hotline.numbers import normalise
from hotline.punctuation import BUCKETS, MARKS, WEIGHTS, marks, rows_of

CLASS_OF = {"，": 1, "、": 1, "：": 1, "；": 1, "…": 1, "。": 2, "！": 2, "？": 3}
Marked = tuple[str, list[int]]


def strip(text: str) -> Marked:
    """Return a text without marks and, for each character, the class of the mark behind it."""
    plain, classes = "", list[int]()
    for character in text:
        if character not in CLASS_OF:
            plain += character
            classes.append(0)
        elif classes:
            classes[-1] = max(classes[-1], CLASS_OF[character])
    return plain, classes


def texts(split: str) -> Iterator[Marked]:
    """Yield the turns of a split, stripped; some have numbers as digits, as they are shown."""
    for number, (_, row) in enumerate(read_lines(CALLS_FILE)):
        if row["split"] == split:
            for turn in row["turns"]:
                text = turn["text"] if number % 2 else normalise(turn["text"])
                if text.strip():
                    yield strip(text)


def train(examples: Iterable[Marked]) -> np.ndarray[Any, Any]:
    """Return weights of shape (buckets, classes) as 8-bit integers."""
    rows, classes = list[list[int]](), list[int]()
    for text, marked in examples:
        rows += rows_of(text)
        classes += marked
    columns = np.asarray(rows).ravel()
    starts = np.arange(0, len(columns) + 1, len(rows[0]))
    data = csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=(len(rows), BUCKETS))
    model = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=8, tol=None, average=True, random_state=1)
    model.fit(data, classes)
    weights = model.coef_.T + model.intercept_ / len(rows[0])
    return np.clip(np.round(weights / np.abs(weights).max() * 127), -127, 127).astype(np.int8)


def measure(name: str, guess: Callable[[str], Sequence[tuple[int, str]]], examples: Sequence[Marked]) -> dict[str, Any]:
    """Return F1 of each mark, and of a mark of any kind being in a gap."""
    counts: Counter[tuple[str, str]] = Counter()
    for text, marked in examples:
        told = {(place + 1, kind) for place, kind in enumerate(marked) if kind}
        found = {(place, MARKS.index(mark)) for place, mark in guess(text)}
        for kind in (1, 2, 3):
            _count(counts, MARKS[kind], {p for p, k in told if k == kind}, {p for p, k in found if k == kind})
        _count(counts, "any", {p for p, _ in told}, {p for p, _ in found})
    row: dict[str, Any] = {"rules": name, "turns": len(examples)}
    for mark in (*MARKS[1:], "any"):
        right, wrong, missed = (counts[mark, what] for what in ("right", "wrong", "missed"))
        row[f"F1 {mark}"] = 2 * right / max(1, 2 * right + wrong + missed)
    return row


def _count(counts: Counter[tuple[str, str]], mark: str, told: set[int], found: set[int]) -> None:
    counts[mark, "right"] += len(told & found)
    counts[mark, "wrong"] += len(found - told)
    counts[mark, "missed"] += len(told - found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="train anew and write the weights")
    arguments = parser.parse_args()
    if arguments.write:
        np.savez_compressed(WEIGHTS, weights=train(texts("train")))
    examples = list(texts("test"))
    peer = measure("end only", lambda text: [(len(text), MARKS[2])], examples)
    show("punctuation", [measure("model", marks, examples), peer])


if __name__ == "__main__":
    main()
