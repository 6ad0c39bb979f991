"""Builds the evaluation set: synthetic Mandarin sentences in several voices, through telephone codecs.

Runs in the Python environment of the speech synthesiser, not in the project's, and imports nothing of it:

    VOICE_PYTHON benchmarks/telephone_set.py --tool ../shared/tools/synth_zh.py --output FOLDER

Sentences are turns of the test split's calls, said by one neural voice at several pitches and speeds and by
espeak-ng. Each is written once a condition; `manifest.tsv` (audio, reference, condition, voice) is what
`python -m asr_models evaluate` takes. All of it is synthetic speech. The noise is stationary and has the long-term
spectrum of the speech itself; lost packets are 20 ms of silence, lost independently. Needs ffmpeg with libgsm.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from scipy.signal import resample_poly
from voices import CALLS, PHONE_RATE, VOICE_RATE, load_synthesiser

CLEAN_RATE = 16_000
PACKET = PHONE_RATE * 20 // 1000
LENGTH_CHARACTERS = (16, 26)
"""About five seconds."""
VOICES = ("neutral", "low, slow", "high, fast", "low, fast", "espeak-ng")
PITCH_SPEED = {"neutral": (1.0, 1.0), "low, slow": (0.75, 1.15), "high, fast": (1.2, 0.85), "low, fast": (0.8, 0.85)}
Samples = Any


def sentences(count: int) -> list[tuple[str, str]]:
    """Return `count` (id, text) of the test split, a call giving one, in a fixed order."""
    calls = [json.loads(line) for line in CALLS.read_text("utf-8").splitlines()]
    calls = [call for call in calls if call["split"] == "test"]
    calls.sort(key=lambda call: hashlib.sha256(("telephone" + call["id"]).encode()).hexdigest())
    found = []
    for call in calls:
        turns = [re.sub(r"\s", "", turn["text"]) for turn in call["turns"]]
        low, high = LENGTH_CHARACTERS
        fitting = [text for text in turns if low <= len(text) <= high and not re.search("[A-Za-z]", text)]
        if fitting:
            found.append((call["id"], fitting[0]))
    return found[:count]


def speak(text: str, voice: str, synthesise: Callable[[str, float, float], Samples]) -> Samples:
    """Return the sentence at 16 kHz, peak 0.5, with a third of a second of silence around it."""
    if voice == "espeak-ng":
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            subprocess.run(["espeak-ng", "-v", "cmn", "-s", "150", "-w", file.name, text], check=True)
            samples, rate = soundfile.read(file.name)
    else:
        samples, rate = synthesise(text, *PITCH_SPEED[voice]), VOICE_RATE
    samples = resample_poly(samples, CLEAN_RATE, rate)
    quiet = np.zeros(CLEAN_RATE // 3)
    return np.concatenate([quiet, samples * 0.5 / np.abs(samples).max(), quiet])


def coded(samples: Samples, codec: str, suffix: str) -> Samples:
    """Return 8 kHz speech as it comes out of a codec (one of ffmpeg's encoders)."""
    with tempfile.TemporaryDirectory() as folder:
        before, between, after = (Path(folder) / name for name in ("in.wav", f"coded.{suffix}", "out.wav"))
        soundfile.write(before, samples, PHONE_RATE, subtype="PCM_16")
        run = ["ffmpeg", "-loglevel", "error", "-y", "-i"]
        subprocess.run([*run, before, "-ar", str(PHONE_RATE), "-ac", "1", "-c:a", codec, between], check=True)
        subprocess.run([*run, between, "-c:a", "pcm_s16le", after], check=True)
        return soundfile.read(after)[0]


def lost(samples: Samples, share: float, rng: np.random.Generator) -> Samples:
    """Return the speech with this share of its packets silent."""
    packets = np.repeat(rng.random(len(samples) // PACKET + 1) >= share, PACKET)
    return samples * packets[: len(samples)]


def noisy(samples: Samples, ratio_db: float, spectrum: Samples, rng: np.random.Generator) -> Samples:
    """Return the speech with noise of this spectrum; the ratio is to the power of the whole sentence."""
    size = len(samples)
    shape = np.interp(np.linspace(0, 1, size // 2 + 1), np.linspace(0, 1, len(spectrum)), spectrum)
    noise = np.fft.irfft(shape * np.exp(2j * np.pi * rng.random(len(shape))), size)
    scale = np.sqrt(np.mean(samples**2) / np.mean(noise**2) / 10 ** (ratio_db / 10))
    mixed = samples + scale * noise
    return mixed * min(1.0, 0.95 / np.abs(mixed).max())


def conditions(clean: Samples, spectrum: Samples, seed: int) -> dict[str, tuple[Samples, int]]:
    """Return samples and rate of one sentence under each condition."""
    phone = resample_poly(clean, PHONE_RATE, CLEAN_RATE)
    law = coded(phone, "pcm_mulaw", "wav")
    found = {"clean 16 kHz": (clean, CLEAN_RATE), "mu-law": (law, PHONE_RATE)}
    found["GSM"] = (coded(phone, "libgsm", "gsm"), PHONE_RATE)
    for percent in (1, 5, 10):
        heard = lost(law, percent / 100, np.random.default_rng([seed, percent]))
        found[f"mu-law, loss {percent} %"] = (heard, PHONE_RATE)
    for ratio_db in (20, 10, 5):
        heard = noisy(phone, ratio_db, spectrum, np.random.default_rng([seed, 100 + ratio_db]))
        found[f"mu-law, noise {ratio_db} dB"] = (coded(heard, "pcm_mulaw", "wav"), PHONE_RATE)
    return found


def main() -> None:
    """Write the audio and the manifest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", type=Path, required=True, help="synth_zh.py")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=40)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    synthesise = load_synthesiser(args.tool)
    chosen = sentences(args.sentences)
    spoken = [(key, text, VOICES[i % len(VOICES)]) for i, (key, text) in enumerate(chosen)]
    clean = [speak(text, voice, synthesise) for _, text, voice in spoken]
    everything = resample_poly(np.concatenate(clean), PHONE_RATE, CLEAN_RATE)
    blocks = everything[: len(everything) // 512 * 512].reshape(-1, 512) * np.hanning(512)
    spectrum = np.sqrt(np.mean(np.abs(np.fft.rfft(blocks)) ** 2, axis=0))
    lines = []
    for number, ((key, text, voice), samples) in enumerate(zip(spoken, clean, strict=True)):
        for condition, (heard, rate) in conditions(samples, spectrum, number).items():
            name = f"{key} {condition}.wav".replace(" ", "_").replace(",", "").replace("%", "pc")
            soundfile.write(args.output / name, heard, rate, subtype="PCM_16")
            lines.append("\t".join((name, text, condition, voice)))
    (args.output / "manifest.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(clean)} sentences, {sum(map(len, clean)) / CLEAN_RATE:.0f} s, {len(lines)} files")


if __name__ == "__main__":
    main()
