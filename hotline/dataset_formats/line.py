"""One labelled call as it was read from a file, checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hotline.domain.risk import Stage
from hotline.domain.segment import Channel, Turn
from hotline.errors import DatasetError
from hotline.taxonomy import load_taxonomy

MOST_FOUND = 40


@dataclass(frozen=True)
class Line:
    """A call from a file. `where` names its place for messages."""

    where: str
    id: str
    turns: tuple[Turn, ...]
    """Empty when the file gives no text: the call must then be known."""
    label: str
    stage: str | None = None
    money_gone: bool | None = None
    coached: bool | None = None
    evidence: tuple[str, ...] = ()
    proposal: bool = False
    """A machine's guess: it is stored as a pre-label and never counts as done."""


def bad(where: str, what: str, expected: str, found: object, remedy: str) -> DatasetError:
    """Return the error of one line."""
    return DatasetError(f"{where}：{what}", expected=expected, found=str(found)[:MOST_FOUND], remedy=remedy)


def line_of(where: str, row: Mapping[str, Any]) -> Line:
    """Check a row of the project's own shape. Raises: DatasetError."""
    call_id = row.get("id")
    if not isinstance(call_id, str | int) or not str(call_id).strip() or len(str(call_id)) > 200:
        raise bad(where, "没有编号", "id：1 到 200 个字符", call_id, "给每通电话一个编号")
    scam_type = load_taxonomy().resolve(str(row.get("label") or ""))
    if scam_type is None:
        codes = "、".join(load_taxonomy().codes)
        raise bad(where, "标签不对", codes, row.get("label"), "改用分类表中的代码或名称")
    stage = row.get("stage") or None
    if stage is not None and stage not in tuple(Stage):
        raise bad(where, "阶段不对", "、".join(Stage), stage, "改正或留空")
    evidence = row.get("evidence") or []
    if not isinstance(evidence, list) or not all(isinstance(piece, str) for piece in evidence):
        raise bad(where, "依据不对", "文字的列表", type(evidence).__name__, "改正或留空")
    return Line(
        where=where,
        id=str(call_id),
        turns=_turns(where, row.get("turns") or []),
        label=scam_type.code,
        stage=stage,
        money_gone=_fact(where, "money_gone", row.get("money_gone")),
        coached=_fact(where, "coached", row.get("coached")),
        evidence=tuple(evidence),
        proposal=bool(row.get("prelabel", False)),
    )


def json_rows(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, object) of each line of JSONL. Raises: DatasetError."""
    for number, raw in enumerate(text.splitlines(), 1):
        if not raw.strip():
            continue
        where = f"第 {number} 行"
        try:
            row = json.loads(raw)
        except json.JSONDecodeError as error:
            raise bad(where, "不是 JSON", "一行一个 JSON 对象", f"第 {error.colno} 列", "改正这一行") from None
        if not isinstance(row, dict):
            raise bad(where, "不是对象", "一行一个 JSON 对象", type(row).__name__, "改正这一行")
        yield where, row


MARKS = {"客：": Channel.CALLER, "席：": Channel.OPERATOR}
"""How files of plain text mark who speaks, at the start of each line."""


def plain_text(turns: tuple[Turn, ...]) -> str:
    """Return a call as marked lines."""
    names = {channel: mark for mark, channel in MARKS.items()}
    return "\n".join(names[Channel(turn.speaker)] + turn.text.replace("\n", " ") for turn in turns)


def turns_of(where: str, text: str) -> list[dict[str, str]]:
    """Return the turns of marked lines. Raises: DatasetError."""
    turns = []
    for line in text.splitlines():
        mark = line[:2]
        if line.strip() and mark not in MARKS:
            raise bad(where, "看不出谁在说话", "每行以 客： 或 席： 开头", line[:6], "补上说话人")
        if line.strip():
            turns.append({"speaker": MARKS[mark].value, "text": line[2:]})
    return turns


def _turns(where: str, turns: Any) -> tuple[Turn, ...]:
    if not isinstance(turns, list):
        raise bad(where, "对话不对", '"turns": [{"speaker", "text"}, …]', type(turns).__name__, "改正这一行")
    found = []
    for number, turn in enumerate(turns, 1):
        speaker = turn.get("speaker") if isinstance(turn, dict) else None
        said = turn.get("text") if isinstance(turn, dict) else None
        if speaker not in tuple(Channel) or not isinstance(said, str):
            expected = "speaker 为 operator 或 caller，text 为文字"
            raise bad(where, f"第 {number} 轮不对", expected, f"speaker={speaker}", "改正这一轮")
        found.append(Turn(speaker, said))
    return tuple(found)


def _fact(where: str, name: str, value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise bad(where, f"{name} 不对", "true、false 或空", value, "改正或留空")
    return value
