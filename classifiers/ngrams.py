"""The n-grams beside the network: a linear model that a wrong character costs little.

Each label, stage and fact has a weight for each n-gram of one to three characters, and of two or three syllables, for
most of a recogniser's errors sound like what was said. An error breaks the encoder's word pieces, but only the few
n-grams that hold the wrong character; the network in turn understands words that no training call had. Their sum is
better than either (docs/model-card.md).
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifiers.decision import FloatArray
from hotline.domain.segment import Channel, Turn
from hotline.errors import ModelError

LONGEST = 3
"""Characters or syllables of the longest n-gram."""
SILENT = frozenset("，。！？、；：…“”‘’（）《》,.!?;:\"'()-—~ ")
"""What has no sound."""
MARKS = {Channel.CALLER.value: "客", Channel.OPERATOR.value: "席"}


def spoken_line(turn: Turn) -> str:
    """Return a turn as the n-grams see it: the speaker's mark, the text, and a space that ends it."""
    return f"{MARKS[turn.speaker]}{turn.text.lower()} "


def grams_of(line: str, sounds: Mapping[str, str]) -> Iterator[tuple[Sequence[int], str]]:
    """Yield (positions of its characters, n-gram) for all n-grams of a line; those of syllables have spaces."""
    for start in range(len(line)):
        for end in range(start + 1, min(start + LONGEST, len(line)) + 1):
            yield range(start, end), line[start:end]
    heard = [position for position, character in enumerate(line) if character not in SILENT]
    syllables = [sounds.get(line[position], line[position]) for position in heard]
    for start in range(len(heard)):
        for end in range(start + 2, min(start + LONGEST, len(heard)) + 1):
            yield heard[start:end], " ".join(("", *syllables[start:end]))


def counts_of(turns: Sequence[Turn], sounds: Mapping[str, str]) -> Counter[str]:
    """Return how often each n-gram occurs in a call."""
    return Counter(gram for turn in turns for _, gram in grams_of(spoken_line(turn), sounds))


@dataclass(frozen=True)
class NgramModel:
    """Weights of the known n-grams. Thread-safe."""

    rows: Mapping[str, int]
    """N-gram to its row, `F` of them."""
    rarity: FloatArray
    """`(F,)`: the rarer an n-gram among calls, the more it counts (inverse document frequency)."""
    weights: FloatArray
    """`(F, 21)`: labels, stages, facts."""
    bias: FloatArray
    """`(21,)`"""
    sounds: Mapping[str, str]
    """Character to its syllable, without the tone."""

    def logits(self, turns: Sequence[Turn]) -> FloatArray:
        """Return scores `(21,)` of a call."""
        rows, values = self.vector(counts_of(turns, self.sounds))
        result: FloatArray = values @ self.weights[rows] + self.bias
        return result

    def vector(self, counts: Mapping[str, int]) -> tuple[list[int], FloatArray]:
        """Return the rows and values, of length one, of a call's n-grams: (1 + log count) times rarity."""
        known = [(row, count) for gram, count in counts.items() if (row := self.rows.get(gram)) is not None]
        rows = [row for row, _ in known]
        values = (1 + np.log(np.array([count for _, count in known], np.float32))) * self.rarity[rows]
        return rows, values / (np.linalg.norm(values) or 1.0)

    def votes(self, turns: Sequence[Turn], label: int, labels: int) -> list[FloatArray]:
        """Return, for each turn, what each of its characters adds to a label's lead over the mean of the others.

        An n-gram's share is spread evenly over its occurrences and their characters.
        """
        counts = counts_of(turns, self.sounds)
        rows, values = self.vector(counts)
        others = [column for column in range(labels) if column != label]
        lead = self.weights[rows, label] - self.weights[rows][:, others].mean(axis=1)
        share = {row: float(vote) for row, vote in zip(rows, values * lead, strict=True)}
        result = []
        for turn in turns:
            line = spoken_line(turn)
            votes = np.zeros(len(line), np.float32)
            for positions, gram in grams_of(line, self.sounds):
                row = self.rows.get(gram)
                if row is not None:
                    votes[list(positions)] += share[row] / counts[gram] / len(positions)
            result.append(votes[1 : 1 + len(turn.text)])
        return result

    def save(self, path: Path) -> None:
        """Write the model as one NumPy archive; weights lose the precision that half floats have not."""
        grams = np.array(sorted(self.rows, key=lambda gram: self.rows[gram]))
        np.savez_compressed(
            path,
            grams=grams,
            rarity=self.rarity.astype(np.float32),
            weights=self.weights.astype(np.float16),
            bias=self.bias.astype(np.float32),
            characters=np.array(list(self.sounds)),
            syllables=np.array(list(self.sounds.values())),
        )

    @classmethod
    def load(cls, path: Path) -> NgramModel:
        """Read what `save` wrote. Raises: ModelError."""
        try:
            with np.load(path, allow_pickle=False) as archive:
                rows = {str(gram): row for row, gram in enumerate(archive["grams"])}
                weights = archive["weights"].astype(np.float32)
                sounds = dict(zip(archive["characters"].tolist(), archive["syllables"].tolist(), strict=True))
                model = cls(rows, archive["rarity"], weights, archive["bias"], sounds)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(
                "字词模型读不懂", expected="本项目导出的 n-gram 权重", found=type(error).__name__, remedy="重新导出模型"
            ) from None
        if not len(rows) == len(model.rarity) == len(weights) or weights.shape[1:] != model.bias.shape:
            raise ModelError(
                "字词模型不完整",
                expected=f"{len(rows)} 行权重",
                found=f"{weights.shape}",
                remedy="重新导出模型",
            )
        return model
