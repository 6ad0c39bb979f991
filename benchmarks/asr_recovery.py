"""A Vosk worker killed, or stopped, in mid-sentence: how long until another works, and is any text lost or doubled?

Use: python -m benchmarks.asr_recovery --manifest FILE [--times 3]. The peer in the same run is a pool without a spare.
"""

from __future__ import annotations

import os
import signal
import statistics
import time

import numpy as np

from asr_models.engine import EngineSpec
from asr_models.pool import PooledRecognizer
from asr_models.session import WorkerSession
from benchmarks.asr_capacity import INFO, options
from benchmarks.report import show
from benchmarks.speech_calls import SpokenCall, error_share, load

CALM_S = 0.9


def main() -> None:
    """Strike the worker in the middle of an utterance, with and without a spare."""
    parser = options()
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    said = max(load(arguments.manifest, arguments.rate)[:10], key=lambda utterance: len(utterance.samples))
    samples = np.concatenate((said.samples, np.zeros(int(CALM_S * arguments.rate), np.int16)))
    call = SpokenCall({"caller": samples}, {"caller": said.text}, arguments.rate)
    rows = []
    for spare in (True, False):
        recognizer = PooledRecognizer(EngineSpec("vosk", arguments.model, "ko"), INFO, spare=spare)
        whole, _ = _play(recognizer, call, None)
        for sign in (signal.SIGKILL, signal.SIGSTOP):
            runs = [_play(recognizer, call, sign) for _ in range(arguments.times)]
            rows.append(
                {
                    "spare": spare,
                    "signal": sign.name,
                    "replaced_s_median": statistics.median(seconds for _, seconds in runs),
                    "replaced_s_most": max(seconds for _, seconds in runs),
                    "text_differs_percent": 100 * error_share([(whole, text) for text, _ in runs]),
                    "length_ratio": sum(len(text) for text, _ in runs) / max(1, len(whole) * len(runs)),
                }
            )
        recognizer.close()
    show("asr_recovery", rows)


def _play(recognizer: PooledRecognizer, call: SpokenCall, sign: signal.Signals | None) -> tuple[str, float]:
    """Return what was heard, and the seconds from the blow to a new process that is ready."""
    recognizer.spare.wait(60)
    session: WorkerSession = recognizer.open("caller")
    found, replaced_s, frames = [], 0.0, list(call.frames("caller"))
    for number, frame in enumerate(frames):
        if sign and number == len(frames) // 2:
            worker = recognizer.workers[0]
            old, struck = worker.pid, time.monotonic()
            os.kill(old, sign)
            while worker.pid == old:
                time.sleep(0.005)
            replaced_s = time.monotonic() - struck
        while session.waiting_s() > 3:
            time.sleep(0.01)
        session.accept(frame)
        found += session.results()
    found += session.finish(120)
    session.close()
    return " ".join(transcript.text for transcript in found if transcript.is_final), replaced_s


if __name__ == "__main__":
    main()
