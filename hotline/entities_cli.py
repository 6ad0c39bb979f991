"""`python -m hotline entities`: the facts of each call of a JSONL file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hotline.domain.segment import Channel, Turn
from hotline.entities import extract
from hotline.errors import DatasetError


def run(input_path: Path, output_path: Path) -> int:
    """Write `{"id", "entities": [{"type", "value", "turn"}]}` for each line; return how many.

    Raises: DatasetError naming the first bad line.
    """
    if not input_path.is_file():
        raise DatasetError("没有这个文件", expected="JSONL 文件", found=input_path.name, remedy="检查 --input")
    count = 0
    with input_path.open("rb") as lines, output_path.open("w", encoding="utf-8") as out:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            call_id, turns = _parse(line, number)
            entities = [{"type": e.type, "value": e.value, "turn": e.turn} for e in extract(turns)]
            out.write(json.dumps({"id": call_id, "entities": entities}, ensure_ascii=False) + "\n")
            count += 1
    return count


def _parse(line: bytes, number: int) -> tuple[Any, list[Turn]]:
    try:
        row = json.loads(line)
        turns = [Turn(Channel(turn["speaker"]).value, str(turn["text"])) for turn in row["turns"]]
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"第 {number} 行读不懂",
            expected='{"id", "turns": [{"speaker": "operator|caller", "text"}]}',
            found=type(error).__name__,
            remedy="改正这一行",
        ) from None
    return row.get("id"), turns
