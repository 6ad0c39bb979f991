"""Numbers that arrive in pieces: within a turn, over several turns, read back by the other speaker, corrected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein

from hotline.domain.entities import Entity, EntityType
from hotline.entity_rules.amounts import SERVICE_NUMBERS
from hotline.entity_rules.digit_strings import CARD_LENGTHS, kind_of
from hotline.entity_rules.reconcile import Place, Reading, pairs, reconciled

FILLER = r"[ ，,、。.．\-—～~]|嗯|呃|啊|哦|那个|然后|再|还有|杠|空格|对|后面是?|接着是?"
RUN = re.compile(rf"(?<![A-Za-z@_.])\d(?:(?:{FILLER}){{0,3}}\d)*[xX]?(?![A-Za-z@_])")
PIECE = re.compile(r"\d+[xX]?")
DIGITS = frozenset("0123456789xX")
LONG_NUMBERS = (EntityType.BANK_CARD, EntityType.PHONE, EntityType.ID_NUMBER, EntityType.ALIPAY)
SHORTEST_PIECE = 2
LONGEST_PAUSE_TURNS = 4
"""Turns after which a dictation that has not gone on is over."""
NEAR = 3
"""So many digits may differ between a dictation and its read-back or correction."""
OPEN_CARD_DIGITS = 8
"""With so many digits heard, a short string that could stand alone still goes on with the dictation."""
RESTART = re.compile(r"不对|不是|错了|说错|念错|多念|少念|更正|重新|重来|再说一遍|我再念|从头")
LAST_DIGITS = re.compile(r"(?:后|最后|末尾)[两三四五六几]位|尾数")
FRESH = re.compile(r"(?:卡号|账号|账户|号码|电话|手机号?|身份证号?)(?:是|：|:|，|,| |的|叫|就是|为)*$")
PAYMENT_ACCOUNT = re.compile(r"支付宝(?:的?账号|账户|号)?[^，。]{0,4}$")
PAYMENT_ASKED = re.compile(r"支付宝(?:的?账号|账户|号)")
OTHER_NUMBER = re.compile(
    r"(?:微信号?|QQ号?|扣扣|验证码|密码|工号|警号|编号|单号|订单号?|尾号|房间号?|会议号|邀请码|群号|案号|代码|口令|车牌)[^，。\d]{0,6}$"
)


@dataclass
class _Open:
    """A dictation that may go on."""

    digits: str
    turn: int
    places: tuple[Place, ...]


@dataclass(frozen=True)
class _Piece:
    """Digits of one turn; `start` and `end` count characters of its text."""

    digits: str
    turn: int
    speaker: str
    start: int
    end: int
    context: str
    """The turn's text before the piece."""
    restarted: bool
    """True when the turn says that something was wrong."""
    payment_account: bool
    places: tuple[Place, ...] = ()
    """Where each digit was said."""


Fact = tuple[EntityType, str]
Placed = tuple[Entity, int, int]


def digit_entities(
    texts: Sequence[str], speakers: Sequence[str], masked: Sequence[str]
) -> tuple[list[Placed], Mapping[Fact, tuple[Place, ...]]]:
    """Return entities with the character range of their last piece, and where each digit of theirs was said.

    `masked` are the texts with sums, times and addresses blanked, so that their digits are not taken twice.
    """
    dictations = _Dictations()
    for turn, text in enumerate(masked):
        question = texts[turn - 1] if turn and speakers[turn - 1] != speakers[turn] else ""
        restarted = bool(RESTART.search(texts[turn]))
        if restarted:
            dictations.drop(speakers[turn])
        for match in RUN.finditer(text):
            for digits, start, end in _pieces(match):
                context = texts[turn][:start]
                payment = bool(PAYMENT_ACCOUNT.search(context) or PAYMENT_ASKED.search(question))
                places = tuple((turn, place) for place in range(start, end) if texts[turn][place] in DIGITS)
                piece = _Piece(digits, turn, speakers[turn], start, end, context, restarted, payment, places)
                dictations.hear(piece)
        dictations.forget(turn)
    dictations.settle_read_backs()
    return dictations.complete, dictations.places


class _Dictations:
    """What has been dictated completely, and what each speaker is still dictating."""

    def __init__(self) -> None:
        self.complete: list[Placed] = []
        self.places: dict[Fact, tuple[Place, ...]] = {}
        self._open: dict[str, _Open] = {}
        self._readings: list[Reading] = []

    def drop(self, speaker: str) -> None:
        """Start the speaker's dictation anew."""
        self._open.pop(speaker, None)

    def forget(self, turn: int) -> None:
        """End dictations that have not gone on."""
        for speaker in [s for s, running in self._open.items() if turn - running.turn > LONGEST_PAUSE_TURNS]:
            del self._open[speaker]

    def hear(self, piece: _Piece) -> None:
        """Take the next digits of a turn."""
        if piece.digits in SERVICE_NUMBERS or OTHER_NUMBER.search(piece.context):
            return
        self._note(piece)
        if piece.restarted and len(piece.digits) <= 6 and LAST_DIGITS.search(piece.context):
            self._correct_end(piece)
            return
        running = self._open.get(piece.speaker)
        if running and FRESH.search(piece.context):
            running = None
        kind = kind_of(piece.digits)
        goes_on = running and len(running.digits) >= OPEN_CARD_DIGITS and len(piece.digits) < 11
        if kind and not goes_on:
            self.drop(piece.speaker)
            self._settle(piece, kind)
            if kind[0] is EntityType.BANK_CARD and len(piece.digits) < max(CARD_LENGTHS):
                self._open[piece.speaker] = _Open(piece.digits, piece.turn, piece.places)
        elif len(piece.digits) >= SHORTEST_PIECE and not self._is_echo(piece):
            self._go_on(piece, running)

    def _note(self, piece: _Piece) -> None:
        """Add a piece to what its speaker is reading, or begin a new reading."""
        fresh = Reading(piece.speaker, piece.digits.upper(), piece.places, piece.restarted)
        last = self._readings[-1] if self._readings else None
        goes_on = last is not None and last.speaker == piece.speaker and not FRESH.search(piece.context)
        whole = goes_on and last is not None and kind_of(last.digits) and kind_of(piece.digits)
        if last is None or not goes_on or whole or piece.turn - last.last_turn > LONGEST_PAUSE_TURNS:
            self._readings.append(fresh)
        else:
            self._readings[-1] = last.joined(fresh)

    def settle_read_backs(self) -> None:
        """Let a number that was said and read back be the one that both readings give."""
        for said, read in pairs(self._readings):
            right = reconciled(said, read)
            kind = kind_of(right.digits) if right else None
            if right is None or kind is None or any(str(item[0].value) == right.digits for item in self.complete):
                continue
            turns, heard = range(said.first_turn, read.last_turn + 1), (said.digits, read.digits)
            self.complete = [item for item in self.complete if not _misread(item[0], right.digits, turns, heard)]
            start, end = (place for _, place in (right.places[0], right.places[-1]))
            fresh = Entity(kind[0], right.digits, right.last_turn, right.digits, read.speaker, warnings=kind[1])
            start = start if right.first_turn == right.last_turn else 0
            self.complete.append((fresh, start, end + 1))
            self.places[kind[0], right.digits] = right.places

    def _is_echo(self, piece: _Piece) -> bool:
        """Say whether a piece only repeats what the other speaker is dictating."""
        others = [running.digits for speaker, running in self._open.items() if speaker != piece.speaker]
        return any(
            told.endswith(piece.digits)
            or told.startswith(piece.digits)
            or (len(piece.digits) > 3 and piece.digits in told)
            for told in others
        )

    def _go_on(self, piece: _Piece, running: _Open | None) -> None:
        if running is None:
            self._open[piece.speaker] = _Open(piece.digits, piece.turn, piece.places)
            return
        again = running.turn != piece.turn and len(piece.digits) < OPEN_CARD_DIGITS
        if again and running.digits.endswith(piece.digits):
            return
        whole, places = running.digits + piece.digits, running.places + piece.places
        if len(whole) > max(CARD_LENGTHS):
            self._open[piece.speaker] = _Open(piece.digits, piece.turn, piece.places)
            return
        self._open[piece.speaker] = _Open(whole, piece.turn, places)
        kind = kind_of(whole)
        if kind is None or (kind[0] is EntityType.PHONE and whole[0] not in "10"):
            return
        self._remove_shorter(piece.speaker, whole)
        self._settle(replace(piece, digits=whole, places=places), kind)
        if kind[0] is not EntityType.BANK_CARD:
            self.drop(piece.speaker)

    def _remove_shorter(self, speaker: str, digits: str) -> None:
        """Drop a card that was only the beginning of this one."""

        def beginning(entity: Entity) -> bool:
            value = str(entity.value)
            return entity.type is EntityType.BANK_CARD and value != digits and digits.startswith(value)

        self.complete = [item for item in self.complete if item[0].speaker != speaker or not beginning(item[0])]

    def _settle(self, piece: _Piece, kind: tuple[EntityType, tuple[str, ...]]) -> None:
        """Add a complete string, or confirm or correct the one that it repeats."""
        entity_type, warnings = kind
        if entity_type is EntityType.PHONE and piece.payment_account:
            entity_type = EntityType.ALIPAY
        digits = piece.digits.upper()
        self.places.setdefault((entity_type, digits), piece.places)
        fresh = Entity(entity_type, digits, piece.turn, digits, piece.speaker, warnings=warnings)
        for index, (known, start, end) in enumerate(self.complete):
            if known.value == digits:
                confirmed = known.confirmed or known.speaker != piece.speaker
                self.complete[index] = (replace(known, confirmed=confirmed), start, end)
                return
            if known.type is entity_type and self._same_fact(known, piece):
                if piece.restarted or len(warnings) <= len(known.warnings):
                    self.complete[index] = (fresh, piece.start, piece.end)
                return
        self.complete.append((fresh, piece.start, piece.end))

    def _same_fact(self, known: Entity, piece: _Piece) -> bool:
        """Say whether a string is a read-back or a correction of a known one that differs a little."""
        value, recent = str(known.value), piece.turn - known.turn <= LONGEST_PAUSE_TURNS
        near = Levenshtein.distance(value, piece.digits) <= NEAR
        if piece.restarted and recent:
            return near or (known.type is EntityType.BANK_CARD and value[:6] == piece.digits[:6])
        return near and known.speaker != piece.speaker

    def _correct_end(self, piece: _Piece) -> None:
        """Put the right last digits (后四位错了，是0013) on the number that was said last."""
        for index in reversed(range(len(self.complete))):
            known, _start, _ = self.complete[index]
            if piece.turn - known.turn > LONGEST_PAUSE_TURNS:
                continue
            value = str(known.value)[: -len(piece.digits)] + piece.digits
            kind = kind_of(value)
            if kind:
                fresh = replace(
                    known, value=value, turn=piece.turn, text=piece.digits, warnings=kind[1], confirmed=False
                )
                self.complete[index] = (fresh, piece.start, piece.end)
            return


def _misread(entity: Entity, right: str, turns: range, heard: Sequence[str]) -> bool:
    """Say whether a number is only what was made of a bad reading of another one."""
    value = str(entity.value)
    part = any(value in digits for digits in heard) or Levenshtein.distance(value, right) <= NEAR
    return entity.turn in turns and entity.type in LONG_NUMBERS and part


def _pieces(match: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Join the groups of a run, unless some of them are complete strings by themselves."""
    parts = [(m[0], match.start() + m.start(), match.start() + m.end()) for m in PIECE.finditer(match[0])]
    if kind_of("".join(part[0] for part in parts)) or not any(kind_of(part[0]) for part in parts):
        yield from _joined(parts)
        return
    waiting: list[tuple[str, int, int]] = []
    for part in parts:
        if kind_of(part[0]):
            yield from _joined(waiting)
            waiting = []
            yield part
        else:
            waiting.append(part)
    yield from _joined(waiting)


def _joined(parts: list[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """Join groups; two complete strings said one after the other are cut apart."""
    for cut in range(1, len(parts)):
        sides = (parts[:cut], parts[cut:])
        left, right = ("".join(part[0] for part in side) for side in sides)
        if kind_of(left) and kind_of(right):
            yield left, parts[0][1], parts[cut - 1][2]
            yield right, parts[cut][1], parts[-1][2]
            return
    if parts:
        yield "".join(part[0] for part in parts), parts[0][1], parts[-1][2]
