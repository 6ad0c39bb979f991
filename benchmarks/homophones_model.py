"""Makes the models of `hotline.homophones` from this project's own texts; `benchmarks.homophones` runs it.

Language: n-grams of the train split's calls, the openings, the persuasion scripts and the taxonomy. Sounds: what the
recogniser wrote for what was said in the train split's transcripts. Nothing of other splits or the independent calls.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from pypinyin import lazy_pinyin
from rapidfuzz.distance import Levenshtein

from classifiers.damage import DIGITS, SPOKEN
from classifiers.dataset import CALLS_FILE, OPENINGS_FILE, SPOKEN_FILE, read_lines
from hotline.homophones.kept import UNTOUCHED, is_chinese
from hotline.homophones.language import (
    ALNUM,
    BREAK,
    ID_BITS,
    ORDER,
    UNKNOWN,
    CharacterModel,
    Grams,
    Keys,
    mask_of,
)
from hotline.homophones.mending import MODEL, Mender
from hotline.homophones.sounds import NEVER, STEPS, Sounds

HOTLINE = Path(MODEL).parents[1]
SCRIPTS, TAXONOMY = HOTLINE / "scripts" / "persuasion_scripts.yaml", HOTLINE / "taxonomy.toml"
CANTONESE = re.compile("[嘅唔佢喺冇睇嚟咁啲哋嘢㗎喇咗]")
"""The recogniser writes Mandarin."""
LEAST_COUNTS = (1, 1, 1, 2)
"""Rarer n-grams are left out, by length."""
KNOWN_FROM = 2
"""Rarer characters are unknown to the language model."""
SAME_COST = 5.5
"""Nats by which the sentence must become likelier for a character of the same sound. Chosen on the validation split, as
are the next three: `--costs` shows what others would do."""
LIKE_COST, LIKE_SCALE = 5.0, 1.2
"""For a like sound: this, and so much times the nats by which the confusion is rare."""
RAREST = 0.005
"""Rarer confusions of syllables are no candidates."""
PRIOR = 2.0
"""Confusions of an initial or final that are assumed beside those seen, spread as all errors are."""
USUAL = 0.1
"""Share of a character's occurrences from which on a reading counts."""

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]


def build(same_cost: float = SAME_COST) -> Mender:
    """Return the mender made anew from the data."""
    texts = list(corpus())
    language = language_of([symbols_of(text) for text in texts])
    heard = [row for _, row in read_lines(SPOKEN_FILE) if row["split"] == "train"]
    said = {row["id"]: row for _, row in read_lines(CALLS_FILE)}
    pairs = [pair for row in heard for pair in heard_pairs(said[row["id"]], row)]
    return Mender(language, sounds_of(texts, pairs, frozenset(language.ids), same_cost))


def write(mender: Mender) -> None:
    """Write the shipped model."""
    arrays: dict[str, Any] = {**mender.language.arrays(), **mender.sounds.arrays()}
    np.savez_compressed(MODEL, **arrays)


def corpus() -> Iterator[str]:
    """Yield the texts that the language model learns from."""
    for path in (CALLS_FILE, OPENINGS_FILE):
        for _, row in read_lines(path):
            if row["split"] == "train":
                yield from (turn["text"] for turn in row["turns"] if not CANTONESE.search(turn["text"]))
    scripts = yaml.safe_load(SCRIPTS.read_text("utf-8"))
    types = tomllib.loads(TAXONOMY.read_text("utf-8"))["types"]
    wording = [scripts["global"], scripts["classes"], [[t["name"], t["definition"], t["aliases"]] for t in types]]
    for text in _strings(wording):
        if any(map(is_chinese, text)):
            yield re.sub(r"\{\w+\}", BREAK, text)


def _strings(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        yield from _strings(list(content.values()))
    elif isinstance(content, Sequence):
        for item in content:
            yield from _strings(item)


def symbols_of(text: str) -> str:
    """Return a text as the language model sees it, breaks at both ends."""
    text = re.sub("[0-9A-Za-z]+", ALNUM, text)
    return BREAK + re.sub(rf"[^一-鿿{ALNUM}]+", BREAK, text).strip(BREAK) + BREAK


def language_of(texts: Sequence[str]) -> CharacterModel:
    """Estimate n-grams with modified Kneser-Ney smoothing, interpolated (Chen and Goodman 1999)."""
    counts = Counter("".join(texts))
    known = [c for c, count in counts.most_common((1 << ID_BITS) - UNKNOWN - 1) if count >= KNOWN_FROM]
    ids = {character: number for number, character in enumerate(known, UNKNOWN + 1)}
    lines = [np.array([ids.get(c, UNKNOWN) for c in text], np.uint64) for text in texts]
    seen = [_counted(lines, length) for length in range(1, ORDER + 1)]
    grams: list[Grams] = []
    for length in range(1, ORDER + 1):
        keys, times = seen[length - 1]
        if length < ORDER:
            times = _continuations(keys, seen[length][0], length)
        discounts = _discounts(times)
        if length == 1:
            share = (times - discounts + discounts.sum() / (len(known) + 1)) / times.sum()
            grams.append(_grams(keys, share))
            continue
        grams[-1], longer = _interpolated(
            grams[-1], grams, keys, times, discounts, seen[length - 1][1] >= LEAST_COUNTS[length - 1]
        )
        grams.append(longer)
    return CharacterModel(ids, grams)


def _counted(lines: Iterable[Keys], length: int) -> tuple[Keys, npt.NDArray[np.int64]]:
    packed = []
    for line in lines:
        if len(line) >= length:
            keys = np.zeros(len(line) - length + 1, np.uint64)
            for offset in range(length):
                keys = (keys << np.uint64(ID_BITS)) | line[offset : len(line) - length + 1 + offset]
            packed.append(keys)
    return np.unique(np.concatenate(packed), return_counts=True)


def _continuations(keys: Keys, longer: Keys, length: int) -> npt.NDArray[np.int64]:
    """Count the different characters before each n-gram; one for an n-gram that only begins texts."""
    ends, times = np.unique(longer & mask_of(length), return_counts=True)
    places = np.minimum(np.searchsorted(ends, keys), len(ends) - 1)
    return np.where(ends[places] == keys, times[places], 1)


def _discounts(times: npt.NDArray[np.int64]) -> Floats:
    n1, n2, n3, n4 = (max(1, int((times == count).sum())) for count in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    table = np.array([0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    return np.asarray(np.clip(table, 0, [0, 1, 2, 3])[np.minimum(times, 3)], np.float64)


def _interpolated(
    shorter: Grams, known: Sequence[Grams], keys: Keys, times: npt.NDArray[np.int64], discounts: Floats, stays: Any
) -> tuple[Grams, Grams]:
    """Return the shorter n-grams with their back-off weights, and the longer ones that stay."""
    length = len(known) + 1
    contexts, of = np.unique(keys >> np.uint64(ID_BITS), return_inverse=True)
    totals = np.bincount(of, times)
    left = np.bincount(of, np.where(stays, discounts, times)) / totals
    lower = np.exp(CharacterModel({}, known).logs(keys & mask_of(length - 1), length - 1).astype(np.float64))
    share = (times - discounts) * stays / totals[of] + left[of] * lower
    backoffs = np.zeros(len(shorter.keys), np.float32)
    places, there = shorter.find(contexts)
    backoffs[places[there]] = np.log(left[there])
    return Grams(shorter.keys, shorter.logs, backoffs), _grams(keys[stays], share[stays])


def _grams(keys: Keys, share: Floats) -> Grams:
    return Grams(keys, np.log(share).astype(np.float32), np.zeros(len(keys), np.float32))


def plain(turns: Iterable[Mapping[str, str]], speaker: str) -> str:
    """Return what one speaker said, letters and characters only, digits as they are read out."""
    text = re.sub("[^0-9a-zA-Z一-鿿]+", "", "".join(turn["text"] for turn in turns if turn["speaker"] == speaker))
    return DIGITS.sub(lambda match: "".join(SPOKEN[int(digit)] for digit in match[0]), text).lower()


def heard_pairs(said: Row, heard: Row) -> Iterator[tuple[str, str]]:
    """Yield (character said, character written) of a call, both speakers, with the fewest errors."""
    for speaker in ("operator", "caller"):
        one, other = plain(said["turns"], speaker), plain(heard["turns"], speaker)
        for step in Levenshtein.opcodes(one, other):
            if step.tag in ("equal", "replace"):
                yield from zip(one[step.src_start : step.src_end], other[step.dest_start : step.dest_end], strict=False)


def sounds_of(
    texts: Iterable[str], pairs: Iterable[tuple[str, str]], known: frozenset[str], same_cost: float
) -> Sounds:
    """Fit the channel: readings as `texts` have them, confusions as `pairs` (said, written) have them."""
    spoken = _readings(texts)
    syllables = sorted({syllable for found in spoken.values() for syllable in found})
    number = {syllable: place for place, syllable in enumerate(syllables)}
    parts = [_parts(syllable) for syllable in syllables]
    wrong = [(spoken[a], spoken[b]) for a, b in pairs if a != b and a in spoken and b in spoken]
    unlike = [(_parts(a[0]), _parts(b[0])) for a, b in wrong if not set(a) & set(b)]
    shares = [_confusions([(a[part], b[part]) for a, b in unlike], {p[part] for p in parts}) for part in (0, 1)]
    costs = np.full((len(syllables), len(syllables)), NEVER, np.uint8)
    for said, (initial, final) in enumerate(parts):
        for heard, (other_initial, other_final) in enumerate(parts):
            share = shares[0][initial, other_initial] * shares[1][final, other_final]
            if said == heard:
                costs[said, heard] = round(same_cost * STEPS)
            elif (initial == other_initial or final == other_final) and share >= RAREST:
                cost = LIKE_COST + same_cost - SAME_COST - LIKE_SCALE * np.log(share)
                costs[said, heard] = min(NEVER - 1, round(float(cost) * STEPS))
    readings = {character: [number[syllable] for syllable in found] for character, found in spoken.items()}
    return Sounds(readings, costs, frozenset(c for c in known if is_chinese(c) and c not in UNTOUCHED))


def _readings(texts: Iterable[str]) -> dict[str, list[str]]:
    """Return the syllables that characters usually have in these texts; of others their most frequent one."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for run in re.findall("[一-鿿]+", text):
            for character, syllable in zip(run, lazy_pinyin(run), strict=True):
                counts[character][syllable] += 1
    usual = {c: [s for s, n in found.items() if n >= USUAL * found.total()] for c, found in counts.items()}
    common = (bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    others = (code.decode("gb2312", "ignore") for code in common)
    return {**{c: lazy_pinyin(c) for c in others if c}, **usual}


def _parts(syllable: str) -> tuple[str, str]:
    initial = re.match("[zcs]h|[bpmfdtnlgkhjqxrzcsyw]?", syllable)
    assert initial
    return initial[0], syllable[initial.end() :]


def _confusions(pairs: Sequence[tuple[str, str]], values: set[str]) -> dict[tuple[str, str], float]:
    """Return how often each value is written as each other one, where a syllable is written wrongly."""
    times, said, written = Counter(pairs), Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    spread = {b: (written[b] + 1) / (len(pairs) + len(values)) for b in values}
    return {(a, b): (times[a, b] + PRIOR * spread[b]) / (said[a] + PRIOR) for a in values for b in values}
