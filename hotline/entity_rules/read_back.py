"""Sums that one side says and the operator reads back: where both differ a little, one of them was misheard."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from hotline.domain.entities import Entity, EntityType
from hotline.domain.segment import Channel

Placed = tuple[Entity, int, int]
READ_BACK = re.compile(
    r"对吗|对吧|对不对|对班|对嘛|是吗|是吧|是不是|没错吧|记下|记一下|核对|确认|重复一遍|您一共|你一共|^(?:是|好)[，, ]?"
)
DENIED = re.compile(r"不对|不是|错了|不止|没有那么")
FARTHEST_TURNS = 3
"""A read-back follows what it repeats within so many turns."""


def merge_read_backs(found: Sequence[Placed], texts: Sequence[str], speakers: Sequence[str]) -> list[Placed]:
    """Drop the misheard one of two sums: the shorter where one is only the end of the other, else the caller's.

    A read-back that begins with the sum was 是八万一, heard as 十八万一: there the caller's stands.
    A sum that the caller said elsewhere as the operator does, and a read-back that is denied, change nothing.
    """
    sums: dict[int, list[Placed]] = {}
    for item in found:
        if item[0].type is EntityType.AMOUNT:
            sums.setdefault(item[0].turn, []).append(item)
    dropped: list[Placed] = []
    for turn, items in sums.items():
        if len(items) != 1 or speakers[turn] != Channel.OPERATOR or not READ_BACK.search(texts[turn]):
            continue
        told = _told_before(turn, sums, speakers)
        known = {item[0].value for others in sums.values() for item in others if item[0].speaker != Channel.OPERATOR}
        if told is None or items[0][0].value in known or _is_denied(turn, texts, speakers):
            continue
        worse = _misheard(told, items[0], texts[turn])
        if worse is not None:
            dropped.append(worse)
    return [item for item in found if item not in dropped]


def _told_before(turn: int, sums: dict[int, list[Placed]], speakers: Sequence[str]) -> Placed | None:
    """Return the only sum of the caller's nearest turn before a read-back."""
    for earlier in range(turn - 1, max(-1, turn - 1 - FARTHEST_TURNS), -1):
        if speakers[earlier] != Channel.OPERATOR and earlier in sums:
            return sums[earlier][0] if len(sums[earlier]) == 1 else None
    return None


def _is_denied(turn: int, texts: Sequence[str], speakers: Sequence[str]) -> bool:
    after = next((t for t in range(turn + 1, len(texts)) if speakers[t] != Channel.OPERATOR), None)
    return after is not None and bool(DENIED.search(texts[after]))


def _misheard(told: Placed, read: Placed, text: str) -> Placed | None:
    """Return the worse one of two sums, None when they are two facts."""
    said, repeated = str(told[0].value), str(read[0].value)
    if repeated == "1" + said and not text[: read[1]].strip("，, "):
        return read
    shorter, longer = sorted((said, repeated), key=len)
    if shorter != longer and longer.rstrip("0").endswith(shorter.rstrip("0")) and len(longer) > len(shorter):
        return told if shorter == said else read
    return told if Levenshtein.distance(said, repeated) <= 1 else None
