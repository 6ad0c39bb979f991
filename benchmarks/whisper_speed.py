"""Whisper base on the sample call: real-time factor of whole utterances at beam 1 and 5, encoded in 15 s and in 30 s.

Use: python -m benchmarks.whisper_speed [--utterances 8]. Beam 1 is the peer of beam 5, the 30 s that Whisper was trained on of 15 s. The speech is synthetic.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import soxr

from asr_models import whisper_decoding, whisper_engine
from asr_models.embedded import install_whisper_base
from asr_models.engine import EngineSpec
from asr_models.whisper_engine import RATE_HZ, WhisperEngine
from benchmarks.report import show
from benchmarks.speech_calls import Samples
from hotline.audio import AudioFrame
from hotline.sample import SAMPLE_CALL
from hotline.sources.file import FileSource
from hotline.vad import VadGate


def utterances() -> list[tuple[Samples, int]]:
    """Return the utterances of the sample call as the gate cuts them, with their rate."""
    source = FileSource(SAMPLE_CALL, realtime=False)
    gates = {channel: VadGate(channel) for channel in source.channels}
    held: dict[str, list[AudioFrame]] = {channel: [] for channel in source.channels}
    found = []
    for frame in source.frames():
        if not isinstance(frame, AudioFrame):
            continue
        output = gates[frame.channel].push(frame)
        held[frame.channel] += output.frames
        if output.utterance_ended:
            pcm = b"".join(part.pcm for part in held[frame.channel])
            found.append((np.frombuffer(pcm, np.int16), frame.rate_hz))
            held[frame.channel].clear()
    return found


def main() -> None:
    """Decode each utterance with both beams and both lengths, one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--utterances", type=int, default=1000)
    chosen = utterances()[: parser.parse_args().utterances]
    with tempfile.TemporaryDirectory() as folder:
        engine = WhisperEngine(EngineSpec("whisper", install_whisper_base(Path(folder)), threads=2))
    rows, texts = [], {}
    for beam, context_s in ((1, 15.0), (5, 15.0), (1, 30.0), (5, 30.0)):
        whisper_engine.FINAL_BEAM = beam
        whisper_decoding.CONTEXT_S = context_s
        heard_s = cpu_s = wall_s = 0.0
        said = []
        for samples, rate_hz in chosen:
            audio = soxr.resample(samples.astype(np.float32) / 32768, rate_hz, RATE_HZ)
            cpu, wall = time.process_time(), time.perf_counter()
            said.append(engine.decode(audio, final=True)[0])
            cpu_s, wall_s = cpu_s + time.process_time() - cpu, wall_s + time.perf_counter() - wall
            heard_s += len(audio) / RATE_HZ
        texts[f"{beam} {context_s:.0f}"] = said
        rows.append(
            {
                "beam": beam,
                "context_s": context_s,
                "speech_s": heard_s,
                "rtf_wall": wall_s / heard_s,
                "cpu_s_per_s": cpu_s / heard_s,
            }
        )
    show("whisper_speed", rows)
    print(json.dumps(texts, ensure_ascii=False))


if __name__ == "__main__":
    main()
