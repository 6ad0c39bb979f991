"""Sums and strings of digits as they come out of real recognition: said by a caller, read back by an operator.

    python -m benchmarks.numbers_spoken plan FOLDER [--count 60] [--seed 1]
    VOICE_PYTHON benchmarks/voices.py --tool ../shared/tools/synth_zh.py --calls FOLDER/dialogues.jsonl --output FOLDER
    python -m benchmarks.numbers_spoken hear FOLDER [--second-pass]
    python -m benchmarks.numbers_spoken score FOLDER [--second-pass] [--errors]

All speech is synthetic (one voice, changed in pitch and speed), 8 kHz mu-law. `hear` runs the recogniser that the
hotline is set to use, behind the VAD gate, or with `--second-pass` what hears calls again; it goes on where it
stopped. A dialogue is right when the facts of its
type are the one that was said and nothing else. Peer in the same run: the same texts without what the other speaker
said (no read-back merging).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from asr_models.engine import EngineSession, Job, Urgency
from asr_models.second_pass import build_listener
from benchmarks.report import show
from benchmarks.spoken_numbers_data import dialogues
from hotline.audio import AudioFrame
from hotline.config import Config
from hotline.digit_sounds import is_dictation
from hotline.domain.entities import EntityType
from hotline.domain.segment import Channel, Transcript, Turn
from hotline.entities import extract
from hotline.second_pass import calm_pieces
from hotline.sources.file import FileSource
from hotline.vad import VadGate

TYPES = {
    "amount": (EntityType.AMOUNT,),
    "card": (EntityType.BANK_CARD,),
    "phone": (EntityType.PHONE,),
    "identity": (EntityType.ID_NUMBER,),
}
Row = dict[str, Any]


Hear = Callable[[Path], Sequence[Transcript]]


def hear(folder: Path, output: Path, listen: Hear) -> None:
    """Transcribe the recordings that the output does not hold."""
    done = {row["id"] for row in _rows(output)} if output.exists() else set()
    waiting = [row for row in _rows(folder / "dialogues.jsonl") if row["id"] not in done]
    waiting = [row for row in waiting if (folder / f"{row['id']}.wav").exists()]
    with output.open("a", encoding="utf-8") as lines:
        for row in tqdm(waiting, disable=None):
            heard = [asdict(transcript) for transcript in listen(folder / f"{row['id']}.wav")]
            lines.write(json.dumps({"id": row["id"], "heard": heard}, ensure_ascii=False) + "\n")
            lines.flush()


def live(config: Config) -> Hear:
    """Return what hears as in a live call on a machine that keeps up.

    Of the running text, which also says whether a number is being dictated, only what is there when a pause begins is
    decoded, to save time: the rest would be shown, but changes no final text.
    """
    listener = build_listener(config)

    def listen(path: Path) -> Sequence[Transcript]:
        found: list[Transcript] = []
        for channel in FileSource(path).channels:
            found += _hear_channel(FileSource(path), channel, listener.open(channel))
        return sorted(found, key=lambda transcript: transcript.start_s)

    return listen


def _hear_channel(source: FileSource, channel: str, session: EngineSession) -> list[Transcript]:
    found, gate, seq = list[Transcript](), VadGate(channel), 0
    partial: Job | None = None
    for item in [*source.frames(), None]:
        if item is None:
            ended = True
        elif isinstance(item, AudioFrame) and item.channel == channel:
            output = gate.push(item)
            for frame in output.frames:
                session.accept(seq := seq + 1, frame)
            ended = output.utterance_ended
        else:
            continue
        if ended:
            session.end_utterance(seq := seq + 1)
        while (urgency := session.urgency()) is not None:
            job = session.take()
            if urgency is Urgency.PARTIAL:
                partial = job
            else:
                found += job().transcripts
        if ended:
            partial = None
        elif partial and gate.pausing and not gate.dictation:
            gate.dictation = any(is_dictation(shown.text) for shown in partial().transcripts)
            partial = None
    return [transcript for transcript in found if transcript.is_final and transcript.text]


def second(config: Config) -> Hear:
    """Return what hears calls again after their end."""
    listener = build_listener(config)

    def listen(path: Path) -> Sequence[Transcript]:
        found: list[Transcript] = []
        for channel in FileSource(path).channels:
            for piece in calm_pieces(FileSource(path), channel):
                found += listener.hear(channel, piece)
        return sorted(found, key=lambda transcript: transcript.start_s)

    return listen


def found_values(turns: Sequence[Turn], kind: str) -> set[str | int]:
    """Return the values of the facts of a kind."""
    return {entity.value for entity in extract(turns) if entity.type in TYPES[kind]}


def score(folder: Path, heard: Path, *, errors: bool) -> list[Row]:
    """Return one row a kind: share of right dialogues, with and without the operator's read-back."""
    told = {row["id"]: row for row in _rows(folder / "dialogues.jsonl")}
    counts: dict[str, Row] = {}
    for line in _rows(heard):
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
    parser.add_argument("--second-pass", action="store_true", help="hear as after the call")
    parser.add_argument("--errors", action="store_true", help="print every dialogue that is not right")
    arguments = parser.parse_args()
    if arguments.step == "plan":
        arguments.folder.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(row, ensure_ascii=False) for row in dialogues(arguments.count, arguments.seed)]
        (arguments.folder / "dialogues.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        return
    heard = arguments.folder / ("heard-again.jsonl" if arguments.second_pass else "heard.jsonl")
    if arguments.step == "hear":
        hear(arguments.folder, heard, (second if arguments.second_pass else live)(Config()))
    else:
        name = "second pass" if arguments.second_pass else "live"
        show(f"spoken numbers, {name}", score(arguments.folder, heard, errors=arguments.errors))


if __name__ == "__main__":
    main()
