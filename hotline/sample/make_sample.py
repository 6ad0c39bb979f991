"""Makes call.wav and the times in call.json from the turns in call.json.

    python make_sample.py SYNTHESISER

SYNTHESISER is a Python file with `synthesise(text, f0, speed) -> 24 kHz float32 samples`. Needs numpy and scipy
in its environment; ffmpeg writes the mu-law file.
"""

import importlib.util
import json
import subprocess
import sys
from math import gcd
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

FOLDER = Path(__file__).parent
SOURCE_HZ, RATE_HZ = 24000, 8000
PAUSE_S = 0.62
VOICES = {"operator": {"f0": 1.05, "speed": 0.95}, "caller": {"f0": 0.85, "speed": 1.05}}


def main(synthesiser: str) -> None:
    spec = importlib.util.spec_from_file_location("synthesiser", synthesiser)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    call = json.loads((FOLDER / "call.json").read_text("utf-8"))
    sides = {"operator": [], "caller": []}
    clock_s = 0.4
    for turn in call["turns"]:
        samples = np.asarray(module.synthesise(turn.get("spoken", turn["text"]), **VOICES[turn["speaker"]]))
        divisor = gcd(SOURCE_HZ, RATE_HZ)
        samples = resample_poly(samples, RATE_HZ // divisor, SOURCE_HZ // divisor)
        samples = 0.6 * samples / max(1e-6, np.abs(samples).max())
        turn["start_s"] = round(clock_s, 2)
        clock_s += len(samples) / RATE_HZ
        turn["end_s"] = round(clock_s, 2)
        sides[turn["speaker"]].append((turn["start_s"], samples))
        clock_s += PAUSE_S
    stereo = np.zeros((int((clock_s + 0.5) * RATE_HZ), 2), np.float32)
    for column, side in enumerate(sides.values()):
        for start_s, samples in side:
            first = round(start_s * RATE_HZ)
            stereo[first : first + len(samples), column] = samples
    stereo += np.random.default_rng(1).normal(0, 0.0008, stereo.shape)
    command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "f32le", "-ar", str(RATE_HZ), "-ac", "2", "-i", "-"]
    command += ["-bitexact", "-c:a", "pcm_mulaw", str(FOLDER / "call.wav")]
    subprocess.run(command, input=stereo.astype("<f4").tobytes(), check=True)
    (FOLDER / "call.json").write_text(json.dumps(call, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
