"""RTP: order, losses, sources, codecs; real media from ffmpeg."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from hotline.errors import CapacityError, ConfigError
from hotline.hub import Hub
from hotline.queries import snapshot
from hotline.sources.telephony.access import Access, Limits
from hotline.sources.telephony.codecs import Payload, decoder, parse_payloads
from hotline.sources.telephony.jitter import JitterBuffer
from hotline.sources.telephony.rtp import RtpSettings, parse_ports
from hotline.sources.telephony.rtp_packet import HEADER, RtpPacket, parse_rtp
from hotline.sources.telephony.rtp_stream import RtpAudio
from hotline.sources.telephony.server import Telephony
from hotline.streams import CallSpec
from tests.conftest import MakeHub
from tests.synth import write_wav
from tests.telephony import RATE_HZ, TONE, ended_call, listening, wait_for

PAYLOADS = parse_payloads("0=pcmu/8000,8=pcma/8000,9=g722/16000/8000,11=s16be/8000,118=s16be/16000")
PACKET_S = 0.02


@pytest.fixture
def hub(make_hub: MakeHub) -> Hub:
    return make_hub({"HOTLINE_STREAM_LINGER_S": "0.2"})


@pytest.fixture
def telephony(hub: Hub) -> Iterator[Telephony]:
    with listening(hub, limits=Limits(idle_s=0.6)) as listeners:
        yield listeners


def packet(index: int, *, payload: bytes = b"", kind: int = 11, ssrc: int = 1, first: int = 65500) -> RtpPacket:
    """The packet of this index of a stream whose counters wrap soon."""
    timestamp = (0xFFFFFF00 + index * 160) % (1 << 32)
    return RtpPacket(kind, (first + index) % 65536, timestamp, ssrc, payload, index * PACKET_S)


def on_the_wire(index: int, payload: bytes, kind: int = 0) -> bytes:
    return HEADER.pack(0x80, kind, index % 65536, index * 160 % (1 << 32), 7) + payload


@dataclass
class Heard:
    """A `CallStream` that remembers."""

    call_id: str = "c"
    samples: list[np.ndarray] = field(default_factory=list)
    skips: list[tuple[float, bool]] = field(default_factory=list)
    resyncs: int = 0

    def push(self, pcm: bytes, arrival_s: float | None = None) -> None:
        self.samples.append(np.frombuffer(pcm, "<i2"))

    def skip(self, seconds: float, *, lost: bool) -> None:
        self.skips.append((round(seconds, 6), lost))

    def resync(self, arrival_s: float | None = None) -> None:
        self.resyncs += 1

    @property
    def sound(self) -> np.ndarray:
        return np.concatenate(self.samples)


def tone_packets(count: int) -> list[RtpPacket]:
    wave = np.resize(TONE, count * 160).astype(">i2")
    return [packet(index, payload=wave[index * 160 : (index + 1) * 160].tobytes()) for index in range(count)]


def heard(packets: list[RtpPacket]) -> tuple[Heard, RtpAudio]:
    stream = Heard()
    audio = RtpAudio(stream, PAYLOADS, RATE_HZ)  # type: ignore[arg-type]
    for item in packets:
        audio.take(item)
    audio.flush()
    return stream, audio


def test_reordered_and_doubled_packets_come_out_in_order_across_the_wrap() -> None:
    packets = tone_packets(200)
    shuffled = packets[:1]
    for index in range(1, 199, 3):
        shuffled += [packets[index + 1], packets[index], packets[index + 1], packets[index + 2]]
    stream, audio = heard(shuffled)
    assert np.array_equal(stream.sound, np.resize(TONE, 199 * 160))
    stats = audio.buffer.stats
    assert (stats.lost, stats.reordered) == (0, 66)
    assert stats.late == 66


def test_a_packet_in_order_never_waits_and_one_behind_a_hole_waits_at_most_the_hold() -> None:
    buffer = JitterBuffer(hold_s=0.1)
    assert len(buffer.put(packet(0))) == 1
    assert buffer.put(packet(2)) == []
    assert buffer.deadline_s() == pytest.approx(0.14)
    assert buffer.due(0.139) == []
    (playout,) = buffer.due(0.141)
    assert playout.missing == 1
    assert buffer.put(packet(1)) == []
    assert buffer.stats.late == 1
    assert buffer.stats.lost == 1


def test_a_short_loss_is_concealed_a_long_one_is_a_gap() -> None:
    packets = tone_packets(100)
    stream, audio = heard([p for index, p in enumerate(packets) if index not in (40, 60, 61, 62, 63, 64)])
    assert stream.skips == [(0.1, True)]
    assert audio.concealed_s == pytest.approx(0.02)
    assert audio.gap_s == pytest.approx(0.1)
    place = 40 * 160
    concealed = stream.sound[place : place + 160].astype(float)
    expected = np.resize(TONE, 100 * 160)[place : place + 160].astype(float)
    assert np.corrcoef(concealed, expected)[0, 1] > 0.8
    assert "6.0%" in audio.summary()


def test_silence_that_was_not_sent_is_no_loss() -> None:
    packets = tone_packets(20)
    later = [
        RtpPacket(11, (p.seq) % 65536, (p.timestamp + 16000) % (1 << 32), 1, p.payload, p.arrival_s + 2)
        for p in packets[10:]
    ]
    stream, _ = heard(packets[:10] + later)
    assert stream.skips == [(2.0, False)]
    assert stream.resyncs == 0


def test_another_source_takes_over_only_when_it_alone_sends() -> None:
    ours = tone_packets(30)
    stranger = [packet(index, payload=bytes(320), ssrc=2, first=100) for index in range(30)]
    mixed = [item for pair in zip(ours[:10], stranger[:10], strict=True) for item in pair]
    stream, _ = heard(mixed)
    assert len(stream.sound) == 10 * 160
    stream, audio = heard(ours[:10] + stranger[10:20])
    assert stream.resyncs == 1
    assert len(stream.sound) == (10 + 8) * 160
    assert audio.buffer.stats.restarts == 1


def test_a_jump_of_the_clock_is_placed_by_arrival() -> None:
    packets = tone_packets(20)
    jumped = [
        RtpPacket(11, p.seq, (p.timestamp + 999_999_999) % (1 << 32), 1, p.payload, p.arrival_s) for p in packets[10:]
    ]
    stream, _ = heard(packets[:10] + jumped)
    assert stream.resyncs == 1
    assert len(stream.sound) == 20 * 160


def test_header_parts_are_skipped_and_rtcp_and_rubbish_ignored() -> None:
    padded = HEADER.pack(0x80 | 0x20 | 0x10 | 0x02, 0x80 | 8, 5, 6, 7) + bytes(8)
    padded += b"\xbe\xde\x00\x01" + bytes(4) + b"payload" + b"\0\0\x03"
    parsed = parse_rtp(padded, 1.0)
    assert parsed == RtpPacket(8, 5, 6, 7, b"payload", 1.0, marker=True)
    for rubbish in (b"", padded[:11], padded[:20], b"\x00" * 20, HEADER.pack(0x80, 200, 1, 2, 3)):
        assert parse_rtp(rubbish, 1.0) is None


def test_codecs_are_what_ffmpeg_makes_of_them() -> None:
    assert np.frombuffer(decoder("pcmu")(b"\xff\x7f\x00\x80"), "<i2").tolist() == [0, 0, -32124, 32124]
    assert np.frombuffer(decoder("pcma")(b"\xd5\x55\x2a"), "<i2").tolist() == [8, -8, -32256]
    assert decoder("s16be")(b"\x01\x02\x03") == b"\x02\x01"
    assert decoder("s16le")(b"\x01\x02\x03") == b"\x01\x02"
    assert len(decoder("g722")(bytes(160))) == 640
    assert PAYLOADS[9] == Payload("g722", 16000, 8000)


@pytest.mark.parametrize("text", ["0=opus/48000", "x=pcmu/8000", "0=pcmu", "0=pcmu/a"])
def test_wrong_payload_tables(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_payloads(text)


@pytest.mark.parametrize("text", ["1", "5-3", "a-b", "1-70000"])
def test_wrong_port_ranges(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_ports(text)


def test_a_call_opened_first_gets_ports_and_two_sides_and_frees_them(hub: Hub, telephony: Telephony) -> None:
    assert hub.rtp
    call = hub.switchboard.open_call(CallSpec("pbx-9"), "api")
    ports = {channel: hub.rtp.open(CallSpec(call_id=call.id), channel) for channel in ("caller", "operator")}
    assert len(set(ports.values())) == 2
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for index in range(50):
            for port in ports.values():
                sender.sendto(on_the_wire(index, b"\xff" * 160), ("127.0.0.1", port))
            time.sleep(0.005)
    view = ended_call(hub)
    assert view["call"]["id"] == call.id
    assert set(hub.recordings.paths(call.id)) == {"caller", "operator"}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        wait_for(lambda: _binds(free, ports["caller"]))


def _binds(sock: socket.socket, port: int) -> bool:
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def test_ports_run_out_and_strangers_are_not_heard(hub: Hub) -> None:
    rtp = RtpSettings("127.0.0.1", range(41990, 41992, 2), PAYLOADS)
    with listening(hub, rtp=rtp, access=Access.parse("10.0.0.0/8", "")) as telephony:
        assert telephony.rtp
        port = telephony.rtp.open(CallSpec("a"), "caller")
        with pytest.raises(CapacityError):
            telephony.rtp.open(CallSpec("b"), "caller")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(on_the_wire(1, b"\xff" * 160), ("127.0.0.1", port))
        time.sleep(0.2)
        assert not hub.live.running()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize(
    ("codec", "kind", "rate_hz"),
    [("pcm_mulaw", 0, 8000), ("pcm_alaw", 8, 8000), ("pcm_s16be", 118, 16000), ("g722", 9, 16000)],
)
def test_ffmpeg_sends_real_media(
    hub: Hub, telephony: Telephony, tmp_path: Path, codec: str, kind: int, rate_hz: int
) -> None:
    assert hub.rtp
    port = hub.rtp.open(CallSpec(f"ffmpeg-{kind}"), "caller")
    tone = (np.sin(np.arange(2 * rate_hz) * 2 * np.pi * 440 / rate_hz) * 8000).astype(np.int16)
    path = write_wav(tmp_path / "tone.wav", [tone], rate_hz)
    command = ["ffmpeg", "-loglevel", "error", "-re", "-i", str(path), "-c:a", codec, "-ar", str(rate_hz)]
    command += ["-payload_type", str(kind), "-f", "rtp", f"rtp://127.0.0.1:{port}"]
    subprocess.run(command, check=True, timeout=30, stdout=subprocess.DEVNULL)
    view = ended_call(hub)
    assert view["call"]["source"] == "rtp"
    assert view["gaps"] == view["notes"] == []
    assert view["call"]["duration_s"] == pytest.approx(2.0, abs=0.15)
    sound = np.frombuffer(Path(hub.recordings.paths(view["call"]["id"])["caller"]).read_bytes()[44:], np.int16)
    spectrum = np.abs(np.fft.rfft(sound[:rate_hz] * np.hanning(rate_hz)))
    assert abs(int(spectrum.argmax()) - 440) <= 2


def test_loss_is_reported_on_the_call(hub: Hub, telephony: Telephony) -> None:
    assert hub.rtp
    port = hub.rtp.open(CallSpec("lossy"), "caller")
    dice = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for index in range(150):
            if not (dice.random() < 0.05 or 70 <= index < 80):
                sender.sendto(on_the_wire(index, b"\xd0" * 160), ("127.0.0.1", port))
            time.sleep(0.01)
    view = ended_call(hub)
    assert [round(gap["end_s"] - gap["start_s"], 2) for gap in view["gaps"]] == [0.2]
    assert "丢包" in view["notes"][0]["text"]
    assert snapshot(hub, view["call"]["id"])["call"]["state"] == "ended"
