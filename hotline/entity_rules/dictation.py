"""Numbers that arrive in pieces: within a turn, over several turns, and read back by the other speaker."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rapidfuzz.distance import Levenshtein

from hotline.domain.entities import Entity, EntityType
from hotline.entity_rules.digit_strings import CARD_LENGTHS, kind_of

FILLER = r"[ ，,、。.．\-—～~]|嗯|呃|啊|哦|那个|然后|再|还有|杠|空格|对|后面是?|接着是?"
RUN = re.compile(rf"\d(?:(?:{FILLER}){{0,3}}\d)*[xX]?")
PIECE = re.compile(r"\d+[xX]?")
SHORTEST_PIECE = 2
LONGEST_PAUSE_TURNS = 4
"""Turns after which a dictation that has not gone on is over."""
NEAR = 3
"""So many digits may differ between a dictation and its read-back."""
STATED_LENGTH = re.compile(r"(?P<number>\d(?:[-， ,]?\d){8,})(?P<gap>[-， ,]?)(?P<length>1\d)(?=位)")
"""A number whose count of digits is said right after it: 6217…579，19位."""
RESTART = re.compile(r"不对|不是|错了|说错|念错|多念|少念|更正|重新|重来|再说一遍|我再念|从头")
ALIPAY_CONTEXT = re.compile(r"支付宝(?:账号|账户|号|的账号)?[^，。]{0,4}$")
WECHAT_CONTEXT = re.compile(r"(?:微信号|微信|QQ号?|扣扣|验证码|密码|工号|警号|编号|单号|订单|尾号|后四位|房间号|会议号|邀请码|群号)[^，。\d]{0,6}$")


@dataclass
class _Open:
    """A dictation that may go on."""

    digits: str
    turn: int
    pieces: list[tuple[int, int, int]] = field(default_factory=list)


def digit_entities(texts: Sequence[str], speakers: Sequence[str], masked: Sequence[str]) -> list[tuple[Entity, int, int]]:
    """Return entities with the character range of their last piece.

    `masked` are the texts with sums, times and addresses blanked, so that their digits are not taken twice.
    """
    complete: list[tuple[Entity, int, int]] = []
    open_: dict[str, _Open] = {}
    for turn, text in enumerate(masked):
        speaker = speakers[turn]
        if RESTART.search(texts[turn]):
            open_.pop(speaker, None)
        text = STATED_LENGTH.sub(_without_length, text)
        for match in RUN.finditer(text):
            context = texts[turn][: match.start()]
            for digits, start, end in _pieces(match):
                kind = kind_of(digits)
                if kind and not (open_.get(speaker) and len(open_[speaker].digits) >= 8 and len(digits) < 11):
                    open_.pop(speaker, None)
                    _add(complete, digits, kind, turn, speaker, start, end, context)
                elif len(digits) >= SHORTEST_PIECE and not WECHAT_CONTEXT.search(context):
                    _continue(complete, open_, digits, turn, speaker, start, end, context)
        for other in list(open_):
            if turn - open_[other].turn > LONGEST_PAUSE_TURNS:
                del open_[other]
    return complete


def _without_length(match: re.Match[str]) -> str:
    """Blank the count of digits when it is the count of the digits before it."""
    digits = re.sub(r"\D", "", match["number"])
    blank = " " * len(match["length"])
    return match["number"] + match["gap"] + blank if len(digits) == int(match["length"]) else match[0]


def _pieces(match: re.Match[str]) -> list[tuple[str, int, int]]:
    """Split a run into complete strings where it holds some, else join it."""
    parts = [(m[0], match.start() + m.start(), match.start() + m.end()) for m in PIECE.finditer(match[0])]
    if len(parts) == 1:
        return parts
    joined = "".join(part[0] for part in parts)
    if kind_of(joined) or not any(kind_of(part[0]) for part in parts):
        return _joined(parts)
    result: list[tuple[str, int, int]] = []
    waiting: list[tuple[str, int, int]] = []
    for part in parts:
        if kind_of(part[0]):
            result += _joined(waiting)
            waiting = []
            result.append(part)
        else:
            waiting.append(part)
    return result + _joined(waiting)


def _joined(parts: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Join pieces; two complete strings said one after the other are cut apart."""
    if not parts:
        return []
    for cut in range(1, len(parts)):
        left, right = ("".join(p[0] for p in side) for side in (parts[:cut], parts[cut:]))
        if kind_of(left) and kind_of(right):
            return [(left, parts[0][1], parts[cut - 1][2]), (right, parts[cut][1], parts[-1][2])]
    return [("".join(part[0] for part in parts), parts[0][1], parts[-1][2])]


def _continue(
    complete: list[tuple[Entity, int, int]], open_: dict[str, _Open], digits: str, turn: int, speaker: str, start: int,
    end: int, context: str,
) -> None:
    """Add a piece to the speaker's dictation, unless it only repeats what was just said."""
    running = open_.get(speaker)
    for other, dictation in open_.items():
        if other != speaker and dictation.digits.endswith(digits):
            return
    if running is None:
        open_[speaker] = _Open(digits, turn, [(turn, start, end)])
        return
    if running.digits.endswith(digits) and running.turn != turn and len(digits) < 8:
        return
    running.digits += digits
    running.turn = turn
    running.pieces.append((turn, start, end))
    kind = kind_of(running.digits)
    if kind is None:
        if len(running.digits) > max(CARD_LENGTHS):
            open_[speaker] = _Open(digits, turn, [(turn, start, end)])
        return
    if kind[0] is EntityType.PHONE and not running.digits.startswith("1"):
        return
    shorter = [i for i, (e, _, _) in enumerate(complete) if e.speaker == speaker and running.digits.startswith(str(e.value))]
    for index in reversed(shorter):
        if complete[index][0].type is EntityType.BANK_CARD:
            del complete[index]
    _add(complete, running.digits, kind, turn, speaker, start, end, context)
    if kind[0] is not EntityType.BANK_CARD or len(running.digits) == max(CARD_LENGTHS):
        del open_[speaker]


def _add(
    complete: list[tuple[Entity, int, int]], digits: str, kind: tuple[EntityType, tuple[str, ...]], turn: int, speaker: str,
    start: int, end: int, context: str,
) -> None:
    """Add a complete string, or confirm or correct the one that it reads back."""
    entity_type, warnings = kind
    if entity_type is EntityType.PHONE and ALIPAY_CONTEXT.search(context):
        entity_type = EntityType.ALIPAY
    for index, (known, known_start, known_end) in enumerate(complete):
        if {known.type, entity_type} <= {EntityType.PHONE, EntityType.ALIPAY} and known.value == digits:
            entity_type = known.type
        if known.type is not entity_type:
            continue
        if known.value == digits:
            confirmed = known.confirmed or known.speaker != speaker
            complete[index] = (replace(known, confirmed=confirmed), known_start, known_end)
            return
        near = Levenshtein.distance(str(known.value), digits) <= NEAR
        if near and (known.speaker != speaker or turn - known.turn <= LONGEST_PAUSE_TURNS) and len(warnings) <= len(known.warnings):
            fresh = Entity(entity_type, digits, turn, digits, speaker, warnings=warnings)
            complete[index] = (fresh, start, end)
            return
        if near and known.speaker != speaker:
            return
        corrected = entity_type is EntityType.BANK_CARD and str(known.value)[:6] == digits[:6]
        if corrected and restarted and turn - known.turn <= LONGEST_PAUSE_TURNS:
            complete[index] = (Entity(entity_type, digits, turn, digits, speaker, warnings=warnings), start, end)
            return
    complete.append((Entity(entity_type, digits, turn, digits, speaker, warnings=warnings), start, end))
