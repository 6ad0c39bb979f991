"""Precision and recall of entity extraction on annotated calls.

    python -m benchmarks.entities_score [--data tests/data/entities.jsonl] [--split develop|check] [--errors]

A found entity is right when an annotated one of the same call has its type and value; `turn_right` is the share of the
right ones whose turn agrees too. Rules are developed on the `develop` split; `check` is scored only.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.report import show
from hotline.domain.segment import Turn
from hotline.entities import extract

DATA = Path(__file__).parent.parent / "tests" / "data" / "entities.jsonl"


def read_calls(path: Path, split: str | None = None) -> list[dict[str, Any]]:
    """Return annotated calls, of one split if it is named."""
    calls = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [call for call in calls if split in (None, call.get("split"))]


def compare(calls: list[dict[str, Any]]) -> tuple[dict[str, Counter[str]], list[str]]:
    """Return counts (right, missed, wrong, turn) by type, and each error as a line."""
    counts: dict[str, Counter[str]] = {}
    errors = []
    for call in calls:
        found = extract([Turn(turn["speaker"], turn["text"]) for turn in call["turns"]])
        told = {(e["type"], e["value"]): e["turn"] for e in call["entities"]}
        seen = {(str(e.type), e.value): e.turn for e in found}
        for key in told | seen:
            kind = "right" if key in told and key in seen else "missed" if key in told else "wrong"
            counter = counts.setdefault(key[0], Counter())
            counter[kind] += 1
            counter["turn"] += kind == "right" and told[key] == seen[key]
            if kind != "right":
                errors.append(f"{call['id']} {kind} {key[0]} {key[1]}")
            elif told[key] != seen[key]:
                errors.append(f"{call['id']} turn {key[0]} {key[1]}: {seen[key]}, annotated {told[key]}")
    return counts, errors


def score(counts: dict[str, Counter[str]]) -> list[dict[str, Any]]:
    """Return one row a type and one of all, with precision and recall in [0, 1]."""
    total: Counter[str] = Counter()
    for counter in counts.values():
        total += counter
    return [_row(name, counter) for name, counter in [*sorted(counts.items()), ("all", total)]]


def _row(name: str, counter: Counter[str]) -> dict[str, Any]:
    right, found, told = counter["right"], counter["right"] + counter["wrong"], counter["right"] + counter["missed"]
    return {
        "type": name,
        "annotated": told,
        "precision": right / found if found else 1.0,
        "recall": right / told if told else 1.0,
        "turn_right": counter["turn"] / right if right else 1.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--split", choices=["develop", "check"])
    parser.add_argument("--errors", action="store_true", help="print every error")
    arguments = parser.parse_args()
    counts, errors = compare(read_calls(arguments.data, arguments.split))
    show(f"entities, {arguments.split or 'all'} calls", score(counts))
    if arguments.errors:
        print(*errors, sep="\n")


if __name__ == "__main__":
    main()
