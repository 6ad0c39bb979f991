"""Labelled hotline calls: reading, splitting, and the call as it is heard so far."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hotline.domain.segment import Channel, Turn
from hotline.errors import DatasetError
from hotline.taxonomy import NOT_FRAUD, load_taxonomy

DATA_DIR = Path(__file__).parent / "data"
CALLS_FILE = DATA_DIR / "calls.jsonl"
SPOKEN_FILE = DATA_DIR / "spoken.jsonl"
"""Some of the calls again, as a real recogniser wrote them down, made by `benchmarks.spoken_calls`."""
OPENINGS_FILE = DATA_DIR / "openings.jsonl"
"""Beginnings of calls, for training only: they teach to name a type early."""
INDEPENDENT_FILE = DATA_DIR / "independent.jsonl"
"""Calls for testing only, by a writer who had seen none of the others."""
FACTS_FROM = 0.6
"""Stage and facts are learned only from calls heard at least this far: earlier they are not told yet."""
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class LabelledCall:
    """One call with what the classifier has to say of it. None marks what is not annotated."""

    id: str
    turns: tuple[Turn, ...]
    label: str
    stage: str | None = None
    money_gone: bool | None = None
    coached: bool | None = None
    risk: str | None = None
    near_domain: bool = False
    """A call without fraud that sounds like one."""
    evidence: tuple[str, ...] = field(default=())
    split: str = "train"

    @property
    def is_fraud(self) -> bool:
        """True unless the label is `not_fraud`."""
        return self.label != NOT_FRAUD


def parse_turns(row: dict[str, Any], where: str) -> tuple[Turn, ...]:
    """Read the turns of one input line. Raises: DatasetError saying where and what."""
    turns = row.get("turns")
    if not isinstance(turns, list) or not turns:
        raise DatasetError(
            f"{where}：没有对话内容",
            expected='"turns": [{"speaker", "text"}, …]',
            found=type(turns).__name__,
            remedy="补上至少一轮对话",
        )
    result = []
    for index, turn in enumerate(turns):
        speaker = turn.get("speaker") if isinstance(turn, dict) else None
        text = turn.get("text") if isinstance(turn, dict) else None
        if speaker not in tuple(Channel) or not isinstance(text, str):
            raise DatasetError(
                f"{where}：第 {index + 1} 轮不对",
                expected="speaker 为 operator 或 caller，text 为文字",
                found=f"speaker={speaker!r}",
                remedy="改正这一轮",
            )
        result.append(Turn(speaker, text))
    return tuple(result)


def read_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, row) for each line of a JSONL file, gzip or plain. Raises: DatasetError."""
    if not path.is_file():
        raise DatasetError("没有这个文件", expected="JSONL 文件", found=path.name, remedy="检查路径")
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                where = f"{path.name} 第 {number} 行"
                try:
                    row = json.loads(line)
                except json.JSONDecodeError:
                    raise DatasetError(
                        f"{where}：不是 JSON", expected="一行一个 JSON 对象", remedy="改正这一行"
                    ) from None
                if not isinstance(row, dict):
                    raise DatasetError(
                        f"{where}：不是对象",
                        expected="一行一个 JSON 对象",
                        found=type(row).__name__,
                        remedy="改正这一行",
                    )
                yield where, row
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile):
        raise DatasetError(f"{path.name} 读不下去", expected="UTF-8 文本", remedy="重新导出该文件") from None


def read_calls(path: Path = CALLS_FILE) -> list[LabelledCall]:
    """Read labelled calls. Raises: DatasetError on the first bad line."""
    codes = load_taxonomy().codes
    calls = []
    for where, row in read_lines(path):
        if row.get("label") not in codes:
            raise DatasetError(
                f"{where}：标签不对", expected="、".join(codes), found=repr(row.get("label")), remedy="改正标签"
            )
        calls.append(
            LabelledCall(
                id=str(row.get("id", where)),
                turns=parse_turns(row, where),
                label=row["label"],
                stage=row.get("stage"),
                money_gone=row.get("money_gone"),
                coached=row.get("coached"),
                risk=row.get("risk"),
                near_domain=bool(row.get("near_domain", False)),
                evidence=tuple(row.get("evidence", ())),
                split=row.get("split", "train"),
            )
        )
    return calls


def training_calls(path: Path = CALLS_FILE) -> list[LabelledCall]:
    """Read the calls of a data set; with the project's own come their transcripts and the openings. Raises: DatasetError."""
    own = path.resolve() == CALLS_FILE.resolve()
    return [call for file in ([path, SPOKEN_FILE, OPENINGS_FILE] if own else [path]) for call in read_calls(file)]


def data_hash(calls: Sequence[LabelledCall]) -> str:
    """Return a short hash of the calls' ids, labels and texts, to name what a model was trained on."""
    digest = hashlib.sha256()
    for call in sorted(calls, key=lambda c: c.id):
        digest.update(json.dumps([call.id, call.label, [(t.speaker, t.text) for t in call.turns]]).encode())
    return digest.hexdigest()[:16]


def heard_until(turns: Sequence[Turn], caller_turns: int) -> tuple[Turn, ...]:
    """Return the turns up to and with the given number of caller turns (at least one)."""
    heard = 0
    for index, turn in enumerate(turns):
        if turn.speaker == Channel.CALLER:
            heard += 1
            if heard >= max(1, caller_turns):
                return tuple(turns[: index + 1])
    return tuple(turns)


def heard_part(call: LabelledCall, rng: random.Random) -> tuple[Sequence[Turn], bool]:
    """Return the call up to some caller turn, and whether its stage and facts have been told by then."""
    total = caller_turn_count(call.turns)
    heard = rng.randint(1, max(1, total))
    return heard_until(call.turns, heard), heard >= FACTS_FROM * total


def caller_turn_count(turns: Sequence[Turn]) -> int:
    """Return how many turns the caller speaks."""
    return sum(turn.speaker == Channel.CALLER for turn in turns)
