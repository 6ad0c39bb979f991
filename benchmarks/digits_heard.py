"""Digits in recordings of known text: as Whisper writes them, and as the digit head mends them, in the same run.

    python -m benchmarks.digits_heard MANIFEST [--column 1]

MANIFEST is what `python -m asr_models evaluate` takes; `--column` names the tag by which rows are grouped, for example
the speaker. What is compared are the digits alone: 幺 counts as one, other words are left out.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

from faster_whisper import decode_audio
from rapidfuzz.distance import Levenshtein
from tqdm import tqdm

from asr_models.engine import EngineSpec
from asr_models.evaluation import read_manifest
from asr_models.factory import models_dir
from asr_models.whisper_digits import digits_of
from asr_models.whisper_engine import WhisperEngine
from benchmarks.report import show
from hotline.config import Config


def main() -> None:
    """Hear every recording twice and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--column", type=int, default=1, help="tag to group by, from 1")
    arguments = parser.parse_args()
    engine = WhisperEngine(EngineSpec("whisper", models_dir(Config()) / "whisper-base", "zh", 1))
    reader = engine.digits
    groups: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for utterance in tqdm(read_manifest(arguments.manifest), file=sys.stderr, disable=None):
        audio, heard = decode_audio(str(utterance.audio)), []
        for engine.digits in (None, reader):
            heard.append(digits_of(engine.decode(audio, final=True)[0]))
        tag = utterance.tags[arguments.column - 1] if utterance.tags else "all"
        for name in {tag, "all"}:
            groups[name].append((digits_of(utterance.reference), heard[0], heard[1]))
    rows = []
    for name, pairs in sorted(groups.items()):
        digits = sum(len(said) for said, *_ in pairs)
        row = {"group": name, "recordings": len(pairs), "digits": digits}
        for column, which in ((1, "whisper"), (2, "head")):
            row[f"{which} wrong digits"] = sum(Levenshtein.distance(p[0], p[column]) for p in pairs) / digits
            row[f"{which} right"] = sum(p[0] == p[column] for p in pairs) / len(pairs)
        rows.append(row)
    show("digits heard", rows)


if __name__ == "__main__":
    main()
