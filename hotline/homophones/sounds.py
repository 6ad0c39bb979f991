"""What a written character may have been: those of the same syllable, tones aside, and of syllables it is taken for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

NEVER = 255
STEPS = 16.0
"""Costs are stored as bytes, so many steps a nat; `NEVER` is a pair of syllables that is not taken for one another."""


@dataclass(frozen=True)
class Sounds:
    """The channel model. Thread-safe."""

    readings: Mapping[str, Sequence[int]]
    """A character's usual syllables, as numbers below `S`."""
    costs: npt.NDArray[np.uint8]
    """`(S, S)`: what it costs that the syllable of the row was written as that of the column, in 1 / `STEPS` nats.

    The price of any change is contained, so it says at once how much likelier the sentence must become.
    """
    targets: frozenset[str]
    """Characters that may be put in another's place."""
    _of_syllable: Mapping[int, Sequence[str]] = field(init=False)

    def __post_init__(self) -> None:
        grouped: dict[int, list[str]] = defaultdict(list)
        for character in sorted(self.targets):
            for syllable in self.readings.get(character, ()):
                grouped[syllable].append(character)
        object.__setattr__(self, "_of_syllable", grouped)

    def candidates(self, written: str) -> dict[str, float]:
        """Return the other characters that may have been said, and what each costs in nats."""
        found: dict[str, float] = {}
        for heard in self.readings.get(written, ()):
            for said in np.flatnonzero(self.costs[:, heard] != NEVER):
                cost = float(self.costs[said, heard]) / STEPS
                for character in self._of_syllable.get(int(said), ()):
                    found[character] = min(cost, found.get(character, cost))
        found.pop(written, None)
        return found

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return what `from_arrays` reads."""
        pairs = [(character, syllable) for character, syllables in self.readings.items() for syllable in syllables]
        return {
            "read": np.array([character for character, _ in pairs]),
            "as": np.array([syllable for _, syllable in pairs], np.uint16),
            "costs": self.costs,
            "targets": np.array(sorted(self.targets)),
        }

    @classmethod
    def from_arrays(cls, stored: Mapping[str, npt.NDArray[np.generic]]) -> Sounds:
        """Read what `arrays` gave. Raises: KeyError."""
        readings: dict[str, list[int]] = defaultdict(list)
        for character, syllable in zip(stored["read"], stored["as"].astype(int), strict=True):
            readings[str(character)].append(int(syllable))
        return cls(readings, stored["costs"].astype(np.uint8), frozenset(map(str, stored["targets"])))
