"""How likely a character is behind the three before it, in hotline talk: n-grams by interpolated Kneser-Ney, pruned.

N-grams are numbers: the characters' ids of `ID_BITS` bits, the last character lowest. Estimated by
`benchmarks/homophones_model.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ID_BITS = 12
ORDER = 4
"""Characters of the longest n-gram."""
UNKNOWN = 1
"""Id of all characters that the model does not know; 0 is no character."""
BREAK, ALNUM = "，", "0"
"""Stand for any punctuation and for any run of Latin letters and digits."""
PER_NAT = 14.0
"""Logarithms are stored as bytes, so many steps a nat."""
RARE = -18.0
"""Log probability of what is not even a unigram."""

Keys = npt.NDArray[np.uint64]
Logs = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Grams:
    """The n-grams of one length, `G` of them."""

    keys: Keys
    """`(G,)`, rising."""
    logs: Logs
    """`(G,)`: log probability of the last character behind the others, in nats."""
    backoffs: Logs
    """`(G,)`: what is added when a longer n-gram that begins with this one is unknown."""

    def find(self, keys: Keys) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Return places of the keys `(Q,)`, and which of them are really there."""
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return places, self.keys[places] == keys


@dataclass(frozen=True)
class CharacterModel:
    """The language model. Thread-safe."""

    ids: Mapping[str, int]
    grams: Sequence[Grams]
    """By length, from one character to `ORDER`."""

    def id_of(self, character: str) -> int:
        """Return a character's id, `UNKNOWN` for most of the world's."""
        return self.ids.get(character, UNKNOWN)

    def logs(self, keys: Keys, length: int) -> Logs:
        """Return log probabilities `(Q,)` of the last characters of n-grams `(Q,)` of the same length."""
        grams = self.grams[length - 1]
        places, known = grams.find(keys)
        result = grams.logs[places]
        missing = np.flatnonzero(~known)
        if not len(missing):
            return result
        if length == 1:
            result[missing] = RARE
            return result
        wanted = keys[missing]
        shorter = self.grams[length - 2]
        places, known = shorter.find(wanted >> np.uint64(ID_BITS))
        result[missing] = np.where(known, shorter.backoffs[places], np.float32(0)) + self.logs(
            wanted & mask_of(length - 1), length - 1
        )
        return result

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return what `from_arrays` reads: rising keys as differences, one plane a byte, for they compress well."""
        stored: dict[str, npt.NDArray[np.generic]] = {
            "characters": np.array(sorted(self.ids, key=lambda c: self.ids[c]))
        }
        for length, grams in enumerate(self.grams, 1):
            steps = np.diff(grams.keys, prepend=np.uint64(0))
            stored[f"keys{length}"] = np.ascontiguousarray(steps.view(np.uint8).reshape(-1, 8).T)
            stored[f"logs{length}"] = to_bytes(grams.logs)
            stored[f"backoffs{length}"] = to_bytes(grams.backoffs)
        return stored

    @classmethod
    def from_arrays(cls, stored: Mapping[str, npt.NDArray[np.generic]]) -> CharacterModel:
        """Read what `arrays` gave. Raises: KeyError, ValueError."""
        ids = {str(character): number for number, character in enumerate(stored["characters"], UNKNOWN + 1)}
        grams = []
        for length in range(1, ORDER + 1):
            steps = np.ascontiguousarray(stored[f"keys{length}"].T).view(np.uint64).ravel()
            logs, backoffs = (from_bytes(stored[f"{name}{length}"]) for name in ("logs", "backoffs"))
            grams.append(Grams(np.cumsum(steps, dtype=np.uint64), logs, backoffs))
        return cls(ids, grams)


def mask_of(length: int) -> np.uint64:
    """Return the bits of the last `length` characters of an n-gram."""
    return np.uint64((1 << (ID_BITS * length)) - 1)


def to_bytes(logs: Logs) -> npt.NDArray[np.uint8]:
    """Return log probabilities as bytes, in steps of 1 / `PER_NAT`; the least is about -18."""
    return np.clip(np.round(-logs * PER_NAT), 0, 255).astype(np.uint8)


def from_bytes(stored: npt.NDArray[np.generic]) -> Logs:
    """Return what `to_bytes` wrote."""
    return -stored.astype(np.float32) / np.float32(PER_NAT)
