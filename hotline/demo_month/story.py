"""What happens in each call of the demonstration month: drawn once by a fixed seed, so that every load is the same."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotline.demo_month.people import OPERATORS
from hotline.domain.segment import Turn
from hotline.sample import SAMPLE_REFERENCE
from hotline.taxonomy import NOT_FRAUD

NAMESPACE = uuid.UUID("6b7f3a52-2d4e-4f0b-9a53-0d2f96110000")
SEED = 96110
DAYS = 30
TEXT_CALLS = 420
AUDIO_CALLS = 20
CHARACTERS_A_SECOND = 4.6
PAUSE_S = 0.6
BUSY_HOURS = (9, 9, 10, 10, 10, 11, 11, 13, 14, 14, 15, 15, 16, 16, 17, 18, 19, 20, 21)
"""Local hours at which calls come; a repeated one is likelier."""


@dataclass(frozen=True)
class Said:
    """A turn with its times in seconds of the call."""

    turn: Turn
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Story:
    """One call before it is stored."""

    number: int
    id: str
    days_ago: int
    hour: int
    minute: int
    operator_id: str
    said: tuple[Said, ...]
    label: str
    """What the writer of the call meant."""
    money_gone: bool | None
    coached: bool | None
    amount_fen: int
    chance: float
    """In [0, 1); decides what people did with the call."""
    clips: tuple[int, ...] = ()
    """Turns of the sample call that its recording is made of; empty for a call without recording."""

    @property
    def is_fraud(self) -> bool:
        """Say whether the call is about fraud."""
        return self.label != NOT_FRAUD


def stories(calls_file: Path) -> list[Story]:
    """Return all calls of the month, oldest first, written ones and those with a recording."""
    rng = random.Random(SEED)
    rows = list(_written(calls_file))
    rng.shuffle(rows)
    written = rows[:TEXT_CALLS]
    sample = json.loads(SAMPLE_REFERENCE.read_text("utf-8"))
    spoken = [_shortened(sample["turns"], rng) for _ in range(AUDIO_CALLS)]
    total = len(written) + len(spoken)
    every = total // AUDIO_CALLS
    found: list[Story] = []
    for number in range(total):
        if number % every == every - 1 and spoken:
            found.append(_spoken(number, spoken.pop(), str(sample["label"]), sample["turns"], rng, total))
        elif written:
            found.append(_told(number, written.pop(), rng, total))
    return found


def _written(calls_file: Path) -> Iterator[Mapping[str, Any]]:
    """Yield calls of the project's data; its test set is left alone, so that labelling here never leaks it."""
    with calls_file.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["split"] != "test":
                yield row


def _told(number: int, row: Mapping[str, Any], rng: random.Random, total: int) -> Story:
    said, clock_s = [], rng.uniform(0.5, 3.0)
    for turn in row["turns"]:
        length_s = max(1.0, len(turn["text"]) / CHARACTERS_A_SECOND)
        said.append(Said(Turn(turn["speaker"], turn["text"]), round(clock_s, 2), round(clock_s + length_s, 2)))
        clock_s += length_s + PAUSE_S * rng.uniform(0.5, 2.5)
    return Story(
        **_drawn(number, rng, total),
        said=tuple(said),
        label=row["label"],
        money_gone=row.get("money_gone"),
        coached=row.get("coached"),
    )


def _shortened(turns: Sequence[Mapping[str, Any]], rng: random.Random) -> tuple[int, ...]:
    """Return which turns of the sample call are kept: the first two, most others, in their order."""
    dropped = set(rng.sample(range(2, len(turns)), k=rng.randint(1, max(1, len(turns) // 3))))
    return tuple(index for index in range(len(turns)) if index not in dropped)


def _spoken(
    number: int, clips: tuple[int, ...], label: str, turns: Sequence[Mapping[str, Any]], rng: random.Random, total: int
) -> Story:
    said, clock_s = [], rng.uniform(0.4, 1.6)
    for index in clips:
        turn = turns[index]
        length_s = turn["end_s"] - turn["start_s"]
        said.append(Said(Turn(turn["speaker"], turn["text"]), round(clock_s, 2), round(clock_s + length_s, 2)))
        clock_s += length_s + PAUSE_S * rng.uniform(0.6, 1.8)
    drawn = _drawn(number, rng, total)
    return Story(**drawn, said=tuple(said), label=label, money_gone=True, coached=True, clips=clips)


def _drawn(number: int, rng: random.Random, total: int) -> dict[str, Any]:
    days_ago = DAYS - number * DAYS // total
    return {
        "number": number,
        "id": str(uuid.uuid5(NAMESPACE, f"call-{number}")),
        "days_ago": days_ago,
        "hour": rng.choice(BUSY_HOURS),
        "minute": rng.randrange(60),
        "operator_id": rng.choice(OPERATORS),
        "amount_fen": round(rng.lognormvariate(9.8, 1.1)) * 100,
        "chance": rng.random(),
    }
