"""What a recogniser made of audio whose words are known: manifest, character error rate, alignment."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from hotline.errors import DatasetError
from hotline.numbers import normalise

PROBLEMS_SHOWN = 5


@dataclass(frozen=True)
class Utterance:
    """One line of a manifest."""

    audio: Path
    reference: str
    tags: tuple[str, ...] = ()
    """Further columns, such as condition and voice: figures are given for each value, too."""


@dataclass(frozen=True)
class Heard:
    """What was recognised of one utterance, and how long that took."""

    text: str
    audio_s: float
    wall_s: float
    """From the first frame handed over to the last text."""
    delay_s: float
    """From the last frame handed over to the last text."""
    cpu_s: float = 0.0
    """Processor time of this process: the decoding where it runs in process, else only what surrounds it."""
    problem: str = ""
    """Where the audio broke off: the text is then not counted."""


@dataclass(frozen=True)
class Piece:
    """A stretch of the alignment: the same on both sides, or what was said and what was written instead."""

    said: str
    heard: str

    @property
    def same(self) -> bool:
        """Whether both sides agree."""
        return self.said == self.heard


@dataclass(frozen=True)
class ErrorRate:
    """Errors over characters of the reference; above 1 when much was added."""

    characters: int
    substituted: int
    deleted: int
    inserted: int

    @property
    def rate(self) -> float:
        """(substituted + deleted + inserted) / characters."""
        return (self.substituted + self.deleted + self.inserted) / max(1, self.characters)


def read_manifest(path: Path) -> list[Utterance]:
    """Read tab-separated lines: audio path (relative to the manifest), reference, then tags. `#` starts a comment.

    Raises: DatasetError naming the lines that cannot be used.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable("UTF-8 文本文件", f"{path.name}：{type(error).__name__}") from None
    found: list[Utterance] = []
    problems = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = [column.strip() for column in line.split("\t")]
        if problem := _problem(path, columns, len(found[0].tags) + 2 if found else len(columns)):
            problems.append(f"第 {number} 行{problem}")
        else:
            found.append(Utterance(path.parent / columns[0], columns[1], tuple(columns[2:])))
    if problems:
        more = f"，共 {len(problems)} 行" if len(problems) > PROBLEMS_SHOWN else ""
        raise _unusable("每行：音频路径、制表符、参考文本，可再加标签列", "；".join(problems[:PROBLEMS_SHOWN]) + more)
    if not found:
        raise _unusable("至少一行音频和参考文本", f"{path.name} 没有可用的行")
    return found


def _problem(manifest: Path, columns: Sequence[str], width: int) -> str:
    if len(columns) < 2:
        return "没有制表符"
    if not columns[0]:
        return "没有音频路径"
    if not comparable(columns[1]):
        return "没有参考文本"
    if len(columns) != width:
        return f"有 {len(columns)} 列，前面的行有 {width} 列"
    return "" if (manifest.parent / columns[0]).is_file() else f"的音频不存在：{columns[0]}"


def _unusable(expected: str, found: str) -> DatasetError:
    return DatasetError("评测清单不能使用", expected=expected, found=found, remedy="请改正清单后重试")


def comparable(text: str, *, numbers: bool = False) -> str:
    """Return what is compared: letters and digits in one width and case; with `numbers`, spoken numbers as digits."""
    text = unicodedata.normalize("NFKC", normalise(text) if numbers else text).casefold()
    return "".join(character for character in text if unicodedata.category(character)[0] in "LNM")


def align(said: str, heard: str) -> Iterator[Piece]:
    """Yield the alignment of two comparable texts, with the fewest errors."""
    for step in Levenshtein.opcodes(said, heard):
        yield Piece(said[step.src_start : step.src_end], heard[step.dest_start : step.dest_end])


def error_rate(pairs: Iterable[tuple[str, str]]) -> ErrorRate:
    """Sum the errors of pairs (said, heard) of comparable texts."""
    characters = substituted = deleted = inserted = 0
    for said, heard in pairs:
        characters += len(said)
        for step in Levenshtein.editops(said, heard):
            substituted += step.tag == "replace"
            deleted += step.tag == "delete"
            inserted += step.tag == "insert"
    return ErrorRate(characters, substituted, deleted, inserted)


@dataclass(frozen=True)
class Figures:
    """What is reported of a group of utterances."""

    group: str
    utterances: int
    plain: ErrorRate
    canonical: ErrorRate
    """Spoken numbers written as digits on both sides."""
    audio_s: float
    wall_s: float
    cpu_s: float
    delays_s: tuple[float, ...]
    """In rising order."""

    @property
    def real_time_factor(self) -> float:
        """Seconds of work for a second of audio."""
        return self.wall_s / max(self.audio_s, 1e-9)

    @property
    def cpu_factor(self) -> float:
        """Processor seconds of this process for a second of audio."""
        return self.cpu_s / max(self.audio_s, 1e-9)

    def delay_s(self, share: float) -> float:
        """Return the delay that this share of the utterances does not exceed."""
        return self.delays_s[min(len(self.delays_s) - 1, int(share * len(self.delays_s)))]


Result = tuple[Utterance, Heard]


def figures(group: str, results: Sequence[Result]) -> Figures:
    """Sum up utterances that were heard to their end; there must be at least one."""
    pairs = [(utterance.reference, heard.text) for utterance, heard in results]
    rates = [
        error_rate((comparable(said, numbers=numbers), comparable(text, numbers=numbers)) for said, text in pairs)
        for numbers in (False, True)
    ]
    audio_s, wall_s, cpu_s = (
        sum(getattr(heard, name) for _, heard in results) for name in ("audio_s", "wall_s", "cpu_s")
    )
    delays_s = tuple(sorted(heard.delay_s for _, heard in results))
    return Figures(group, len(results), rates[0], rates[1], audio_s, wall_s, cpu_s, delays_s)


def by_group(results: Sequence[Result]) -> list[Figures]:
    """Return the figures of all utterances, then of each value of each tag column."""
    results = [result for result in results if not result[1].problem]
    if not results:
        return []
    rows = [figures("全部 all", results)]
    for column in range(len(results[0][0].tags)):
        for value in dict.fromkeys(utterance.tags[column] for utterance, _ in results):
            rows.append(figures(value, [result for result in results if result[0].tags[column] == value]))
    return rows
