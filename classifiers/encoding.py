"""Turns to token windows, each token knowing which characters of which turn it covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from hotline.domain.segment import Channel, Turn

MARKS = {Channel.CALLER.value: "客：", Channel.OPERATOR.value: "席："}
MAX_TOKENS = 256
OVERLAP_TOKENS = 64
"""Tokens of the end of a window that the next one repeats, so that no sentence loses its context."""
START_ID, END_ID, PAD_ID = 0, 2, 1


@dataclass(frozen=True)
class TokenSource:
    """Where a token comes from: characters `start` to `end` of the text of a turn."""

    turn: int
    start: int
    end: int


@dataclass(frozen=True)
class Window:
    """Up to `MAX_TOKENS` tokens; `sources` is None for marks and the two border tokens."""

    ids: tuple[int, ...]
    sources: tuple[TokenSource | None, ...]


def encode(turns: Sequence[Turn], tokenizer: Tokenizer) -> list[Window]:
    """Return the call as one window or, when it is longer, several that overlap. Never empty."""
    ids: list[int] = []
    sources: list[TokenSource | None] = []
    for index, turn in enumerate(turns):
        mark = MARKS[turn.speaker]
        encoding = tokenizer.encode(mark + turn.text, add_special_tokens=False)
        for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            ids.append(token)
            inside = end > len(mark)
            sources.append(TokenSource(index, max(0, start - len(mark)), end - len(mark)) if inside else None)
    room = MAX_TOKENS - 2
    step = room - OVERLAP_TOKENS
    starts = [0] if len(ids) <= room else list(range(0, len(ids) - OVERLAP_TOKENS, step))
    if len(starts) > 1:
        starts[-1] = len(ids) - room
    return [Window((START_ID, *ids[s : s + room], END_ID), (None, *sources[s : s + room], None)) for s in starts]
