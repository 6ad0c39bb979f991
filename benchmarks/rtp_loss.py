"""Lost and reordered RTP packets: what the receiver reports, and what it costs in character errors.

Use: python -m benchmarks.rtp_loss   (Whisper base; about ten minutes on two cores)

Both sides of the sample call go as PCMU packets of 20 ms through the receiver's own code: jitter buffer, concealment,
call time. The peer in the same run is the same receiver without concealment: silence where packets are missing.
"""

from __future__ import annotations

import json
import random
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from asr_models.evaluation import Result, Utterance, by_group
from asr_models.evaluation_run import listen
from asr_models.factory import build_recognizer
from benchmarks.report import show
from benchmarks.telephony_clients import encoded, sides
from hotline.audio import AudioFrame, AudioGap
from hotline.config import Config
from hotline.sample import SAMPLE_REFERENCE
from hotline.sources.file import FileSource
from hotline.sources.live_feed import ChannelInput, LiveFeed
from hotline.sources.telephony.codecs import parse_payloads
from hotline.sources.telephony.concealment import Concealment
from hotline.sources.telephony.rtp_packet import RtpPacket
from hotline.sources.telephony.rtp_stream import RtpAudio

RATE_HZ = 8000
PACKET = 160
PACKET_S = PACKET / RATE_HZ
PAYLOADS = parse_payloads("0=pcmu/8000")
MOST_LATE_S = 0.06


@dataclass(frozen=True)
class Condition:
    """How bad the network is; shares in [0, 1]."""

    name: str
    loss: float
    reorder: float
    conceal: bool = True


CONDITIONS = (
    Condition("clean", 0.0, 0.0),
    Condition("reordered 5 %", 0.0, 0.05),
    *(
        Condition(f"lost {percent} %, reordered 2 %{', silence instead' if not conceal else ''}",
                  percent / 100, 0.02, conceal)
        for percent in (1, 5, 10)
        for conceal in (True, False)
    ),
)  # fmt: skip


class Silence(Concealment):
    """The peer: nothing in place of what was lost."""

    def conceal(self, count: int) -> bytes:
        return bytes(2 * count)


class Stream:
    """A `CallStream` straight into a feed."""

    call_id = "benchmark"

    def __init__(self, channel: ChannelInput) -> None:
        self.push, self.skip, self.resync = channel.push, channel.skip, channel.resync


def packets(law: np.ndarray, condition: Condition, seed: int, origin_s: float) -> Iterator[RtpPacket]:
    """Yield the packets that arrive, in the order of arrival."""
    dice = random.Random(seed)
    sent = []
    for index in range(len(law) // PACKET):
        late_s = dice.uniform(PACKET_S, MOST_LATE_S) if dice.random() < condition.reorder else 0.0
        if dice.random() >= condition.loss:
            arrival_s = origin_s + (index + 1) * PACKET_S + late_s
            payload = law[index * PACKET : (index + 1) * PACKET].tobytes()
            sent.append(RtpPacket(0, index % 65536, index * PACKET, 1, payload, arrival_s))
    yield from sorted(sent, key=lambda packet: packet.arrival_s)


def receive(law: np.ndarray, condition: Condition, seed: int) -> tuple[np.ndarray, RtpAudio, float]:
    """Return what the recogniser gets, the receiver, and seconds of gaps that the call shows."""
    feed = LiveFeed("rtp", RATE_HZ, capacity_s=3600.0)
    audio = RtpAudio(Stream(feed.open("caller", RATE_HZ, timed=True)), PAYLOADS, RATE_HZ)  # type: ignore[arg-type]
    if not condition.conceal:
        audio._concealment = Silence(RATE_HZ)
    for packet in packets(law, condition, seed, feed.origin_s):
        audio.tick(packet.arrival_s)
        audio.take(packet)
    audio.flush()
    feed.close()
    sound = np.zeros(len(law) + RATE_HZ, np.int16)
    gap_s = 0.0
    for item in feed.frames():
        if isinstance(item, AudioGap):
            gap_s += item.end_s - item.start_s
        elif isinstance(item, AudioFrame):
            samples, place = np.frombuffer(item.pcm, np.int16), round(item.start_s * RATE_HZ)
            sound[place : place + len(samples)] = samples[: len(sound) - place]
    return sound, audio, gap_s


def write(path: Path, sound: np.ndarray) -> None:
    """Write a mono WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(sound.tobytes())


def references() -> dict[str, str]:
    """Return what each side says."""
    turns = json.loads(SAMPLE_REFERENCE.read_text("utf-8"))["turns"]
    return {
        side: " ".join(turn["text"] for turn in turns if turn["speaker"] == side) for side in ("operator", "caller")
    }


def main() -> None:
    """Receive, recognise, print."""
    said = references()
    laws = dict(zip(("operator", "caller"), map(encoded, sides()), strict=True))
    utterances: list[Utterance] = []
    reports: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, condition in enumerate(CONDITIONS):
            report = reports[condition.name] = {"lost": 0, "reordered": 0, "late": 0, "concealed_s": 0.0, "gaps_s": 0.0}
            for seed, (side, law) in enumerate(laws.items()):
                sound, audio, gap_s = receive(law, condition, seed)
                path = Path(folder) / f"{number}-{side}.wav"
                write(path, sound)
                utterances.append(Utterance(path, said[side], (condition.name,)))
                stats = audio.buffer.stats
                for name, value in (("lost", stats.lost), ("reordered", stats.reordered), ("late", stats.late)):
                    report[name] += value
                report["concealed_s"] += audio.concealed_s if condition.conceal else 0.0
                report["gaps_s"] += gap_s
        recognizer, info = build_recognizer(Config.with_overrides({}))
        assert recognizer, info.reason
        try:
            results: list[Result] = [(u, listen(FileSource(u.audio), recognizer)) for u in utterances]
        finally:
            recognizer.close()
    figures = {row.group: row for row in by_group(results)}
    rows = []
    for condition in CONDITIONS:
        row = next(figure for name, figure in figures.items() if condition.name in str(name))
        rows.append({"condition": condition.name, **reports[condition.name], "cer": row.plain.rate})
    show("rtp_loss", rows)


if __name__ == "__main__":
    main()
