"""Batches of training examples: what each stage of the training reads."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from tokenizers import Tokenizer

from classifiers.damage import Damager
from classifiers.dataset import LabelledCall, heard_part
from classifiers.encoding import PAD_ID, Window, encode
from classifiers.network import STAGES
from hotline.domain.segment import Channel, Turn
from hotline.scripts import ScriptLibrary
from hotline.taxonomy import load_taxonomy

FULL_CALL_SHARE = 0.5
"""Share of training examples that are whole calls; the rest end after some caller turn."""
DAMAGED_SHARE = 0.6
LENGTH_JITTER = 30
"""Tokens; keeps batches of like lengths from being the same calls every epoch."""
PATTERNS_A_TYPE = 12
OPENERS = ("", "对方", "他们", "有人", "他说", "我遇到", "就是", "喂，", "打电话的人")


@dataclass
class Batch:
    """Padded windows `(N, T)` with what they should be labelled; -1 marks what is unknown."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor
    stages: torch.Tensor = field(default_factory=lambda: torch.empty(0))
    facts: torch.Tensor = field(default_factory=lambda: torch.empty(0))
    evidence: torch.Tensor = field(default_factory=lambda: torch.empty(0))
    """`(N, T)`: 1 on the tokens that a person marked as deciding the label."""


@dataclass(frozen=True)
class Example:
    """One window with its label, stage and facts (-1: unknown) and which of its tokens are evidence."""

    ids: Sequence[int]
    label: int
    stage: int
    facts: Sequence[float]
    evidence: Sequence[bool]


def pad(windows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and mask `(N, T)` of windows of different lengths."""
    width = max(len(window) for window in windows)
    ids = torch.full((len(windows), width), PAD_ID)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = torch.tensor(window)
    return ids, (ids != PAD_ID).long()


def collate(examples: Sequence[Example]) -> Batch:
    """Return the batch of these examples."""
    ids, mask = pad([example.ids for example in examples])
    evidence = torch.zeros(ids.shape)
    for row, example in enumerate(examples):
        evidence[row, : len(example.evidence)] = torch.tensor(example.evidence, dtype=torch.float)
    return Batch(
        ids,
        mask,
        torch.tensor([example.label for example in examples]),
        torch.tensor([example.stage for example in examples]),
        torch.tensor([example.facts for example in examples]),
        evidence,
    )


def marked(turns: Sequence[Turn], window: Window, evidence: Sequence[str]) -> list[bool]:
    """Return which tokens of a window lie in a caller's words that are marked as evidence."""
    ranges = [
        (index, turn.text.index(piece), turn.text.index(piece) + len(piece))
        for index, turn in enumerate(turns)
        if turn.speaker == Channel.CALLER
        for piece in evidence
        if piece and piece in turn.text
    ]
    return [
        source is not None and any(source.turn == t and source.start < e and source.end > b for t, b, e in ranges)
        for source in window.sources
    ]


class EpochBatches(Protocol):
    """What a stage reads: the same batches again for the same epoch, so that training can go on from a checkpoint."""

    def __len__(self) -> int:
        """Return the steps of an epoch."""

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of an epoch."""


def dialogue_turns(row: dict[str, Any]) -> list[Turn]:
    """Return a dialogue's turns; who called out (`left`) takes the operator's mark."""
    sides = {"left": Channel.OPERATOR, "right": Channel.CALLER}
    return [Turn(sides[side], text) for side, text in row["turns"]]


def dialogue_type(row: dict[str, Any]) -> str:
    """Return a dialogue's own type."""
    return row["type"] or "普通"


class CallBatches:
    """Makes each epoch's batches: a random prefix of each call, often damaged."""

    def __init__(
        self, calls: Sequence[LabelledCall], tokenizer: Tokenizer, batch_size: int, seed: int, *, damage: bool
    ) -> None:
        self.calls = calls
        self.tokenizer = tokenizer
        self.batch_size = batch_size
        self.seed = seed
        self.damager = Damager(turn.text for call in calls for turn in call.turns) if damage else None
        self.codes = load_taxonomy().codes

    def __len__(self) -> int:
        return -(-len(self.calls) // self.batch_size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of an epoch; the same seed and number give the same ones.

        Examples of like length share a batch, so that little of it is padding.
        """
        rng = random.Random(f"{self.seed}-{number}")
        examples = [self._example(call, rng) for call in self.calls]
        examples.sort(key=lambda example: len(example.ids) + LENGTH_JITTER * rng.random())
        starts = list(range(0, len(examples), self.batch_size))
        rng.shuffle(starts)
        for start in starts:
            yield collate(examples[start : start + self.batch_size])

    def _example(self, call: LabelledCall, rng: random.Random) -> Example:
        turns, told = (call.turns, True) if rng.random() < FULL_CALL_SHARE else heard_part(call, rng)
        if self.damager and rng.random() < DAMAGED_SHARE:
            turns = self.damager.damage(turns, rng)
        window = rng.choice(encode(turns, self.tokenizer)[-2:])
        return Example(
            window.ids,
            self.codes.index(call.label),
            STAGES.index(call.stage) if told and call.stage in tuple(STAGES) else -1,
            [float(f) if told and f is not None else -1.0 for f in (call.money_gone, call.coached)],
            marked(turns, window, call.evidence),
        )


class DialogueBatches:
    """Batches of dialogues `{turns: [[left|right, text]], type}`, labelled with their own type."""

    def __init__(self, rows: Sequence[dict[str, Any]], tokenizer: Tokenizer, batch_size: int, seed: int) -> None:
        self.types = sorted({dialogue_type(row) for row in rows})
        self.examples = [
            (encode(dialogue_turns(row), tokenizer)[0].ids, self.types.index(dialogue_type(row))) for row in rows
        ]
        self.batch_size = batch_size
        self.seed = seed

    def __len__(self) -> int:
        return len(self.examples) // self.batch_size

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield batches of dialogues of similar length, in random order."""
        rng = random.Random(f"{self.seed}-first-{number}")
        order = sorted(range(len(self.examples)), key=lambda i: len(self.examples[i][0]) + rng.random() * 40)
        size = self.batch_size
        starts = [n * size for n in range(len(self))]
        rng.shuffle(starts)
        for start in starts:
            chosen = [self.examples[i] for i in order[start : start + size]]
            ids, mask = pad([example[0] for example in chosen])
            yield Batch(ids, mask, torch.tensor([example[1] for example in chosen]))


def known_patterns(seed: int) -> list[LabelledCall]:
    """Return short calls that say plainly what each scam type is, from the signals in the persuasion scripts.

    Hard negatives share their words with scams; these keep the plain cases plain.
    """
    rng = random.Random(seed)
    patterns = []
    for code, (signals, words) in sorted(ScriptLibrary.load().patterns().items()):
        for number in range(PATTERNS_A_TYPE):
            text = "，".join([*rng.sample(signals, 2), rng.choice(words)])
            turns = (Turn(Channel.CALLER, rng.choice(OPENERS) + text),)
            patterns.append(LabelledCall(f"pattern-{code}-{number}", turns, code))
    return patterns
