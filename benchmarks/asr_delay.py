"""Delay of partial results and memory at 1, 4 and 8 streams, against vosk-server: same model, same audio, same run.

Use: python -m benchmarks.asr_delay --manifest FILE --server asr_server.py --server-path DIR [--streams 1 4 8]

Word: from the end of a spoken word (its time in the final result) to the first result that shows it in its place. The
first row is the model's own share of it: a plain recogniser, as if it needed no time, counted in audio given to it.
Answer: from the moment when audio was given to the partial result that covers it. Streams are the channels of calls
in which two speakers take turns. Ours takes 20 ms frames, as telephones send; the peer 200 ms blocks, as its client.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import vosk

from asr_models.engine import EngineSpec
from asr_models.pool import PooledRecognizer
from benchmarks.asr_capacity import INFO, options
from benchmarks.live_speech import Heard, Outcome, Peer, hear, run_ours
from benchmarks.report import percentile, show
from benchmarks.speech_calls import SpokenCall, load, make_calls

SAMPLE_S = 0.5


def main() -> None:
    """Play to both systems with rising numbers of streams."""
    parser = options()
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--ours-model", type=Path, help="another form of the model for ours, as `unpack` writes it")
    arguments = parser.parse_args()
    made = make_calls(load(arguments.manifest, arguments.rate), 8, arguments.seconds, arguments.rate)
    spec = EngineSpec("vosk", arguments.ours_model or arguments.model, "ko")
    recognizer = PooledRecognizer(spec, INFO, max_sessions=64)
    peer = Peer(arguments.server, arguments.model, arguments.port, arguments.rate, arguments.server_path)
    rows = [_row("model alone", 1, _without_clock(arguments.ours_model or arguments.model, made[:2]), 0.0)]
    try:
        for count in arguments.streams:
            calls = _calls(made, count)
            rows.append(_row("vosk-server", count, *_watched(peer.pid, lambda: peer.run(calls))))  # noqa: B023
            ours = _watched(recognizer.workers[0].pid, lambda: run_ours(recognizer, calls))  # noqa: B023
            rows.append(_row("ours", count, *ours))
    finally:
        recognizer.close()
        peer.close()
    show("asr_delay", rows)


def _without_clock(model: Path, calls: Sequence[SpokenCall]) -> Outcome:
    """Return what a plain recogniser shows after each frame, at the second of the call when that frame ends."""
    vosk.SetLogLevel(-1)
    recognizer = vosk.KaldiRecognizer(vosk.Model(str(model)), calls[0].rate_hz)
    recognizer.SetWords(True)
    outcome, before_s = Outcome(), 0.0
    for index, call in enumerate(calls):
        for channel in call.channels:
            heard = outcome.heard[index, channel] = []
            for frame in call.frames(channel):
                ended = recognizer.AcceptWaveform(frame.pcm)
                answer = json.loads(recognizer.Result() if ended else recognizer.PartialResult())
                hear(heard, answer, frame.end_s, frame.end_s, before_s)
            hear(heard, json.loads(recognizer.FinalResult()), call.duration_s, call.duration_s, before_s)
            before_s += call.duration_s
    return outcome


def _calls(made: Sequence[SpokenCall], streams: int) -> list[SpokenCall]:
    """Return calls that have so many channels between them."""
    whole, rest = divmod(streams, 2)
    calls = list(made[:whole])
    if rest:
        call = made[whole]
        calls.append(SpokenCall({"caller": call.channels["caller"]}, {"caller": call.texts["caller"]}, call.rate_hz))
    return calls


def _watched(pid: int, run: Callable[[], Outcome]) -> tuple[Outcome, float]:
    """Run and return the greatest resident memory of a process meanwhile, in MB."""
    process, most, done = psutil.Process(pid), [0.0], threading.Event()

    def look() -> None:
        while not done.wait(SAMPLE_S):
            most[0] = max(most[0], process.memory_info().rss / 1e6)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        return run(), most[0]
    finally:
        done.set()
        watcher.join()


def _row(system: str, streams: int, outcome: Outcome, memory_mb: float) -> dict[str, object]:
    words = [delay for heard in outcome.heard.values() for delay in _word_delays(heard)]
    answers = [h.at_s - h.end_s for heard in outcome.heard.values() for h in heard if not h.is_final and h.text]
    return {
        "system": system,
        "streams": streams,
        "words": len(words),
        "word_p50_ms": 1000 * percentile(words, 50),
        "word_p95_ms": 1000 * percentile(words, 95),
        "partials": len(answers),
        "answer_p50_ms": 1000 * percentile(answers, 50),
        "answer_p95_ms": 1000 * percentile(answers, 95),
        "memory_mb": memory_mb,
        "dropped_s": outcome.dropped_s,
    }


def _word_delays(heard: Sequence[Heard]) -> Iterator[float]:
    """Yield seconds from the end of each finally recognised word until it first stood in its place."""
    shown: list[tuple[float, list[str]]] = []
    for result in heard:
        shown.append((result.at_s, result.text.split()))
        if not result.is_final:
            continue
        for place, word in enumerate(result.words):
            first_s = next((at_s for at_s, words in shown if words[place : place + 1] == [word.text]), result.at_s)
            yield first_s - word.end_s
        shown.clear()


if __name__ == "__main__":
    main()
