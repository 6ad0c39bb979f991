"""Sums that one side says and the operator reads back: where both differ a little, one of them was misheard."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from hotline.domain.entities import Entity, EntityType
from hotline.domain.segment import Channel
from hotline.numbers import COUNTED
from hotline.numerals import spelt

Placed = tuple[Entity, int, int]
READ_BACK = re.compile(
    r"对吗|对吧|对不对|对班|对嘛|是吗|是吧|是不是|没错吧|记下|记一下|(?:核对|确认)(?![^，。,.？?！!]*(?:身份|信息))|重复一遍"
    rf"|您一共|你一共|^(?:是|好)[^。？?！!]{{0,8}}\d|(?:块钱?|元|{COUNTED})[，, ]?对(?=[，。,.？?！! ]|$)"
)
ANOTHER = re.compile(r"又|另外|另一|还有|第[二三四五六]|再(?:转|汇|付|交|打|充)")
"""Words of one more sum: behind them the operator repeats nothing, unless the caller said such a word too."""
OPENING = re.compile(r"[好嗯哦啊，,。 ]*")
HEARD_FOR_IS = ("十", "四")
"""What 是 is heard as before a numeral."""
DENIED = re.compile(r"不对|不是|错了|不止|没有那么")
SHORT = re.compile(r"(?:(?<=万.)千|(?<=千.)百|(?<=百.)十)$")
"""The last unit goes unsaid behind the next higher one: 三万四 is 34,000."""
FARTHEST_TURNS = 3
"""A read-back follows what it repeats within so many turns."""


def merge_read_backs(found: Sequence[Placed], texts: Sequence[str], speakers: Sequence[str]) -> list[Placed]:
    """Drop the misheard one of two sums: the one that lacks a part of the other, else the caller's.

    A read-back that begins with 是 is heard as beginning with 十 or 四 (十八万 for 是八万): there the caller's stands.
    Recognisers lose syllables more than they invent them, so of 五万 and 五万二 the fuller one was said.
    A sum that the caller said elsewhere as the operator does, one more sum (又, 另外), and a read-back that is denied,
    change nothing.
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
        if ANOTHER.search(texts[turn][: items[0][1]]) and not ANOTHER.search(texts[told[0].turn]):
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
    said, repeated = int(told[0].value), int(read[0].value)
    if spelt(repeated) in [word + spelt(said) for word in HEARD_FOR_IS] and OPENING.fullmatch(text[: read[1]]):
        return read
    if _lacks_a_part(said, repeated):
        return told
    if _lacks_a_part(repeated, said):
        return read
    return told if Levenshtein.distance(str(said), str(repeated)) <= 1 else None


def _lacks_a_part(value: int, whole: int) -> bool:
    """Say whether a sum is another one with syllables left out in one place: 五万 or 二千 of 五万二千, 二万 of 二十万.

    In the middle no more may be missing than is left: 三百 is no remainder of 三万五千二百.
    """
    said = spelt(value)
    for full in {spelt(whole), SHORT.sub("", spelt(whole))}:
        missing = len(full) - len(said)
        if missing > 0 and (full.startswith(said) or full.endswith(said)):
            return True
        if 0 < missing <= len(said) and any(
            full.startswith(said[:cut]) and full.endswith(said[cut:]) for cut in range(1, len(said))
        ):
            return True
    return False
