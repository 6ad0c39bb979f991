"""Makes written turns look like a recogniser's output: homophones, losses, fillers, no punctuation."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from hotline.domain.segment import Turn

PUNCTUATION = re.compile(r"[，。！？、；：…“”‘’（）《》,.!?;:\"'()\-—~ ]+")
DIGITS = re.compile(r"\d+")
SPOKEN = "零一二三四五六七八九"
FILLERS = ("嗯", "呃", "那个", "就是", "啊", "这个")


@dataclass(frozen=True)
class DamageRates:
    """Probabilities per character (or per turn where said), fitted to what Whisper base makes of telephone speech.

    `benchmarks.spoken_calls` measures it; docs/model-card.md has the figures. A call gets its own share of them, from none to twice: lines and voices differ.
    """

    homophone: float = 0.25
    """More than is seen: a character may be replaced by itself."""
    like_sound: float = 0.08
    """Replaced by one with the same initial or the same final."""
    other: float = 0.03
    deletion: float = 0.013
    filler: float = 0.006
    keep_punctuation: float = 0.25
    """Per turn."""
    drop_turn: float = 0.01
    """Per turn."""


class Damager:
    """Damages turns. Replacements are characters of the given texts, frequent ones more often."""

    def __init__(self, texts: Iterable[str], rates: DamageRates | None = None) -> None:
        self.rates = rates or DamageRates()
        counts = Counter(character for text in texts for character in text if "一" <= character <= "鿿")
        self._counts = counts.most_common(3500)
        self._sounds = {character: sound_of(character) for character, _ in self._counts}
        self._same = _groups(self._counts, {c: "".join(sound) for c, sound in self._sounds.items()})
        self._like = [_groups(self._counts, {c: sound[part] for c, sound in self._sounds.items()}) for part in (0, 1)]
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
            return self._same["".join(sound)].draw(rng)
        if roll < self.rates.homophone + self.rates.like_sound:
            part = rng.randrange(2)
            return self._like[part][sound[part]].draw(rng)
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


def _groups(counts: Sequence[tuple[str, int]], keys: Mapping[str, str]) -> dict[str, _Choice]:
    groups: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for character, count in counts:
        groups[keys[character]].append((character, count))
    return {key: _Choice(group) for key, group in groups.items()}


def sound_of(character: str) -> tuple[str, str]:
    """Return initial and final of a character's toneless pinyin."""
    from pypinyin import Style, lazy_pinyin

    initial = lazy_pinyin(character, Style.INITIALS, strict=False)[0]
    return initial, lazy_pinyin(character)[0].removeprefix(initial)
