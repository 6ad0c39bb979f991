"""Makes written turns look like a recogniser's output: homophones, losses, fillers, no punctuation."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hotline.domain.segment import Turn

PUNCTUATION = re.compile(r"[，。！？、；：…“”‘’（）《》,.!?;:\"'()\-—~ ]+")
DIGITS = re.compile(r"\d+")
SPOKEN = "零一二三四五六七八九"
FILLERS = ("嗯", "呃", "那个", "就是", "啊", "这个")


@dataclass(frozen=True)
class DamageRates:
    """Probabilities per character (or per turn where said), fitted to real recognisers' errors."""

    homophone: float = 0.05
    deletion: float = 0.015
    filler: float = 0.01
    keep_punctuation: float = 0.25
    """Per turn."""
    drop_turn: float = 0.01
    """Per turn."""


class Damager:
    """Damages turns. Homophones are characters of the given texts with the same toneless pinyin."""

    def __init__(self, texts: Iterable[str], rates: DamageRates | None = None) -> None:
        from pypinyin import lazy_pinyin

        self.rates = rates or DamageRates()
        counts = Counter(character for text in texts for character in text if "一" <= character <= "鿿")
        by_sound: dict[str, list[str]] = defaultdict(list)
        for character, _ in counts.most_common(3500):
            by_sound[lazy_pinyin(character)[0]].append(character)
        self._counts = counts
        self._others = {
            character: [other for other in group if other != character]
            for group in by_sound.values()
            for character in group
        }

    def damage(self, turns: Sequence[Turn], rng: random.Random) -> tuple[Turn, ...]:
        """Return damaged turns; at least one is kept."""
        kept = [turn for turn in turns if rng.random() >= self.rates.drop_turn] or list(turns)
        return tuple(Turn(turn.speaker, self.damage_text(turn.text, rng)) for turn in kept)

    def damage_text(self, text: str, rng: random.Random) -> str:
        """Return one damaged text."""
        if rng.random() >= self.rates.keep_punctuation:
            text = PUNCTUATION.sub("", text)
            text = DIGITS.sub(lambda match: "".join(SPOKEN[int(digit)] for digit in match[0]), text)
        pieces = []
        for character in text:
            roll = rng.random()
            if roll < self.rates.deletion:
                continue
            if roll < self.rates.deletion + self.rates.filler:
                pieces.append(rng.choice(FILLERS))
            others = self._others.get(character)
            if others and rng.random() < self.rates.homophone:
                weights = [self._counts[other] for other in others]
                character = rng.choices(others, weights)[0]
            pieces.append(character)
        return "".join(pieces) or text
