"""Labelled calls as a real recogniser wrote them down: recordings made by `voices.py`, through the live pipeline.

    python -m benchmarks.spoken_calls FOLDER spoken.jsonl

transcribes each `<call id>.wav` with the recogniser that the hotline is set to use, and adds one line a call to the
file, in the format of `calls.jsonl`. It goes on where it stopped. Then it prints how the texts differ from what was
spoken, in a hundred characters: the rates that `classifiers.damage` imitates.
"""

from __future__ import annotations

import argparse
import difflib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from asr_models.factory import build_recognizer
from asr_models.transcribe import transcribe
from benchmarks.report import show
from classifiers.damage import DIGITS, PUNCTUATION, SPOKEN, sound_of
from classifiers.dataset import CALLS_FILE, read_lines
from hotline.config import Config
from hotline.errors import DatasetError, RecognizerError
from hotline.ports import Recognizer
from hotline.sources.file import FileSource

Row = dict[str, Any]


def transcribe_calls(audio: Path, output: Path, calls: Mapping[str, Row]) -> None:
    """Transcribe the recordings of a folder that the output does not hold yet.

    Raises: DatasetError without recordings, RecognizerError when recognition is off or fails, AudioError.
    """
    done = {row["id"] for _, row in read_lines(output)} if output.exists() else set()
    recordings = [path for path in sorted(audio.glob("*.wav")) if path.stem in calls and path.stem not in done]
    if not recordings and not done:
        raise DatasetError(
            "没有可转写的录音", expected="以通话编号命名的 .wav", found=audio.name, remedy="先运行 benchmarks/voices.py"
        )
    if not recordings:
        return
    recognizer, info = build_recognizer(Config())
    if recognizer is None:
        raise RecognizerError("语音识别不可用", expected="语音模型", found=info.reason, remedy="先安装语音模型")
    try:
        with output.open("a", encoding="utf-8") as lines:
            for path in tqdm(recordings, unit="通", disable=None):
                row = {**calls[path.stem], "turns": heard_turns(path, recognizer), "recognizer": info.model}
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
                lines.flush()
    finally:
        recognizer.close()


def heard_turns(path: Path, recognizer: Recognizer) -> list[dict[str, str]]:
    """Return what the recogniser heard, one turn a segment. Raises: AudioError, RecognizerError."""
    heard = transcribe(FileSource(path), recognizer)
    if heard.problem:
        raise heard.problem
    return [{"speaker": transcript.channel, "text": transcript.text} for transcript in heard.transcripts]


def spoken_text(turns: Sequence[Mapping[str, str]], speaker: str) -> str:
    """Return one speaker's words without punctuation, digits spelled."""
    text = PUNCTUATION.sub("", "".join(turn["text"] for turn in turns if turn["speaker"] == speaker))
    return DIGITS.sub(lambda match: "".join(SPOKEN[int(digit)] for digit in match[0]), text)


def compare(said: str, heard: str) -> Counter[str]:
    """Count characters said, and what became of them: same sound, like sound, other, lost, added."""
    counts = Counter({"said": len(said)})
    for kind, a, b, c, d in difflib.SequenceMatcher(None, said, heard, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for one, other in zip(said[a:b], heard[c:d], strict=False):
            alike = [a == b for a, b in zip(sound_of(one), sound_of(other), strict=True)]
            counts["same sound" if all(alike) else "like sound" if any(alike) else "other"] += 1
        counts["lost"] += max(0, (b - a) - (d - c))
        counts["added"] += max(0, (d - c) - (b - a))
    return counts


def rates(pairs: Sequence[tuple[Row, Row]]) -> list[dict[str, Any]]:
    """Return one row a speaker and one of both: errors in a hundred characters."""
    rows = []
    for name, speakers in (("operator", ["operator"]), ("caller", ["caller"]), ("both", ["operator", "caller"])):
        total: Counter[str] = Counter()
        for written, heard in pairs:
            for speaker in speakers:
                total += compare(spoken_text(written["turns"], speaker), spoken_text(heard["turns"], speaker))
        kinds = ("same sound", "like sound", "other", "lost", "added")
        shares = {kind: 100 * total[kind] / max(1, total["said"]) for kind in kinds}
        rows.append(
            {"speaker": name, "calls": len(pairs), "characters": total["said"], **shares, "CER": sum(shares.values())}
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    calls = {row["id"]: row for _, row in read_lines(CALLS_FILE)}
    transcribe_calls(arguments.audio, arguments.output, calls)
    show("spoken calls", rates([(calls[row["id"]], row) for _, row in read_lines(arguments.output)]))


if __name__ == "__main__":
    main()
