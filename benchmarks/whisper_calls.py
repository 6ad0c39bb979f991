"""Two two-channel calls on Whisper base at once: how late text comes, and what a second of call costs.

Use: python -m benchmarks.whisper_calls [--seconds 60]. The speech is synthetic (the sample call); the second call plays
it from its middle. The peer in the same run is one call alone.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from asr_models.embedded import install_whisper_base
from asr_models.engine import EngineSpec
from asr_models.pool import PooledRecognizer
from benchmarks.live_speech import run_ours
from benchmarks.report import percentile, show
from benchmarks.speech_calls import SpokenCall
from hotline.audio import AudioFrame
from hotline.ports import EngineInfo
from hotline.sample import SAMPLE_CALL
from hotline.sources.file import FileSource


def main() -> None:
    """Play one call, then two."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    whole = _sample()
    middle_s = whole.duration_s / 2
    calls = [_part(whole, 0, seconds), _part(whole, middle_s, seconds)]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        model = install_whisper_base(Path(folder))
        recognizer = PooledRecognizer(EngineSpec("whisper", model), EngineInfo("whisper", model.name, "benchmark"))
        try:
            for count in (1, 2):
                rows.append(_row(recognizer, calls[:count]))
        finally:
            recognizer.close()
    show("whisper_calls", rows)


def _row(recognizer: PooledRecognizer, calls: list[SpokenCall]) -> dict[str, object]:
    outcome = run_ours(recognizer, calls)
    heard = [result for side in outcome.heard.values() for result in side if result.text]
    finals = [result.at_s - result.end_s for result in heard if result.is_final]
    partials = [result.at_s - result.end_s for result in heard if not result.is_final]
    return {
        "channels": 2 * len(calls),
        "finals": len(finals),
        "final_p50_s": percentile(finals, 50),
        "final_p95_s": percentile(finals, 95),
        "partials": len(partials),
        "partial_p50_s": percentile(partials, 50),
        "partial_p95_s": percentile(partials, 95),
        "cpu_s_per_channel_s": outcome.cpu_s / sum(2 * call.duration_s for call in calls),
        "cores_used": outcome.cpu_s / (calls[0].duration_s + outcome.drained_s),
        "dropped_s": outcome.dropped_s,
    }


def _sample() -> SpokenCall:
    source = FileSource(SAMPLE_CALL, realtime=False)
    pcm: dict[str, list[bytes]] = defaultdict(list)
    for frame in source.frames():
        if isinstance(frame, AudioFrame):
            pcm[frame.channel].append(frame.pcm)
    channels = {channel: np.frombuffer(b"".join(parts), np.int16) for channel, parts in pcm.items()}
    return SpokenCall(channels, dict.fromkeys(channels, ""), source.rate_hz)


def _part(call: SpokenCall, start_s: float, seconds: float) -> SpokenCall:
    start, stop = int(start_s * call.rate_hz), int((start_s + seconds) * call.rate_hz)
    return SpokenCall({name: all_[start:stop] for name, all_ in call.channels.items()}, call.texts, call.rate_hz)


if __name__ == "__main__":
    main()
