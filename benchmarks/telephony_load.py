"""Many telephone streams at real speed into one process with a recogniser that does nothing: dropped frames, delay.

Use: python -m benchmarks.telephony_load PROTOCOL… [--streams 50] [--seconds 60] [--peer asr_server.py --peer-path DIR]

PROTOCOL is vosk, audiosocket, rtp, twilio or browser (the console under gunicorn), or several. Two streams are the two
sides of one call. The server process runs the whole way of a call (protocol, call time,
recording on disk, database; with --voice-activity on also the Silero model, which costs far more than the rest); the client process sends the sample call's voices. Delay: from
the moment a block was sent until its last 20 ms frame has been recorded and handed on. For vosk also until the reply,
which is what the peer, vosk-server's own asr_server.py, is measured by too; it is run in its own Python path DIR, which must
hold a `websockets` that it can use and a `vosk` module with a KaldiRecognizer that does nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.report import percentile, show

START_S = 60.0
BLOCK_MS = {"vosk": 200, "audiosocket": 20, "rtp": 20, "twilio": 20, "browser": 20}
FRAME_S = 0.02


def run(command: list[str], **options: Any) -> subprocess.Popen[str]:
    """Start a helper process whose lines we read."""
    return subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, **options)


def ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for the line that says where a server listens."""
    assert process.stdout
    line = process.stdout.readline()
    assert line, "the server did not start"
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def stopped(process: subprocess.Popen[str]) -> str:
    """Ask a process to end and return the rest of its output."""
    process.terminate()
    return process.communicate(timeout=120)[0]


def cpu_s(process: subprocess.Popen[str]) -> float:
    """Return processor seconds that a server used so far."""
    server = psutil.Process(process.pid)
    times = [one.cpu_times() for one in (server, *server.children(recursive=True))]
    return float(sum(time_.user + time_.system for time_ in times))


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run our server and the clients; return one row."""
    server_out, client_out = folder / "server.npz", folder / "client.npz"
    module = "benchmarks.browser_server" if arguments.protocol == "browser" else "benchmarks.telephony_server"
    server = run(
        ["-m", module, str(folder), str(server_out), arguments.protocol, str(arguments.streams),
         arguments.voice_activity]
    )  # fmt: skip
    ports = ready(server)
    before_s = cpu_s(server)
    client = run(
        [
            "-m", "benchmarks.telephony_clients", arguments.protocol, json.dumps(ports), str(client_out),
            str(arguments.streams), str(arguments.seconds), str(BLOCK_MS[arguments.protocol]),
        ]
    )  # fmt: skip
    client.wait(arguments.seconds + 120)
    used = (cpu_s(server) - before_s) / arguments.seconds
    time.sleep(3)
    stopped(server)
    sent, got = np.load(client_out), np.load(server_out)
    return {"server": "ours", **_frames(arguments, sent, got), **_replies(sent), "server_cores": used}


def _frames(arguments: argparse.Namespace, sent: Any, got: Any) -> dict[str, Any]:
    """Match recorded frames with the blocks that carried them."""
    per_block = BLOCK_MS[arguments.protocol] // 20
    delays: list[float] = []
    recorded = expected = 0
    for stream in range(arguments.streams):
        moments, frames = sent[f"sent_{stream}"], got[f"frames_{stream}"]
        expected += len(moments) * per_block
        recorded += len(frames)
        last = frames[per_block - 1 :: per_block][: len(moments)]
        delays += list(last - moments[: len(last)])
    return {
        "sent_frames": expected,
        "recorded_frames": recorded,
        "gaps": int(got["gaps"]),
        "delay_p50_ms": 1000 * percentile(delays, 50),
        "delay_p95_ms": 1000 * percentile(delays, 95),
        "delay_p99_ms": 1000 * percentile(delays, 99),
        "delay_most_ms": 1000 * max(delays),
    }


def _replies(sent: Any) -> dict[str, Any]:
    replies = list(sent["replies"])
    if not replies:
        return {}
    return {"reply_p50_ms": 1000 * percentile(replies, 50), "reply_p95_ms": 1000 * percentile(replies, 95)}


def measure_peer(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run vosk-server's own server with the same clients; only replies can be compared."""
    environment = {**os.environ, "PYTHONPATH": str(arguments.peer_path), "VOSK_SERVER_PORT": "42700"}
    server = run([str(arguments.peer)], env=environment)
    time.sleep(3)
    before_s = cpu_s(server)
    client_out = folder / "peer.npz"
    ports = json.dumps({"websocket": 42700})
    client = run(
        ["-m", "benchmarks.telephony_clients", "vosk", ports, str(client_out), str(arguments.streams),
         str(arguments.seconds), str(BLOCK_MS["vosk"])]
    )  # fmt: skip
    client.wait(arguments.seconds + 120)
    used = (cpu_s(server) - before_s) / arguments.seconds
    stopped(server)
    sent = np.load(client_out)
    frames = sum(len(sent[f"sent_{stream}"]) for stream in range(arguments.streams)) * BLOCK_MS["vosk"] // 20
    return {"server": "vosk-server", "sent_frames": frames, **_replies(sent), "server_cores": used}


def main() -> None:
    """Run the protocols, one after the other, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("protocols", nargs="+", choices=list(BLOCK_MS))
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--voice-activity", choices=["on", "off"], default="off", help="the Silero model in the gate")
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--peer-path", type=Path)
    arguments = parser.parse_args()
    rows = []
    for protocol in arguments.protocols:
        arguments.protocol = protocol
        with tempfile.TemporaryDirectory() as folder:
            rows.append({"protocol": protocol, **measure(arguments, Path(folder))})
            if arguments.peer and protocol == "vosk":
                rows.append({"protocol": "vosk", **measure_peer(arguments, Path(folder))})
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = [{name: row.get(name, "") for name in columns} for row in rows]
    show("telephony_load", table)


if __name__ == "__main__":
    main()
