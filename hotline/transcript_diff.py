"""Two versions of a call's words side by side: what belongs together in time, and which characters differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from hotline.domain.segment import Segment

SILENT = re.compile(r"[\s，。、？！,.?!；;：:…]")
"""Nobody says these: they make no difference."""
OVERLAP_SHARE = 0.3
"""Segments of both versions belong together when they share so much of the shorter one's time."""


@dataclass(frozen=True)
class Row:
    """What one side said in a stretch of time, in both versions."""

    channel: str
    start_s: float
    first: tuple[Segment, ...]
    second: tuple[Segment, ...]


@dataclass(frozen=True)
class Piece:
    """A piece of one version's text, and whether the other version says it too."""

    text: str
    same: bool


def align(first: Sequence[Segment], second: Sequence[Segment]) -> list[Row]:
    """Return rows in the order of time; every segment of both versions is in exactly one."""
    rows: list[Row] = []
    for channel in sorted({segment.channel for segment in (*first, *second)}):
        marked = [(s, True) for s in first if s.channel == channel] + [
            (s, False) for s in second if s.channel == channel
        ]
        groups: list[list[tuple[Segment, bool]]] = []
        for item in sorted(marked, key=lambda item: (item[0].start_s, item[0].end_s)):
            if groups and any(item[1] != other and _share_time(item[0], placed) for placed, other in groups[-1]):
                groups[-1].append(item)
            else:
                groups.append([item])
        for group in groups:
            sides = (tuple(s for s, is_first in group if is_first), tuple(s for s, is_first in group if not is_first))
            rows.append(Row(channel, group[0][0].start_s, *sides))
    return sorted(rows, key=lambda row: row.start_s)


def compare(first: str, second: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts cut into pieces that the other one has and pieces that it has not."""
    left, right = list[Piece](), list[Piece]()
    for kind, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        _add(left, first[a:b], kind == "equal")
        _add(right, second[c:d], kind == "equal")
    return tuple(left), tuple(right)


def _add(pieces: list[Piece], text: str, same: bool) -> None:
    for character in text:
        alike = same or bool(SILENT.match(character))
        if pieces and pieces[-1].same == alike:
            pieces[-1] = Piece(pieces[-1].text + character, alike)
        else:
            pieces.append(Piece(character, alike))


def _share_time(one: Segment, other: Segment) -> bool:
    shared = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    shorter = min(one.end_s - one.start_s, other.end_s - other.start_s)
    return shared > OVERLAP_SHARE * shorter if shorter > 0 else shared >= 0
