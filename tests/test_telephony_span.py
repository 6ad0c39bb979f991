"""A mirror port: real SIP calls with media between two sipp, captured by tcpdump, become calls of a console."""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dpkt
import numpy as np
import pytest
from streamdouble.g711 import encode
from werkzeug.serving import make_server

from hotline.domain.integration import Scope
from hotline.errors import GatewayError, InputError
from hotline.integration import create_api_key
from hotline.sources.telephony.access import Access
from hotline.sources.telephony.capture import read_capture
from hotline.sources.telephony.rtp_packet import HEADER
from hotline.sources.telephony.span import Address, OpenedCall, Splitter
from tests.conftest import MakeHub
from tests.telephony import RATE_HZ, ended_call, listening, wait_for
from web import create_app

TALK_S = 4
CALLER, OPERATOR = "127.0.0.1", "127.0.0.2"
SIP_PORT, MEDIA_PORTS = 46070, {CALLER: 46200, OPERATOR: 46100}
TONES_HZ = {CALLER: 440, OPERATOR: 660}
QUIET_S = 1.0


def phone(folder: Path, role: str, address: str) -> list[str]:
    """Return sipp's own scenario of a role with a voice in it."""
    wave = np.sin(np.arange(TALK_S * RATE_HZ) * 2 * np.pi * TONES_HZ[address] / RATE_HZ) * 8000
    voice = folder / f"{role}.ulaw"
    voice.write_bytes(encode(wave.astype(np.int16)))
    talk = f'<nop><action><exec rtp_stream="{voice},1,0,PCMU/8000"/></action></nop><pause milliseconds="{TALK_S}000"/>'
    scenario = subprocess.run(["sipp", "-sd", role], capture_output=True, text=True).stdout
    scenario = scenario.replace("[media_port]", "[rtpstream_audio_port]").replace("<pause/>", talk)
    before, ack, after = scenario.partition('<recv request="ACK"')
    if ack:
        after = ">" + after.partition(">")[2]
        scenario = before + ack + after.replace("</recv>", "</recv>" + talk, 1)
    (folder / f"{role}.xml").write_text(scenario)
    media = ["-mi", address, "-mp", str(MEDIA_PORTS[address])]
    return ["sipp", "-sf", str(folder / f"{role}.xml"), "-i", address, *media, "-m", "1", "-nostdin"]


def can_capture() -> bool:
    if not (shutil.which("sipp") and shutil.which("tcpdump")):
        return False
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not can_capture(), reason="sipp or tcpdump is not installed, or tcpdump may not capture")
def test_a_call_on_a_mirror_port_is_heard_on_both_sides(make_hub: MakeHub, tmp_path: Path) -> None:
    hub = make_hub({"HOTLINE_STREAM_LINGER_S": "5"})
    key = create_api_key(hub, "test", "span", [Scope.WRITE_CALLS, Scope.WRITE_STREAMS])[1]
    (tmp_path / "key").write_text(key)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    filter_ = "udp and portrange 46000-46999"
    with listening(hub):
        server = make_server("127.0.0.1", 0, create_app(hub), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tcpdump = subprocess.Popen(
            ["tcpdump", "-i", "lo", "-U", "-w", "-", *filter_.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        console = f"http://127.0.0.1:{server.server_port}"
        command = [sys.executable, "-m", "hotline", "span", "-", "--operators", f"{OPERATOR}/32"]
        span = subprocess.Popen(
            [*command, "--console", console, "--key-file", str(tmp_path / "key"), "--quiet-s", str(QUIET_S)],
            stdin=tcpdump.stdout,
        )
        processes = [span, tcpdump]
        try:
            assert tcpdump.stderr
            assert b"listening on lo" in tcpdump.stderr.readline()
            answering = [*phone(tmp_path, "uas", OPERATOR), "-p", str(SIP_PORT)]
            processes.append(subprocess.Popen(answering, **quiet))  # type: ignore[call-overload]
            time.sleep(0.5)
            dialling = [*phone(tmp_path, "uac", CALLER), "-p", str(SIP_PORT + 1), f"{OPERATOR}:{SIP_PORT}"]
            assert subprocess.run(dialling, timeout=60, **quiet).returncode == 0  # type: ignore[call-overload]
            view = ended_call(hub)
            tcpdump.terminate()
            assert span.wait(20) == 0
        finally:
            for process in processes:
                process.kill()
                process.wait()
            server.shutdown()
            server.server_close()
    call_id = str(view["call"]["id"])
    assert str(view["call"]["external_id"]).startswith(f"span-{OPERATOR}-{MEDIA_PORTS[OPERATOR]}-")
    assert view["gaps"] == view["notes"] == []
    paths = hub.recordings.paths(call_id)
    for channel, address in (("caller", CALLER), ("operator", OPERATOR)):
        sound = np.frombuffer(Path(paths[channel]).read_bytes()[44:], np.int16)
        assert abs(len(sound) / RATE_HZ - TALK_S) < 1.0
        middle = sound[RATE_HZ : 2 * RATE_HZ]
        loudest_hz = int(np.abs(np.fft.rfft(middle * np.hanning(RATE_HZ))).argmax())
        assert abs(loudest_hz - TONES_HZ[address]) <= 2


class Desk:
    """A console that remembers; `refused` conversations get no call."""

    def __init__(self, refused: str = "never") -> None:
        self.refused = refused
        self.opened: list[str] = []
        self.ended: list[str] = []

    def open(self, external_id: str) -> OpenedCall:
        if self.refused in external_id:
            raise GatewayError("满", expected="", found="", remedy="")
        self.opened.append(external_id)
        port = 1000 * len(self.opened)
        return OpenedCall(external_id, {"caller": ("127.0.0.1", port), "operator": ("127.0.0.1", port + 2)})

    def end(self, call_id: str) -> None:
        self.ended.append(call_id)


def on_the_wire(source: Address, target: Address, payload: bytes, vlan: bool = False) -> bytes:
    """An Ethernet frame, as dpkt writes it."""
    datagram = dpkt.udp.UDP(sport=source[1], dport=target[1], data=payload)
    datagram.ulen = len(datagram)
    addresses = {"src": socket.inet_aton(source[0]), "dst": socket.inet_aton(target[0])}
    packet = dpkt.ip.IP(p=dpkt.ip.IP_PROTO_UDP, data=datagram, **addresses)
    frame = bytes(dpkt.ethernet.Ethernet(src=b"\2" * 6, dst=b"\4" * 6, data=packet, type=dpkt.ethernet.ETH_TYPE_IP))
    return frame[:12] + b"\x81\x00\x00\x05" + frame[12:] if vlan else frame


def capture(frames: list[bytes]) -> io.BytesIO:
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file)
    for index, frame in enumerate(frames):
        writer.writepkt(frame, 1000 + index * 0.01)
    file.seek(0)
    return file


def talk(desk: Desk, frames: list[bytes]) -> list[tuple[bytes, Address]]:
    """Let a splitter hear a capture to its end; return what it sent where."""
    sent: list[tuple[bytes, Address]] = []
    with ThreadPoolExecutor(1) as threads:
        operators = Access.parse("10.0.1.0/24", "").networks
        splitter = Splitter(desk, operators, {0}, lambda data, to: sent.append((data, to)), threads, quiet_s=0.2)
        for packet in read_capture(capture(frames)):
            splitter.take(packet)
        wait_for(lambda: splitter.look_after() or not splitter.busy)
    return sent


def voice(index: int, ssrc: int) -> bytes:
    return HEADER.pack(0x80, 0, index, index * 160, ssrc) + bytes([ssrc]) * 160


def conversation(operator: Address, other: Address, ssrc: int, *, vlan: bool = False) -> list[bytes]:
    """Twenty packets of either side: the operator's source is `ssrc`, the caller's the next one."""
    pairs = [
        (
            on_the_wire(operator, other, voice(index, ssrc), vlan),
            on_the_wire(other, operator, voice(index, ssrc + 1), vlan),
        )
        for index in range(20)
    ]
    return [frame for pair in pairs for frame in pair]


def test_calls_at_one_time_are_kept_apart_and_noise_opens_none() -> None:
    first = conversation(("10.0.1.5", 20000), ("10.0.9.1", 30000), 1)
    second = conversation(("10.0.1.6", 20000), ("10.0.9.1", 30002), 5, vlan=True)
    noise = [on_the_wire(("10.0.1.7", 5353), ("10.0.9.1", 53), bytes(range(n % 200))) for n in range(40)]
    looks_like_it = [
        on_the_wire(("10.0.9.1", 9), ("10.0.1.8", 40000), voice((n * 7919) % 65536, n + 1)) for n in range(40)
    ]
    among_strangers = conversation(("10.0.9.2", 20000), ("10.0.9.1", 30000), 9)
    desk = Desk()
    mixed = zip(first, second, noise, looks_like_it, among_strangers, strict=True)
    sent = talk(
        desk, [frame[:60] if n % 97 == 96 else frame for n, frame in enumerate(f for row in mixed for f in row)]
    )
    assert len(desk.opened) == len(desk.ended) == 2
    heard = {to: {data[12] for data, where in sent if where == to} for _, to in sent}
    assert sorted(map(len, heard.values())) == [1, 1, 1, 1]
    for number, external_id in enumerate(desk.opened, 1):
        ssrc = 1 if "10.0.1.5" in external_id else 5
        assert heard[("127.0.0.1", 1000 * number + 2)] == {ssrc}
        assert heard[("127.0.0.1", 1000 * number)] == {ssrc + 1}
    assert len(sent) >= 78


def test_a_call_that_the_console_refuses_does_not_disturb_another() -> None:
    frames = conversation(("10.0.1.5", 20000), ("10.0.9.1", 30000), 1)
    frames += conversation(("10.0.1.6", 20000), ("10.0.9.1", 30002), 5)
    desk = Desk(refused="10.0.1.5")
    sent = talk(desk, frames)
    assert len(desk.opened) == 1
    assert len(sent) == 40


def test_what_is_no_capture_is_refused_with_a_reason() -> None:
    with pytest.raises(InputError, match="抓包"):
        list(read_capture(io.BytesIO(b"RIFF" + bytes(100))))
