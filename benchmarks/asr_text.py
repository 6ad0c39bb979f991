"""Text of this project's Vosk session, with and without the gate, against a plain recogniser as vosk-server uses it.

Use: python -m benchmarks.asr_text --manifest FILE [--calls 20] [--seconds 120]

Nothing runs in real time, so nothing is dropped and a busy machine changes nothing: what differs is the text alone. The
plain recogniser takes blocks of 0.2 s and is asked as `asr_server.py` asks it. Intervals: 95 %, by resampling calls.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

from asr_models.embedded import vosk_korean
from asr_models.engine import EngineSpec
from asr_models.in_process import InProcessRecognizer
from benchmarks.live_speech import PEER_BLOCK_S, give
from benchmarks.report import show
from benchmarks.speech_calls import SpokenCall, letters, load, make_calls
from hotline.vad import GateSettings, VadGate

RESAMPLED = 10_000
Hear = Callable[[SpokenCall, str], str]


@dataclass(frozen=True)
class Errors:
    """Wrong characters of one call, and how many were said."""

    deleted: int
    inserted: int
    replaced: int
    said: int

    @property
    def wrong(self) -> int:
        """All of them."""
        return self.deleted + self.inserted + self.replaced


def plain(model: Path, rate_hz: int) -> Hear:
    """Return what vosk-server does with a channel. Its final result lets Kaldi forget the voice, as a new one would."""
    import vosk

    vosk.SetLogLevel(-1)
    recognizer = vosk.KaldiRecognizer(vosk.Model(str(model)), rate_hz)
    recognizer.SetWords(True)

    def hear(call: SpokenCall, channel: str) -> str:
        samples, block = call.channels[channel], int(PEER_BLOCK_S * call.rate_hz)
        found = []
        for begin in range(0, len(samples), block):
            if recognizer.AcceptWaveform(samples[begin : begin + block].tobytes()):
                found.append(recognizer.Result())
            else:
                recognizer.PartialResult()
        return " ".join(json.loads(answer)["text"] for answer in (*found, recognizer.FinalResult()))

    return hear


def ours(recognizer: InProcessRecognizer, settings: GateSettings | None) -> Hear:
    """Return what a session hears, behind a gate unless there are no settings for one."""

    def hear(call: SpokenCall, channel: str) -> str:
        session, gate = recognizer.open(channel), VadGate(channel, settings=settings)
        for frame in call.frames(channel):
            give(session, gate, frame, gated=settings is not None)
        found = session.finish()
        session.close()
        return " ".join(transcript.text for transcript in found if transcript.is_final)

    return hear


def heard(hear: Hear, calls: Sequence[SpokenCall]) -> list[dict[str, str]]:
    """Return the text of each call by channel."""
    return [{channel: hear(call, channel) for channel in call.channels} for call in calls]


def errors(call: SpokenCall, texts: dict[str, str]) -> Errors:
    """Compare what was said with what was heard."""
    counts = {"delete": 0, "insert": 0, "replace": 0}
    said = 0
    for channel, text in call.texts.items():
        reference = letters(text)
        said += len(reference)
        for operation in Levenshtein.editops(reference, letters(texts[channel])):
            counts[operation.tag] += 1
    return Errors(counts["delete"], counts["insert"], counts["replace"], said)


def interval(found: Sequence[Errors], peer: Sequence[Errors]) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two error rates in percent, by resampling calls."""
    drawn = np.random.default_rng(0).integers(0, len(found), (RESAMPLED, len(found)))
    said = np.array([one.said for one in found])[drawn].sum(axis=1)
    more = np.array([a.wrong - b.wrong for a, b in zip(found, peer, strict=True)])[drawn].sum(axis=1)
    low, high = np.percentile(100 * more / said, (2.5, 97.5))
    return float(low), float(high)


def row(name: str, found: Sequence[Errors], peer: Sequence[Errors], cpu_s: float) -> dict[str, object]:
    """Return the figures of one system."""
    said = sum(one.said for one in found)
    parts = {part: sum(getattr(one, part) for one in found) for part in ("deleted", "inserted", "replaced")}
    low, high = interval(found, peer)
    wrong = sum(one.wrong for one in found)
    difference = 100 * (wrong - sum(one.wrong for one in peer)) / said
    rate = {"system": name, "characters": said, "cer_percent": 100 * wrong / said}
    return rate | parts | {"minus_plain": difference, "low": low, "high": high, "cpu_s": cpu_s}


def measured(calls: Sequence[SpokenCall], model: Path) -> Iterator[dict[str, object]]:
    """Yield the rows, the peer first."""
    recognizer = InProcessRecognizer(EngineSpec("vosk", model, "ko"), "benchmark")
    systems = {"plain": plain(model), "ours, no gate": ours(recognizer, None), "ours": ours(recognizer, GateSettings())}
    peer: list[Errors] = []
    for name, hear in systems.items():
        start_s = time.process_time()
        texts = heard(hear, calls)
        cpu_s = time.process_time() - start_s
        found = [errors(call, text) for call, text in zip(calls, texts, strict=True)]
        peer = peer or found
        yield row(name, found, peer, cpu_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=vosk_korean())
    parser.add_argument("--rate", type=int, default=16000)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    arguments = parser.parse_args()
    made = load(arguments.manifest, arguments.rate)
    calls = make_calls(made, arguments.calls, arguments.seconds, arguments.rate)
    show("asr_text", list(measured(calls, arguments.model)))


if __name__ == "__main__":
    main()
