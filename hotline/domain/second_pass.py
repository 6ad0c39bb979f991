"""The second, unhurried transcription of a finished call, kept beside what was heard live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hotline.domain.entities import Entity
from hotline.domain.risk import Prediction
from hotline.domain.segment import Segment

Fact = tuple[str, str | int]
"""Type and value of an entity."""


@dataclass(frozen=True)
class Changes:
    """What the second version says otherwise than the one that the call had when it was made."""

    label_before: str | None
    label_after: str | None
    gained: tuple[Fact, ...]
    """Facts that only the second version holds."""
    lost: tuple[Fact, ...]
    """Facts that only the first version holds."""


@dataclass(frozen=True)
class SecondPass:
    """One a call; making it again replaces it as a whole. Nothing of it is written over the live version."""

    call_id: str
    made_at: datetime
    model: str
    segments: tuple[Segment, ...]
    entities: tuple[Entity, ...]
    prediction: Prediction | None
    """None where no classifier could be loaded, or too little was said."""
    changes: Changes


def changes_between(
    label_before: str | None, label_after: str | None, before: Sequence[Entity], after: Sequence[Entity]
) -> Changes:
    """Compare the facts and the labels of two versions."""
    old: list[Fact] = [(entity.type.value, entity.value) for entity in before]
    new: list[Fact] = [(entity.type.value, entity.value) for entity in after]
    gained = tuple(fact for fact in new if fact not in old)
    return Changes(label_before, label_after, gained, tuple(fact for fact in old if fact not in new))
