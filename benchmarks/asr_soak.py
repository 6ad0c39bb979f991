"""Half an hour of two-channel calls, one after another on several lines: does memory stay flat, is anything lost?

Use: python -m benchmarks.asr_soak --manifest FILE [--minutes 30] [--lines 2]

The peer in the same run is the first third of it: memory must not have grown since.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from asr_models.engine import EngineSpec
from asr_models.pool import PooledRecognizer
from benchmarks.asr_capacity import INFO, options
from benchmarks.live_speech import run_ours
from benchmarks.report import show
from benchmarks.speech_calls import SpokenCall, load, make_calls

EVERY_S = 15.0
PARTS = 3


@dataclass(frozen=True)
class Sample:
    """Resident memory at a moment of the run."""

    at_s: float
    console_mb: float
    worker_mb: float


def main() -> None:
    """Play, sample memory, print it at the start and after each third."""
    parser = options()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--lines", type=int, default=2)
    arguments = parser.parse_args()
    calls = make_calls(load(arguments.manifest, arguments.rate), 12, arguments.seconds, arguments.rate)
    recognizer = PooledRecognizer(EngineSpec("vosk", arguments.model, "ko"), INFO, max_sessions=64)
    end = time.monotonic() + 60 * arguments.minutes
    finals, dropped = [0] * arguments.lines, [0.0] * arguments.lines
    lines = [
        threading.Thread(target=_line, args=(recognizer, calls[number:], end, number, finals, dropped))
        for number in range(arguments.lines)
    ]
    samples: list[Sample] = []
    for line in lines:
        line.start()
    pool = recognizer.workers[0]
    while any(line.is_alive() for line in lines):
        samples.append(Sample(60 * arguments.minutes - end + time.monotonic(), _rss_mb(os.getpid()), _rss_mb(pool.pid)))
        time.sleep(EVERY_S)
    recognizer.close()
    step_s = 60 * arguments.minutes / PARTS
    show("asr_soak", [_row(samples, number * step_s, step_s) for number in range(PARTS + 1)])
    third = len(samples) // 3
    thirds = [statistics.median(s.worker_mb for s in samples[n * third : (n + 1) * third]) for n in range(3)]
    print(f"worker MB, medians of the thirds: {[round(median) for median in thirds]}")
    print(f"{arguments.minutes:.0f} minutes, {sum(finals)} final results, {sum(dropped):.1f} s of audio dropped")


def _row(samples: Sequence[Sample], at_s: float, within_s: float) -> dict[str, float]:
    """Memory at a moment, and the most of the time since the moment before."""
    now = min(samples, key=lambda sample: abs(sample.at_s - at_s))
    since = [sample.worker_mb for sample in samples if at_s - within_s < sample.at_s <= at_s] or [now.worker_mb]
    return {
        "minute": at_s / 60,
        "console_side_mb": now.console_mb,
        "worker_mb": now.worker_mb,
        "worker_mb_most_since": max(since),
    }


def _rss_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss / 1e6)


def _line(
    recognizer: PooledRecognizer,
    calls: Sequence[SpokenCall],
    end: float,
    number: int,
    finals: list[int],
    dropped: list[float],
) -> None:
    while time.monotonic() < end:
        for call in calls:
            outcome = run_ours(recognizer, [call])
            finals[number] += sum(heard.is_final for side in outcome.heard.values() for heard in side)
            dropped[number] += outcome.dropped_s
            if time.monotonic() >= end:
                break


if __name__ == "__main__":
    main()
