"""Numbers in Whisper's text are put right by what the digit head heard (`asr_models.digit_head`).

Whisper drops one of two equal digits (五五八 becomes 五八) and writes 幺 as 要 or leaves it out. Its text and the head's
syllables are laid side by side; where the head heard several digits in a row, what Whisper wrote there gives way to the
head's likeliest reading that is a number of the announced kind (`hotline.entity_rules.digit_strings`), or to its
likeliest one where none is: a part of a number fits no kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rapidfuzz.distance import Levenshtein

from asr_models.digit_head import DigitHead, Reading, Syllable, cost_of, readings, runs, syllables
from hotline.domain.entities import EntityType
from hotline.entity_rules.digit_strings import MOBILE, is_usual_card, kind_of
from hotline.numerals import DIGITS

ONE_SOUNDS = "幺要腰雅妖药夭邀"
"""What Whisper writes for 幺; read as one inside a number."""
LEAST_DIGITS = 4
WORST_COST, WORST_COST_UNANNOUNCED = 6.0, 3.0
"""A reading that is this much less likely (natural logarithm) than the best one is not taken, whatever it fits; a card
number that nobody announced fits by chance in one of ten cases."""
UNUSUAL_CARD = 1.5
"""Cost of a card number that does not look like most of them."""
UNSURE_COST, SURE_COST = 0.7, 0.05
"""Cost a digit above which the head has not understood, and Whisper's text stays; where Whisper wrote mostly something
else than digits, the head must be surer."""
TRUST = 4.0
"""How much less what Whisper itself wrote costs."""
KINDS = (
    (re.compile("身份|证|份正"), (EntityType.ID_NUMBER,)),
    (re.compile("电话|手机"), (EntityType.PHONE,)),
    (re.compile("卡|账|帐"), (EntityType.BANK_CARD, EntityType.ALIPAY)),
)


class DigitReader:
    """Mends the numbers of one Whisper model's texts."""

    def __init__(self, head: DigitHead) -> None:
        self._head = head

    def improve(self, text: str, encoded: Any, seconds: float) -> str:
        """Return the text of `seconds` of encoded audio with its numbers as they were heard."""
        found = self._head.probabilities(encoded, seconds)
        heard = syllables(found)
        spoken = runs(heard, LEAST_DIGITS)
        for (first, last), (start, end) in reversed(list(zip(spoken, places(text, heard, spoken), strict=True))):
            begin = heard[first - 1].frame + 1 if first else 0
            stop = heard[last].frame if last < len(heard) else len(found)
            tried = readings(found[begin:stop])
            written = digits_of(text[start:end])
            worst = UNSURE_COST if 2 * len(written) > last - first else SURE_COST
            if tried[0].cost > worst * (last - first) or len(tried[0].digits) < LEAST_DIGITS:
                continue
            if written:
                trusted = Reading(written, cost_of(found[begin:stop], written) - TRUST)
                tried = sorted([*tried, trusted], key=lambda reading: reading.cost)
            digits = choose(tried, text[:start]) or tried[0].digits
            text = text[:start] + "".join(DIGITS[int(digit)] for digit in digits) + text[end:]
        return text


def places(text: str, heard: Sequence[Syllable], spoken: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return where in the text each stretch of digits that was heard is written; an empty place where it is not."""
    at = [index for index, character in enumerate(text) if character.isalnum()]
    written = [_digit(text[index]) or "" for index in at]
    pairs = list(Levenshtein.opcodes(written, [syllable.digit or "" for syllable in heard]))
    found = []
    for first, last in spoken:
        inside = [index for op in pairs for index in _written(op, first, last)]
        while inside and not written[inside[0]] and len(inside) > last - first:
            inside.pop(0)
        while inside and not written[inside[-1]] and len(inside) > last - first:
            inside.pop()
        if inside:
            found.append((at[inside[0]], at[inside[-1]] + 1))
        else:
            before = [op.src_start + first - op.dest_start for op in pairs if op.dest_start <= first <= op.dest_end]
            place = min(before) if before else len(at)
            found.append((at[place] if place < len(at) else len(text),) * 2)
    return found


def _written(op: Any, first: int, last: int) -> range:
    """Return the written characters of one edit that belong to the syllables from `first` to before `last`."""
    if op.tag == "delete":
        return range(op.src_start, op.src_end) if first <= op.dest_start <= last else range(0)
    if op.tag == "insert":
        return range(0)
    low, high = max(first, op.dest_start), min(last, op.dest_end)
    return range(op.src_start + low - op.dest_start, op.src_start + high - op.dest_start) if low < high else range(0)


def digits_of(text: str) -> str:
    """Return the digits that are written in a text as they are spoken; other characters are dropped."""
    return "".join(_digit(character) or "" for character in text)


def _digit(character: str) -> str | None:
    if character in DIGITS:
        return str(DIGITS.index(character))
    return "1" if character in ONE_SOUNDS else None


def choose(tried: Sequence[Reading], before: str) -> str | None:
    """Return the likeliest reading that is a number of the kind that `before` announces, None where there is none."""
    wanted = next((kinds for words, kinds in KINDS if words.search(before)), None)
    fitting = [(reading.cost + _oddness(reading.digits), reading.digits) for reading in tried]
    fitting = [item for item in fitting if _fits(item[1], wanted)]
    if not fitting:
        return None
    cost, digits = min(fitting)
    sure = wanted or EntityType.BANK_CARD not in (kind_of(digits) or ())
    farthest = WORST_COST if sure else WORST_COST_UNANNOUNCED
    return digits if cost - tried[0].cost <= farthest else None


def _fits(digits: str, wanted: Sequence[EntityType] | None) -> bool:
    kind = kind_of(digits)
    if kind is None or kind[1] or (wanted and kind[0] not in wanted):
        return False
    return kind[0] is not EntityType.PHONE or bool(MOBILE.fullmatch(digits) or digits.startswith("0"))


def _oddness(digits: str) -> float:
    kind = kind_of(digits)
    is_card = kind is not None and kind[0] is EntityType.BANK_CARD
    return UNUSUAL_CARD if is_card and not is_usual_card(digits) else 0.0
