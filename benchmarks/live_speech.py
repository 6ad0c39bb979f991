"""Calls recognised in real time: by this project's pool, with or without the VAD gate, and by vosk-server as it is.

vosk-server's `websocket/asr_server.py` is run from wherever it was fetched to, unchanged, with an interpreter or
PYTHONPATH that has the websockets version it was written for (10).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from websockets.asyncio.client import connect

from asr_models.pool import PooledRecognizer
from benchmarks.speech_calls import SpokenCall
from hotline.audio import AudioFrame
from hotline.domain.segment import Word
from hotline.ports import RecognizerSession
from hotline.vad import VadGate

PEER_BLOCK_S = 0.2
"""What vosk-server's own test client sends at a time."""
FINISH_S = 600.0
"""A starved machine is given so long for the last words."""


@dataclass(frozen=True)
class Heard:
    """A result and when it came, both in seconds from the start of the calls."""

    at_s: float
    text: str
    is_final: bool
    end_s: float
    """Second of the call up to which audio had been given when it came, at the latest."""
    words: tuple[Word, ...] = ()


@dataclass
class Outcome:
    """What one system made of the calls; results by (call, channel)."""

    cpu_s: float = 0.0
    heard: dict[tuple[int, str], list[Heard]] = field(default_factory=dict)
    drained_s: float = 0.0
    """How long after the last audio the last result came, over all channels."""
    dropped_s: float = 0.0

    def text(self, call: int, channel: str) -> str:
        """Return all final text of a channel."""
        return " ".join(heard.text for heard in self.heard[call, channel] if heard.is_final)


def cpu_s(pid: int) -> float:
    """Return the processor time that a process and its children have used."""
    process = psutil.Process(pid)
    members = [process, *process.children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in members)


def run_ours(recognizer: PooledRecognizer, calls: Sequence[SpokenCall], *, gated: bool = True) -> Outcome:
    """Play calls in real time into the pool. All of this process counts as ours, playing included."""
    outcome = Outcome()
    pids = [os.getpid()]
    before_s = sum(map(cpu_s, pids))
    start = time.monotonic()
    sides = [(index, channel) for index, call in enumerate(calls) for channel in call.channels]
    threads = [
        threading.Thread(target=_play_call, args=(recognizer, index, call, start, gated, outcome))
        for index, call in enumerate(calls)
    ]
    for side in sides:
        outcome.heard[side] = []
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.cpu_s = sum(map(cpu_s, pids)) - before_s
    return outcome


def _play_call(
    recognizer: PooledRecognizer, index: int, call: SpokenCall, start: float, gated: bool, outcome: Outcome
) -> None:
    sessions = {channel: recognizer.open(channel) for channel in call.channels}
    gates = {channel: VadGate(channel) for channel in call.channels}
    for frames in zip(*(call.frames(channel) for channel in call.channels), strict=True):
        wait_s = start + frames[0].end_s - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        for frame in frames:
            session = sessions[frame.channel]
            give(session, gates[frame.channel], frame, gated)
            _note(session, outcome, (index, frame.channel), start, frame.end_s)
    end = time.monotonic()
    try:
        for channel, session in sessions.items():
            for found in session.finish(FINISH_S):
                heard = Heard(time.monotonic() - start, found.text, found.is_final, found.end_s, found.words)
                outcome.heard[index, channel].append(heard)
            outcome.dropped_s += sum(gap.end_s - gap.start_s for gap in session.gaps())
    finally:
        for session in sessions.values():
            session.close()
    outcome.drained_s = max(outcome.drained_s, time.monotonic() - end)


def give(session: RecognizerSession, gate: VadGate, frame: AudioFrame, gated: bool) -> None:
    if not gated:
        session.accept(frame)
        return
    output = gate.push(frame)
    for speech in output.frames:
        session.accept(speech)
    if output.utterance_ended:
        session.end_utterance()


def _note(session: RecognizerSession, outcome: Outcome, side: tuple[int, str], start: float, end_s: float) -> None:
    for found in session.results():
        at_s = time.monotonic() - start
        outcome.heard[side].append(Heard(at_s, found.text, found.is_final, found.end_s, found.words))


class Peer:
    """A running vosk-server."""

    def __init__(self, server: Path, model: Path, port: int, rate_hz: int, python_path: str = "") -> None:
        environment = {
            **os.environ,
            "VOSK_SERVER_INTERFACE": "127.0.0.1",
            "VOSK_SERVER_PORT": str(port),
            "VOSK_SAMPLE_RATE": str(rate_hz),
            "VOSK_MODEL_PATH": str(model),
            "PYTHONPATH": python_path,
        }
        self._process = subprocess.Popen(
            [sys.executable, str(server)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.address = f"ws://127.0.0.1:{port}"
        asyncio.run(self._ready())

    @property
    def pid(self) -> int:
        """Process number."""
        return self._process.pid

    def run(self, calls: Sequence[SpokenCall]) -> Outcome:
        """Play calls in real time, a connection a channel. Only the server's processor time counts."""
        before_s = cpu_s(self.pid)
        outcome = asyncio.run(self._run(calls))
        outcome.cpu_s = cpu_s(self.pid) - before_s
        return outcome

    def close(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.wait()

    async def _ready(self) -> None:
        for _ in range(600):
            try:
                async with connect(self.address, proxy=None):
                    return
            except OSError:
                await asyncio.sleep(0.1)
        raise TimeoutError("vosk-server did not start")

    async def _run(self, calls: Sequence[SpokenCall]) -> Outcome:
        outcome = Outcome()
        start = time.monotonic()
        sides = [(index, channel, call) for index, call in enumerate(calls) for channel in call.channels]
        await asyncio.gather(*(self._play(index, channel, call, start, outcome) for index, channel, call in sides))
        return outcome

    async def _play(self, index: int, channel: str, call: SpokenCall, start: float, outcome: Outcome) -> None:
        heard = outcome.heard[index, channel] = []
        samples, block = call.channels[channel], int(PEER_BLOCK_S * call.rate_hz)
        async with connect(self.address, proxy=None, ping_interval=None) as socket:
            for begin in range(0, len(samples), block):
                end_s = min(len(samples), begin + block) / call.rate_hz
                await asyncio.sleep(max(0.0, start + end_s - time.monotonic()))
                await socket.send(samples[begin : begin + block].tobytes())
                hear(heard, json.loads(await socket.recv()), time.monotonic() - start, end_s)
            await socket.send('{"eof" : 1}')
            hear(heard, json.loads(await socket.recv()), time.monotonic() - start, call.duration_s)
            outcome.drained_s = max(outcome.drained_s, time.monotonic() - start - call.duration_s, 0.0)


def hear(heard: list[Heard], answer: dict[str, Any], at_s: float, end_s: float, before_s: float = 0.0) -> None:
    """Note what Vosk answered; its word times begin `before_s` before the call."""
    text = str(answer.get("text") or answer.get("partial") or "")
    if not text or (heard and not heard[-1].is_final and heard[-1].text == text and "partial" in answer):
        return
    told: list[dict[str, Any]] = answer.get("result", [])
    words = tuple(Word(w["word"], w["start"] - before_s, w["end"] - before_s, w["conf"]) for w in told)
    heard.append(Heard(at_s, text, "text" in answer, end_s, words))
