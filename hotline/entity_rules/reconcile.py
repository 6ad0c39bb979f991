"""Two noisy readings of one long number, said and read back: which digits are right.

Where they differ, each difference is taken from one of them, and the check digit (Luhn, GB 11643) or the length tells
which; otherwise the read-back stands. A misheard card fits its check digit by chance in one of ten cases: of two that fit,
one that looks like most cards is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import product

from rapidfuzz.distance import Levenshtein

from hotline.domain.entities import EntityType
from hotline.entity_rules.digit_strings import is_usual_card, kind_of

Place = tuple[int, int]
"""Turn, and character of its text, that a digit was read from."""
SHORTEST = 9
FARTHEST_TURNS = 4
MOST_DIFFERENT = 0.4
"""Share of the digits that may differ between two readings of one number."""
MOST_DIFFERENCES = 6
CHECKED = (EntityType.BANK_CARD, EntityType.ID_NUMBER)
"""Kinds whose last digit says whether the others are right."""


@dataclass(frozen=True)
class Reading:
    """The digits that one side said in one go, in however many pieces."""

    speaker: str
    digits: str
    places: tuple[Place, ...]
    """One for each digit."""
    restarted: bool = False
    """True when the speaker said that something was wrong: then nothing is guessed."""

    @property
    def first_turn(self) -> int:
        """Turn of the first digit."""
        return self.places[0][0]

    @property
    def last_turn(self) -> int:
        """Turn of the last digit."""
        return self.places[-1][0]

    def joined(self, other: Reading) -> Reading:
        """Return both as one."""
        restarted = self.restarted or other.restarted
        return Reading(self.speaker, self.digits + other.digits, self.places + other.places, restarted)


def same_number(said: Reading, read: Reading) -> bool:
    """Say whether two readings can be of one number."""
    longest = max(len(said.digits), len(read.digits))
    near = read.first_turn - said.last_turn <= FARTHEST_TURNS
    return (
        said.speaker != read.speaker
        and near
        and longest >= SHORTEST
        and Levenshtein.distance(said.digits, read.digits) <= MOST_DIFFERENT * longest
    )


def reconciled(said: Reading, read: Reading) -> Reading | None:
    """Return what both readings say, None where no known kind of number comes out."""
    if said.restarted or read.restarted:
        return None
    whole = [reading for reading in (read, said) if _is_clean(reading.digits)]
    if whole:
        return next((reading for reading in whole if is_usual_card(reading.digits)), whole[0])
    mixed = sorted((m for m in _mixtures(said, read) if _is_clean(m[1].digits)), key=lambda m: m[0])
    if mixed and (len(mixed) == 1 or mixed[0][0] < mixed[1][0]):
        return mixed[0][1]
    return next((reading for reading in (read, said) if kind_of(reading.digits)), None)


def pairs(readings: Sequence[Reading]) -> Iterable[tuple[Reading, Reading]]:
    """Yield each reading with the one of the other side that it repeats, unless it is corrected afterwards."""
    for index, read in enumerate(readings):
        later = readings[index + 1 :]
        if any(r.restarted and r.first_turn - read.last_turn <= FARTHEST_TURNS for r in later):
            continue
        for said in reversed(readings[:index]):
            if same_number(said, read):
                yield said, read
                break


def _is_clean(digits: str) -> bool:
    kind = kind_of(digits)
    return kind is not None and not kind[1] and not (kind[0] is EntityType.PHONE and digits[0] not in "01")


def _mixtures(said: Reading, read: Reading) -> list[tuple[int, Reading]]:
    """Return all ways to settle the differences, with the number of digits that are not as read back."""
    codes = SequenceMatcher(None, said.digits, read.digits, autojunk=False).get_opcodes()
    if sum(kind != "equal" for kind, *_ in codes) > MOST_DIFFERENCES:
        return []
    found: dict[str, tuple[int, Reading]] = {}
    for choice in product(*((True,) if kind == "equal" else (True, False) for kind, *_ in codes)):
        digits, places, cost = "", list[Place](), 0
        for as_read, (_, a, b, c, d) in zip(choice, codes, strict=True):
            source, start, end = (read, c, d) if as_read else (said, a, b)
            digits += source.digits[start:end]
            places += source.places[start:end]
            cost += 0 if as_read else max(b - a, d - c)
        if digits and (digits not in found or cost < found[digits][0]):
            found[digits] = (cost, Reading(read.speaker, digits, tuple(places)))
    return list(found.values())
