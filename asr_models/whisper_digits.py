"""A long number that Whisper wrote is read again: only digits are allowed, and several readings are weighed.

Whisper drops one of two equal digits (五五八 becomes 五八) and writes 幺 as 要 or leaves it out. What kind of number it is
says how long it must be and what its check digit is (`hotline.entity_rules.digit_strings`): the likeliest reading that
fits is taken, unless it is much less likely than what was heard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asr_models.whisper_decoding import WhisperDecoder
from hotline.domain.entities import EntityType
from hotline.entity_rules.digit_strings import MOBILE, kind_of

NUMERALS = "零一二三四五六七八九"
ONE_SOUNDS = "幺要腰雅妖药"
"""What Whisper writes for 幺; read as one inside a number."""
MARKS = "，、,. 。"
ENDINGS = "对吗吧"
"""What may follow a number that is read back."""
NUMBER = re.compile(
    rf"(?P<before>.{{0,16}}?)(?P<digits>[{NUMERALS}{ONE_SOUNDS}][{NUMERALS}{ONE_SOUNDS}{MARKS}]{{6,}}"
    rf"[{NUMERALS}{ONE_SOUNDS}])(?P<after>[^{NUMERALS}]{{0,6}})"
)
LEAST_DIGITS = 7
BEAM = 12
MOST_TOKENS = 40
WORST_COST, WORST_COST_UNANNOUNCED = 5.0, 2.0
"""A reading that is this much less likely (natural logarithm) than the best one is not taken, whatever it fits; a card
number that nobody announced fits by chance in one of ten cases."""
UNUSUAL_CARD = 1.5
"""Cost of a card number of 17 or 18 digits: those that exist have 16 or 19."""
KINDS = (
    (re.compile("身份|证"), (EntityType.ID_NUMBER,)),
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
        if match is None or len(digits_of(match["digits"])) < LEAST_DIGITS:
            return text
        chosen = choose(self.readings(encoded, match["before"]), match["before"])
        if chosen is None:
            return text
        return match["before"] + "".join(NUMERALS[int(digit)] for digit in chosen) + match["after"]

    def readings(self, encoded: Any, before: str) -> list[Reading]:
        """Return readings of encoded audio after the words `before`, the likelier first; digits may be empty."""
        found = self._decoder.decode(
            encoded, beam=BEAM, most_tokens=MOST_TOKENS, begin=before, forbidden=self._forbidden, readings=BEAM
        )
        costs: dict[str, float] = {}
        for decoding in found:
            costs.setdefault(digits_of(decoding.text), -decoding.score)
        return [Reading(digits, cost) for digits, cost in costs.items()]


def digits_of(text: str) -> str:
    """Return spoken digits as ASCII digits; other characters are dropped."""
    return "".join("1" if c in ONE_SOUNDS else str(NUMERALS.index(c)) for c in text if c in NUMERALS + ONE_SOUNDS)


def choose(readings: Sequence[Reading], before: str) -> str | None:
    """Return the likeliest reading that is a number of the kind that `before` announces, None where there is none."""
    wanted = next((kinds for words, kinds in KINDS if words.search(before)), None)
    fitting = [(reading.cost + _oddness(reading.digits), reading.digits) for reading in readings]
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


def _oddness(digits: str) -> float:
    kind = kind_of(digits)
    return UNUSUAL_CARD if kind and kind[0] is EntityType.BANK_CARD and len(digits) in (17, 18) else 0.0
