"""How different the calls are from one another: `python -m classifiers.diversity [FILE]` prints JSON for the data card."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifiers.dataset import CALLS_FILE, LabelledCall, read_calls

SHINGLE = 5
LONG = 10
NEAR_DUPLICATE = 0.3
"""Jaccard similarity of 5-character shingles from which two calls count as near-duplicates."""
NOT_TEXT = re.compile(r"[^\w]|_")


def shingles(call: LabelledCall, length: int) -> set[str]:
    """Return the distinct character n-grams of a call without punctuation."""
    texts = (NOT_TEXT.sub("", turn.text) for turn in call.turns)
    return {text[i : i + length] for text in texts for i in range(len(text) - length + 1)}


def diversity(calls: Sequence[LabelledCall]) -> dict[str, Any]:
    """Return counts, near-duplicate rate, recurring phrases, and how much of the test split is seen in training."""
    grams = [shingles(call, SHINGLE) for call in calls]
    owners: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(grams):
        for gram in group:
            owners[gram].append(index)
    shared: Counter[tuple[int, int]] = Counter()
    for together in owners.values():
        if 1 < len(together) <= 30:
            shared.update((a, b) for i, a in enumerate(together) for b in together[i + 1 :])
    near = {
        index
        for (a, b), count in shared.items()
        if count / (len(grams[a]) + len(grams[b]) - count) >= NEAR_DUPLICATE
        for index in (a, b)
    }
    long_owners: Counter[str] = Counter(gram for call in calls for gram in shingles(call, LONG))
    train = {gram for call, group in zip(calls, grams, strict=True) if call.split == "train" for gram in group}
    overlaps = [
        len(group & train) / len(group)
        for call, group in zip(calls, grams, strict=True)
        if call.split == "test" and group
    ]
    lengths = [sum(len(turn.text) for turn in call.turns) for call in calls]
    return {
        "calls": len(calls),
        "by_label": dict(Counter(call.label for call in calls).most_common()),
        "near_domain": sum(call.near_domain for call in calls),
        "turns": [min(len(c.turns) for c in calls), max(len(c.turns) for c in calls)],
        "characters_median": sorted(lengths)[len(lengths) // 2],
        "near_duplicate_rate": len(near) / len(calls),
        "phrases_of_10_characters_in_4_or_more_calls": sum(count >= 4 for count in long_owners.values()),
        "test_5_grams_seen_in_training": sum(overlaps) / len(overlaps) if overlaps else None,
    }


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else CALLS_FILE
    sys.stdout.write(json.dumps(diversity(read_calls(file)), ensure_ascii=False, indent=1) + "\n")
