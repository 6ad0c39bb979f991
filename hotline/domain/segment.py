"""What was said: words, transcripts as a recogniser gives them, and the stored segments of a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Channel(StrEnum):
    """Who is heard on an audio channel."""

    OPERATOR = "operator"
    CALLER = "caller"


OTHER_CHANNEL = {Channel.OPERATOR.value: Channel.CALLER.value, Channel.CALLER.value: Channel.OPERATOR.value}


@dataclass(frozen=True)
class Word:
    """A recognised word. Times are seconds from the start of the call; confidence is in [0, 1]."""

    text: str
    start_s: float
    end_s: float
    confidence: float = 1.0


@dataclass(frozen=True)
class Transcript:
    """Text of one utterance from a recogniser: partial while it is being spoken, final once."""

    channel: str
    text: str
    """No spaces between Chinese words."""
    start_s: float
    end_s: float
    is_final: bool
    words: tuple[Word, ...] = ()
    confidence: float = 1.0
    """Mean word confidence in [0, 1]; 1.0 where the engine gives none."""
    alternatives: tuple[str, ...] = ()
    """Other readings, the likelier first, when they were asked for."""


@dataclass(frozen=True)
class Segment:
    """A final transcript that belongs to a call and is stored."""

    id: str
    call_id: str
    channel: str
    text: str
    """As recognised."""
    normalised: str
    """What was likely said (`hotline.homophones`), spoken numbers written as digits."""
    start_s: float
    end_s: float
    confidence: float = 1.0
    words: tuple[Word, ...] = field(default=())
    engine: str = ""


@dataclass(frozen=True)
class Turn:
    """One speaker's text, the unit that the classifier and the entity extractor read."""

    speaker: str
    """A `Channel` value."""
    text: str
