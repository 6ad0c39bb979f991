"""Sums and strings of digits as they come out of real recognition: said by a caller, read back by an operator.

    python -m benchmarks.numbers_spoken plan FOLDER [--count 60] [--seed 1]
    VOICE_PYTHON benchmarks/voices.py --tool ../shared/tools/synth_zh.py --calls FOLDER/dialogues.jsonl --output FOLDER
    python -m benchmarks.numbers_spoken hear FOLDER
    python -m benchmarks.numbers_spoken score FOLDER [--errors]

All speech is synthetic (one voice, changed in pitch and speed), 8 kHz mu-law. `hear` runs the recogniser that the
hotline is set to use, behind the VAD gate, and goes on where it stopped. A dialogue is right when the facts of its
type are the one that was said and nothing else. Peer in the same run: the same texts without what the other speaker
said (no read-back merging).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from asr_models.factory import build_recognizer
from asr_models.transcribe import transcribe
from benchmarks.report import show
from benchmarks.spoken_numbers_data import dialogues
from hotline.config import Config
from hotline.domain.entities import EntityType
from hotline.domain.segment import Channel, Turn
from hotline.entities import extract
from hotline.errors import RecognizerError
from hotline.sources.file import FileSource

TYPES = {
    "amount": (EntityType.AMOUNT,),
    "card": (EntityType.BANK_CARD,),
    "phone": (EntityType.PHONE,),
    "identity": (EntityType.ID_NUMBER,),
}
Row = dict[str, Any]


def hear(folder: Path) -> None:
    """Transcribe the recordings that `heard.jsonl` does not hold. Raises: RecognizerError when recognition is off."""
    output = folder / "heard.jsonl"
    done = {row["id"] for row in _rows(output)} if output.exists() else set()
    waiting = [row for row in _rows(folder / "dialogues.jsonl") if row["id"] not in done]
    waiting = [row for row in waiting if (folder / f"{row['id']}.wav").exists()]
    recognizer, info = build_recognizer(Config())
    if recognizer is None:
        raise RecognizerError("语音识别不可用", expected="语音模型", found=info.reason, remedy="先安装语音模型")
    try:
        with output.open("a", encoding="utf-8") as lines:
            for row in tqdm(waiting, disable=None):
                found = transcribe(FileSource(folder / f"{row['id']}.wav"), recognizer)
                heard = [asdict(transcript) for transcript in found.transcripts]
                line = {"id": row["id"], "recognizer": info.model, "heard": heard}
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
                lines.flush()
    finally:
        recognizer.close()


def found_values(turns: Sequence[Turn], kind: str) -> set[str | int]:
    """Return the values of the facts of a kind."""
    return {entity.value for entity in extract(turns) if entity.type in TYPES[kind]}


def score(folder: Path, *, errors: bool) -> list[Row]:
    """Return one row a kind: share of right dialogues, with and without the operator's read-back."""
    told = {row["id"]: row for row in _rows(folder / "dialogues.jsonl")}
    counts: dict[str, Row] = {}
    for line in _rows(folder / "heard.jsonl"):
        row, turns = told[line["id"]], [Turn(t["channel"], t["text"]) for t in line["heard"]]
        found = found_values(turns, row["kind"])
        alone = found_values([turn for turn in turns if turn.speaker == Channel.CALLER], row["kind"])
        group = "amount" if row["kind"] == "amount" else "digits"
        for name in (row["kind"], group) if row["kind"] != group else (group,):
            count = counts.setdefault(name, {"kind": name, "dialogues": 0, "right": 0, "among": 0, "caller_only": 0})
            count["dialogues"] += 1
            count["right"] += found == {row["value"]}
            count["among"] += row["value"] in found
            count["caller_only"] += alone == {row["value"]}
        if errors and found != {row["value"]}:
            print(f"{row['id']} {row['value']}, found {sorted(map(str, found))}")
            for turn in turns:
                print(f"    {turn.speaker}: {turn.text}")
    shares = ("right", "among", "caller_only")
    return [{**count, **{name: count[name] / count["dialogues"] for name in shares}} for count in counts.values()]


def _rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["plan", "hear", "score"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--errors", action="store_true", help="print every dialogue that is not right")
    arguments = parser.parse_args()
    if arguments.step == "plan":
        arguments.folder.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(row, ensure_ascii=False) for row in dialogues(arguments.count, arguments.seed)]
        (arguments.folder / "dialogues.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    elif arguments.step == "hear":
        hear(arguments.folder)
    else:
        show("spoken numbers", score(arguments.folder, errors=arguments.errors))


if __name__ == "__main__":
    main()
