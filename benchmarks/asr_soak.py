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

import psutil

from asr_models.engine import EngineSpec
from asr_models.pool import PooledRecognizer
from benchmarks.asr_capacity import INFO, options
from benchmarks.live_speech import run_ours
from benchmarks.report import show
from benchmarks.speech_calls import SpokenCall, load, make_calls

EVERY_S = 15.0


def main() -> None:
    """Play, sample memory, print one row a third."""
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
    samples: list[tuple[float, float]] = []
    for line in lines:
        line.start()
    worker = psutil.Process(recognizer.workers[0].pid)
    ours = psutil.Process(os.getpid())
    while any(line.is_alive() for line in lines):
        samples.append((worker.memory_info().rss / 1e6, ours.memory_info().rss / 1e6))
        time.sleep(EVERY_S)
    recognizer.close()
    third = len(samples) // 3
    rows = []
    for number, name in enumerate(("first third (peer)", "second third", "last third")):
        part = samples[number * third : (number + 1) * third]
        rows.append(
            {
                "part": name,
                "worker_mb_median": statistics.median(worker for worker, _ in part),
                "worker_mb_most": max(worker for worker, _ in part),
                "console_side_mb": statistics.median(mine for _, mine in part),
            }
        )
    show("asr_soak", rows)
    print(f"{arguments.minutes:.0f} minutes, {sum(finals)} final results, {sum(dropped):.1f} s of audio dropped")


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
