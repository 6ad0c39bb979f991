"""A long number that Whisper wrote is read again: only digits are allowed, and several readings are weighed.

Whisper drops one of two equal digits (五五八 becomes 五八) and writes 幺 as 要 or leaves it out. What kind of number it is
says how long it must be and what its check digit is (`hotline.entity_rules.digit_strings`): the likeliest reading that
fits is taken, unless it is much less likely than what was heard.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asr_models.whisper_decoding import WhisperDecoder
from hotline.domain.entities import EntityType
from hotline.entity_rules.digit_strings import MOBILE, is_usual_card, kind_of

NUMERALS = "零一二三四五六七八九"
ONE_SOUNDS = "幺要腰雅妖药夭邀"
"""What Whisper writes for 幺; read as one inside a number."""
MARKS = "，、,. 。"
ENDINGS = "对吗吧"
"""What may follow a number that is read back."""
_DIGIT = f"[{NUMERALS}{ONE_SOUNDS}]"
NUMBER = re.compile(
    rf"(?P<before>.{{0,16}}?)(?P<digits>{_DIGIT}(?:[^{NUMERALS}{ONE_SOUNDS}]{{0,3}}{_DIGIT}){{6,}})(?P<after>[^{NUMERALS}]{{0,6}})"
)
"""Other characters between two digits are ones that were misheard (十 for 四, 哦 for 五)."""
LEAST_DIGITS = 7
MOST_MISHEARD = 0.25
"""Share of a number's characters that may be no digits."""
DOUBLES_PROMPT = "卡号是六二二八，八八零零，一一三五，六六七七，九二二四，五五九。"
"""Tried beside no prompt: it keeps more of the doubled digits, and doubles some that are single."""
BEAM = 10
MOST_TOKENS = 40
WORST_COST, WORST_COST_UNANNOUNCED = 5.0, 2.0
"""A reading that is this much less likely (natural logarithm) than the best one is not taken, whatever it fits; a card
number that nobody announced fits by chance in one of ten cases."""
UNUSUAL_CARD = 1.5
"""Cost of a card number that does not look like most of them."""
DOUBLED = 2.5
"""Cost of taking a digit for two equal ones, of which one was dropped."""
DOUBLED_READINGS = 4
"""So many of the likeliest readings are tried with a digit doubled."""
KINDS = (
    (re.compile("身份|证|份正"), (EntityType.ID_NUMBER,)),
    (re.compile("电话|手机"), (EntityType.PHONE,)),
    (re.compile("卡|账|帐"), (EntityType.BANK_CARD, EntityType.ALIPAY)),
)


@dataclass(frozen=True)
class Reading:
    """Digits and their cost: negative natural logarithm of their probability."""

    digits: str
    cost: float


class DigitReader:
    """Reads numbers with one Whisper model."""

    def __init__(self, decoder: WhisperDecoder) -> None:
        self._decoder = decoder
        self._forbidden = decoder.all_but(NUMERALS + ONE_SOUNDS[:3] + "，、" + ENDINGS)

    def improve(self, text: str, encoded: Any) -> str:
        """Return the text with its number as the likeliest fitting reading; the text itself where there is none."""
        match = NUMBER.fullmatch(text)
        if match is None or not _is_mostly_digits(match["digits"]):
            return text
        readings = self.readings(encoded, match["before"])
        readings.insert(1, Reading(digits_of(match["digits"]), readings[0].cost))
        chosen = choose(readings, match["before"])
        if chosen is None:
            return text
        return match["before"] + "".join(NUMERALS[int(digit)] for digit in chosen) + match["after"]

    def readings(self, encoded: Any, before: str) -> list[Reading]:
        """Return readings of encoded audio after the words `before`, the likelier first; digits may be empty."""
        costs: dict[str, float] = {}
        for prompt in (None, DOUBLES_PROMPT):
            found = self._decoder.decode(
                encoded,
                beam=BEAM,
                most_tokens=MOST_TOKENS,
                prompt=prompt,
                begin=before,
                forbidden=self._forbidden,
                readings=BEAM,
            )
            for decoding in found:
                digits = digits_of(decoding.text)
                costs[digits] = min(costs.get(digits, math.inf), -decoding.score)
        return sorted((Reading(digits, cost) for digits, cost in costs.items()), key=lambda reading: reading.cost)


def _is_mostly_digits(run: str) -> bool:
    digits, marks = len(digits_of(run)), sum(run.count(mark) for mark in MARKS)
    return digits >= LEAST_DIGITS and len(run) - digits - marks <= MOST_MISHEARD * len(run)


def digits_of(text: str) -> str:
    """Return spoken digits as ASCII digits; other characters are dropped."""
    return "".join("1" if c in ONE_SOUNDS else str(NUMERALS.index(c)) for c in text if c in NUMERALS + ONE_SOUNDS)


def choose(readings: Sequence[Reading], before: str) -> str | None:
    """Return the likeliest reading that is a number of the kind that `before` announces, None where there is none."""
    wanted = next((kinds for words, kinds in KINDS if words.search(before)), None)
    tried = [*readings, *(twice for reading in readings[:DOUBLED_READINGS] for twice in _with_a_digit_doubled(reading))]
    fitting = [(reading.cost + _oddness(reading.digits), reading.digits) for reading in tried]
    fitting = [item for item in fitting if _fits(item[1], wanted)]
    if not fitting:
        return None
    cost, digits = min(fitting)
    sure = wanted or EntityType.BANK_CARD not in (kind_of(digits) or ())
    farthest = WORST_COST if sure else WORST_COST_UNANNOUNCED
    return digits if cost - min(reading.cost for reading in readings) <= farthest else None


def _fits(digits: str, wanted: Sequence[EntityType] | None) -> bool:
    kind = kind_of(digits)
    if kind is None or kind[1] or (wanted and kind[0] not in wanted):
        return False
    return kind[0] is not EntityType.PHONE or bool(MOBILE.fullmatch(digits) or digits.startswith("0"))


def _with_a_digit_doubled(reading: Reading) -> list[Reading]:
    """Return what a reading can have been before one of two equal digits was dropped. A phone has no check digit."""
    digits = reading.digits
    longer = {digits[:place] + digits[place] + digits[place:] for place in range(len(digits))}
    kinds = ((text, kind_of(text)) for text in longer)
    return [Reading(t, reading.cost + DOUBLED) for t, kind in kinds if kind and kind[0] is not EntityType.PHONE]


def _oddness(digits: str) -> float:
    kind = kind_of(digits)
    is_card = kind is not None and kind[0] is EntityType.BANK_CARD
    return UNUSUAL_CARD if is_card and not is_usual_card(digits) else 0.0
