"""Searches the likeliest reading of a segment, from left to right, with the best few readings so far (a beam)."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hotline.config import Config
from hotline.domain.segment import Segment, Turn
from hotline.homophones.kept import is_chinese, kept
from hotline.homophones.language import ALNUM, BREAK, ID_BITS, ORDER, CharacterModel, Keys, Logs, mask_of
from hotline.homophones.sounds import Sounds
from hotline.numbers import normalise

log = logging.getLogger(__name__)

MODEL = Path(__file__).parent / "model.npz"
MENDED_ENGINE = "whisper"
"""Vosk's errors differ: its lexicon has only real words; they were not measured."""
BEAM = 12
"""Readings that are followed."""
MOST_CANDIDATES = 64
"""A character's cheapest and most frequent ones."""
LONGEST = 400
"""Longer texts are no utterance of Whisper's; they stay."""
REMEMBERED = 4096
"""Texts: a call is classified again with every segment that it gains."""
SYMBOL = re.compile(r"[0-9A-Za-z]+|.", re.DOTALL)


class Mender:
    """Puts a segment's misheard characters right, one for one: its length stays, so word times stay valid. Thread-safe."""

    def __init__(self, language: CharacterModel, sounds: Sounds) -> None:
        self.language = language
        self.sounds = sounds
        self._characters = {number: character for character, number in language.ids.items()}
        self._choices: dict[str, tuple[Keys, Logs]] = {}

    @classmethod
    def load(cls, path: Path = MODEL) -> Mender:
        """Read the models. Raises: OSError, ValueError, KeyError."""
        with np.load(path, allow_pickle=False) as archive:
            stored = dict(archive)
        return cls(CharacterModel.from_arrays(stored), Sounds.from_arrays(stored))

    def mend(self, text: str) -> str:
        """Return the text with characters replaced where the language model is much more convinced of others."""
        symbols = _symbols(text)
        if len(text) > LONGEST or all(place is None for _, place in symbols):
            return text
        histories, scores = np.zeros(1, np.uint64), np.zeros(1, np.float32)
        steps: list[tuple[npt.NDArray[np.intp], Keys]] = []
        for number, (symbol, place) in enumerate(symbols, 1):
            ids, costs = self._one(symbol) if place is None else self._choices_of(symbol)
            keys = ((histories[:, None] << np.uint64(ID_BITS)) | ids[None]).ravel()
            total = (scores[:, None] - costs[None]).ravel() + self.language.logs(keys, min(number, ORDER))
            best = _best(total, keys & mask_of(ORDER - 1))
            steps.append((best // len(ids), ids[best % len(ids)]))
            histories, scores = keys[best] & mask_of(ORDER - 1), total[best]
        return self._written(text, symbols, steps, int(scores.argmax()))

    def _one(self, symbol: str) -> tuple[Keys, Logs]:
        return np.array([self.language.id_of(symbol)], np.uint64), np.zeros(1, np.float32)

    def _choices_of(self, written: str) -> tuple[Keys, Logs]:
        """Return ids and costs `(C,)` of what may have been said, the written character itself first."""
        if written not in self._choices:
            costs = {self.language.ids[c]: cost for c, cost in self.sounds.candidates(written).items()}
            ids = np.array(list(costs), np.uint64)
            values = np.array(list(costs.values()), np.float32)
            if len(ids):
                frequent = self.language.logs(ids, 1) / 2 - values
                chosen = np.argsort(-frequent, kind="stable")[: MOST_CANDIDATES - 1]
                ids, values = ids[chosen], values[chosen]
            own = self._one(written)
            self._choices[written] = np.concatenate([own[0], ids]), np.concatenate([own[1], values])
        return self._choices[written]

    def _written(
        self,
        text: str,
        symbols: Sequence[tuple[str, int | None]],
        steps: Sequence[tuple[npt.NDArray[np.intp], Keys]],
        state: int,
    ) -> str:
        """Follow the best reading back, and write down where it differs."""
        result = list(text)
        for (symbol, place), (before, ids) in zip(reversed(symbols), reversed(steps), strict=True):
            chosen = int(ids[state])
            if place is not None and chosen != self.language.id_of(symbol):
                result[place] = self._characters[chosen]
            state = int(before[state])
        return "".join(result)


def likely_said(text: str, engine: str, config: Config) -> str:
    """Return what was likely said where an engine wrote `text`: only Whisper's Chinese is mended, and only if wanted."""
    wanted = engine == MENDED_ENGINE and config["language"] == "zh" and config["homophones"] == "1"
    return mended(text) if wanted else text


def words_said(segment: Segment) -> str:
    """Return what was likely said in a stored segment, numbers as they were spoken; character for character its text.

    What a person typed or corrected, and what was not mended when it was stored, stays as it is.
    """
    return segment.text if segment.normalised == normalise(segment.text) else mended(segment.text)


def turns_said(segments: Sequence[Segment]) -> list[Turn]:
    """Return what was likely said in stored segments, as the classifier reads a call."""
    return [Turn(segment.channel, words_said(segment)) for segment in segments]


def mended(text: str) -> str:
    """Return a segment's text mended by the shipped model; as it is where that fails, for a segment must never be lost."""
    try:
        return _mended(text)
    except Exception as error:  # a call's words go on without it
        log.error("text not mended", extra={"error": type(error).__name__})
        return text


@lru_cache(maxsize=REMEMBERED)
def _mended(text: str) -> str:
    return _shipped().mend(text)


@cache
def _shipped() -> Mender:
    return Mender.load()


def _symbols(text: str) -> list[tuple[str, int | None]]:
    """Return what the language model sees, each with its place in the text where it may change."""
    stays = kept(text)
    found: list[tuple[str, int | None]] = [(BREAK, None)]
    for match in SYMBOL.finditer(text):
        symbol, place = match[0], match.start()
        if is_chinese(symbol[0]):
            found.append((symbol, None if stays[place] else place))
        elif symbol[0].isalnum():
            found.append((ALNUM, None))
        elif found[-1][0] != BREAK:
            found.append((BREAK, None))
    return found if found[-1][0] == BREAK else [*found, (BREAK, None)]


def _best(scores: Logs, histories: Keys) -> npt.NDArray[np.intp]:
    """Return the places of the best readings; of those that end alike only the better one."""
    order = np.argsort(-scores, kind="stable")[: 2 * BEAM]
    _, first = np.unique(histories[order], return_index=True)
    chosen: npt.NDArray[np.intp] = order[np.sort(first)][:BEAM]
    return chosen
