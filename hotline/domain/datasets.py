"""Data sets: labelled calls frozen under a number, split by call; test sets that never change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from hotline.domain.segment import Turn


class Split(StrEnum):
    """What a call is used for; a call is never used for two things."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


def split_of(call_id: str) -> Split:
    """Assign a call to a split by its id alone: 70 % train, 10 % validation, 20 % test."""
    bucket = int(hashlib.sha256(call_id.encode()).hexdigest(), 16) % 100
    return Split.TRAIN if bucket < 70 else Split.VALIDATION if bucket < 80 else Split.TEST


@dataclass(frozen=True)
class Example:
    """A labelled call as models read it, with its text: what happens to the call later does not change it."""

    id: str
    turns: tuple[Turn, ...]
    label: str
    stage: str | None = None
    money_gone: bool | None = None
    coached: bool | None = None
    evidence: tuple[str, ...] = ()
    split: Split = Split.TRAIN
    labelled_by: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """Return the example as a line of `classifiers/data/calls.jsonl`."""
        return {
            "id": self.id,
            "label": self.label,
            "stage": self.stage,
            "money_gone": self.money_gone,
            "coached": self.coached,
            "evidence": list(self.evidence),
            "split": self.split.value,
            "labelled_by": list(self.labelled_by),
            "turns": [{"speaker": turn.speaker, "text": turn.text} for turn in self.turns],
        }


def example_of(row: Mapping[str, Any]) -> Example:
    """Return the example of a stored row."""
    return Example(
        id=row["id"],
        turns=tuple(Turn(turn["speaker"], turn["text"]) for turn in row["turns"]),
        label=row["label"],
        stage=row.get("stage"),
        money_gone=row.get("money_gone"),
        coached=row.get("coached"),
        evidence=tuple(row.get("evidence", ())),
        split=Split(row.get("split", Split.TRAIN)),
        labelled_by=tuple(row.get("labelled_by", ())),
    )


def text_key(turns: Sequence[Turn]) -> str:
    """Return a hash of what was said, to recognise the same call under another name."""
    return hashlib.sha256("\n".join(turn.text for turn in turns).encode()).hexdigest()


def content_hash(examples: Sequence[Example]) -> str:
    """Return the SHA-256 of examples in the order of their ids: any change of text or label changes it."""
    digest = hashlib.sha256()
    for example in sorted(examples, key=lambda e: e.id):
        digest.update(json.dumps(example.row(), ensure_ascii=False, sort_keys=True).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Dataset:
    """A data set or a test set: its number, what it is made of, and its hash."""

    number: int
    kind: str
    """`data` or `test`"""
    made_at: datetime
    made_by: str
    sha256: str
    counts: Mapping[str, Any]
    """For example `{"train": 40, "validation": 6, "labels": {"loan": 5}}`."""
