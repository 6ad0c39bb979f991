"""Makes written turns look like a recogniser's output: homophones, losses, fillers, no punctuation."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from hotline.domain.segment import Turn

PUNCTUATION = re.compile(r"[，。！？、；：…“”‘’（）《》,.!?;:\"'()\-—~ ]+")
DIGITS = re.compile(r"\d+")
SPOKEN = "零一二三四五六七八九"
FILLERS = ("嗯", "呃", "那个", "就是", "啊", "这个")


LIKE_SOUNDS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"), ("l", "n"), ("r", "n"), ("f", "h"), ("u", "o"))
"""Sounds that telephone speech blurs."""


@dataclass(frozen=True)
class DamageRates:
    """Probabilities per character (or per turn where said), fitted to real recognisers' errors.

    A call gets its own share of them, from none to twice: lines and voices differ.
    """

    homophone: float = 0.05
    like_sound: float = 0.02
    other: float = 0.02
    deletion: float = 0.015
    filler: float = 0.01
    keep_punctuation: float = 0.25
    """Per turn."""
    drop_turn: float = 0.01
    """Per turn."""


class Damager:
    """Damages turns. Replacements are characters of the given texts, frequent ones more often."""

    def __init__(self, texts: Iterable[str], rates: DamageRates | None = None) -> None:
        from pypinyin import lazy_pinyin

        self.rates = rates or DamageRates()
        counts = Counter(character for text in texts for character in text if "一" <= character <= "鿿")
        self._counts = counts.most_common(3500)
        self._sounds = {character: lazy_pinyin(character)[0] for character, _ in self._counts}
        self._same = _groups(self._counts, lambda character: self._sounds[character])
        self._like = _groups(self._counts, lambda character: blurred(self._sounds[character]))
        self._any = _Choice(self._counts)

    def damage(self, turns: Sequence[Turn], rng: random.Random) -> tuple[Turn, ...]:
        """Return damaged turns; at least one is kept."""
        strength = rng.uniform(0, 2)
        kept = [turn for turn in turns if rng.random() >= self.rates.drop_turn] or list(turns)
        return tuple(Turn(turn.speaker, self.damage_text(turn.text, rng, strength)) for turn in kept)

    def damage_text(self, text: str, rng: random.Random, strength: float = 1.0) -> str:
        """Return one damaged text."""
        if rng.random() >= self.rates.keep_punctuation:
            text = PUNCTUATION.sub("", text)
            text = DIGITS.sub(lambda match: "".join(SPOKEN[int(digit)] for digit in match[0]), text)
        pieces = []
        for character in text:
            roll = rng.random()
            if roll < strength * self.rates.deletion:
                continue
            if roll < strength * (self.rates.deletion + self.rates.filler):
                pieces.append(rng.choice(FILLERS))
            pieces.append(self._heard(character, rng.random() / strength if strength else 1.0, rng))
        return "".join(pieces) or text

    def _heard(self, character: str, roll: float, rng: random.Random) -> str:
        """Return the character that a recogniser may take this one for."""
        sound = self._sounds.get(character)
        if sound is None:
            return character
        if roll < self.rates.homophone:
            return self._same[sound].draw(rng)
        if roll < self.rates.homophone + self.rates.like_sound:
            return self._like[blurred(sound)].draw(rng)
        if roll < self.rates.homophone + self.rates.like_sound + self.rates.other:
            return self._any.draw(rng)
        return character


class _Choice:
    """Draws characters in proportion to how often they occur."""

    def __init__(self, counts: Sequence[tuple[str, int]]) -> None:
        self._characters = [character for character, _ in counts]
        self._limits = list(accumulate(count for _, count in counts))

    def draw(self, rng: random.Random) -> str:
        return rng.choices(self._characters, cum_weights=self._limits)[0]


def _groups(counts: Sequence[tuple[str, int]], key: Callable[[str], str]) -> dict[str, _Choice]:
    groups: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for character, count in counts:
        groups[key(character)].append((character, count))
    return {sound: _Choice(group) for sound, group in groups.items()}


def blurred(sound: str) -> str:
    """Return a toneless pinyin syllable with the sounds that a telephone blurs made one."""
    for one, other in LIKE_SOUNDS:
        sound = sound.replace(one, other)
    return sound
