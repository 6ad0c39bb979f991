"""Malformed and truncated frames of every protocol, found by hypothesis: no crash, no leak, no stuck call.

The quick test sends some hundred frames a protocol; the slow one 10,000 each (a minute in all). A well-behaved peer
stays connected all the while and must be served to the end.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from hotline.hub import Hub
from hotline.sources.telephony.access import Limits
from hotline.sources.telephony.rtp_packet import HEADER
from hotline.sources.telephony.server import Telephony
from hotline.streams import CallSpec
from tests.conftest import MakeHub
from tests.fakes import NullRecordings
from tests.telephony import calls, listening, wait_for

PER_EXAMPLE = 50
SETTINGS = {"HOTLINE_MAX_CALLS": "64", "HOTLINE_STREAM_LINGER_S": "0.1", "HOTLINE_STREAM_WAIT_S": "0.5"}
AUDIO = bytes(320)
FILES_KEPT, THREADS_KEPT = 60, 12
"""Database connections and the threads that open and end streams stay; both are pools."""
MEMORY_KEPT_BYTES = 120 << 20
"""The heap is cut up by thousands of connections; a leak of a call's audio or recogniser would be far more."""

numbers = st.one_of(st.integers(), st.floats(), st.text(max_size=5), st.none(), st.booleans())
values = st.recursive(numbers, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
binary = st.binary(max_size=400)

vosk_frames = st.one_of(
    binary,
    binary,
    binary,
    st.just(AUDIO),
    st.sampled_from(['{"eof":1}', '{ "eof" : 1 }', '{"reset" : 1}', '{"eof', '"eof"', "[" * 2000, "{}", "\0"]),
    st.fixed_dictionaries({"config": values}).map(json.dumps),
    st.fixed_dictionaries(
        {"config": st.fixed_dictionaries({}, optional={"sample_rate": numbers, "words": numbers, "call": values})}
    ).map(json.dumps),
    st.text(max_size=30),
)

media = st.fixed_dictionaries(
    {},
    optional={
        "track": st.sampled_from(["inbound", "outbound", "inbound", "both", 3]),
        "chunk": st.one_of(st.integers(0, 99).map(str), numbers),
        "timestamp": st.one_of(st.integers(0, 10**6).map(str), numbers),
        "payload": st.one_of(binary.map(lambda raw: base64.b64encode(raw).decode()), st.text(max_size=9)),
    },
)
good_media = st.fixed_dictionaries({"payload": binary.map(lambda raw: base64.b64encode(raw).decode())})
twilio_frames = st.one_of(
    st.fixed_dictionaries({"event": st.just("media"), "media": good_media}).map(json.dumps),
    st.fixed_dictionaries({"event": st.just("media"), "media": st.one_of(media, media, media, values)}).map(json.dumps),
    st.fixed_dictionaries({"event": st.sampled_from(["connected", "mark", "dtmf"]), "mark": values}).map(json.dumps),
    st.fixed_dictionaries({"event": st.sampled_from(["start", "stop", "x"]), "start": values}).map(json.dumps),
    st.text(max_size=30),
    binary,
)

kinds = st.one_of(st.sampled_from([0x10, 0x10, 0x10, 0x12, 0x00, 0x01, 0x03, 0xFF]), st.integers(0, 255))
audiosocket_frames = st.one_of(
    st.builds(lambda kind, payload: struct.pack("!BH", kind, len(payload)) + payload, kinds, binary),
    st.just(struct.pack("!BH", 0x10, 320) + AUDIO),
    st.builds(
        lambda kind, length, payload: struct.pack("!BH", kind, length) + payload, kinds, st.integers(0, 65535), binary
    ),
    st.binary(max_size=3),
)

rtp_header = st.builds(
    HEADER.pack,
    st.one_of(st.just(0x80), st.integers(0, 255)),
    st.one_of(st.sampled_from([0, 8, 9, 11, 118, 13, 101]), st.integers(0, 255)),
    st.one_of(st.integers(0, 200), st.integers(0, 65535)),
    st.one_of(st.integers(0, 32000), st.integers(0, 2**32 - 1)),
    st.sampled_from([1, 1, 1, 2, 3]),
)
rtp_frames = st.one_of(
    st.builds(lambda header, payload: header + payload, rtp_header, binary),
    st.builds(lambda header, cut: header[:cut], rtp_header, st.integers(0, 12)),
    binary,
)


class Peer:
    """Sends frames; connects again whenever the server has hung up."""

    def __init__(self, telephony: Telephony, path: str = "/") -> None:
        self._address = f"ws://127.0.0.1:{telephony.ports['websocket']}{path}"
        self._path = path
        self._socket: ClientConnection | None = None
        self._stack = ExitStack()
        self.sent = 0

    def send(self, frames: list[str | bytes]) -> None:
        for frame in frames:
            self.sent += 1
            try:
                self._open().send(frame)
            except (WebSocketException, OSError):
                self.hang_up()
        self._truncated()

    def _open(self) -> ClientConnection:
        if self._socket is None:
            client = connect(self._address, proxy=None, compression=None, close_timeout=1)
            self._socket = self._stack.enter_context(client)
            if self._path != "/":
                self._socket.send('{"event": "start", "start": {}}')
        return self._socket

    def _truncated(self) -> None:
        """End an example with half a frame on the wire and a bare disconnect."""
        with suppress(WebSocketException, OSError):
            self._open().socket.sendall(b"\x82\xfe\x01")
        self.hang_up()

    def hang_up(self) -> None:
        if self._socket:
            with suppress(OSError):
                self._socket.socket.shutdown(socket.SHUT_RDWR)
            self._stack.close()
            self._socket = None


class TcpPeer:
    """The same on AudioSocket."""

    def __init__(self, telephony: Telephony) -> None:
        self._port = telephony.ports["audiosocket"]
        self._socket: socket.socket | None = None
        self.sent = 0

    def send(self, frames: list[bytes]) -> None:
        for frame in frames:
            self.sent += 1
            try:
                if self._socket is None:
                    self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=5)
                    if self.sent % 3:
                        self._socket.sendall(struct.pack("!BH", 1, 16) + uuid.uuid4().bytes)
                self._socket.sendall(frame)
            except OSError:
                self.hang_up()
        self.hang_up()

    def hang_up(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None


class UdpPeer:
    """Datagrams to ports that are opened as calls are lost."""

    def __init__(self, telephony: Telephony) -> None:
        assert telephony.rtp
        self._rtp = telephony.rtp
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._port = 0
        self.sent = 0

    def send(self, frames: list[bytes]) -> None:
        if self.sent % (4 * PER_EXAMPLE) == 0:
            self._port = self._rtp.open(CallSpec(f"fuzz-{self.sent}"), "caller")
        for frame in frames:
            self.sent += 1
            self._socket.sendto(frame, ("127.0.0.1", self._port))
        time.sleep(0.005)

    def hang_up(self) -> None:
        self._socket.close()


PROTOCOLS: dict[str, tuple[Callable[[Telephony], Any], st.SearchStrategy[Any]]] = {
    "vosk": (Peer, vosk_frames),
    "twilio": (lambda telephony: Peer(telephony, "/twilio"), twilio_frames),
    "audiosocket": (TcpPeer, audiosocket_frames),
    "rtp": (UdpPeer, rtp_frames),
}


def open_files() -> int:
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


def with_examples(frames: st.SearchStrategy[Any], frame_count: int, run: Callable[[list[Any]], None]) -> None:
    """Make the same lists of frames each time, and run each."""

    @settings(
        max_examples=frame_count // PER_EXAMPLE, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), derandomize=True,
    )  # fmt: skip
    @given(st.lists(frames, min_size=PER_EXAMPLE, max_size=PER_EXAMPLE))
    def each(example: list[Any]) -> None:
        run(example)

    each()


def survives(hub: Hub, protocol: str, frame_count: int) -> None:
    """Send frames beside a well-behaved peer; afterwards only that one may be left."""
    make, frames = PROTOCOLS[protocol]
    with_examples(frames, frame_count, lambda example: None)  # what hypothesis itself keeps is kept from here on
    with listening(hub, limits=Limits(idle_s=10.0)) as telephony:
        address = f"ws://127.0.0.1:{telephony.ports['websocket']}/"
        with connect(address, proxy=None) as good:
            good.send(AUDIO)
            assert "partial" in good.recv(timeout=10)
            threads, files = threading.active_count(), open_files()
            memory_bytes = psutil.Process().memory_info().rss
            peer = make(telephony)

            def run(example: list[Any]) -> None:
                peer.send(example)
                good.send(AUDIO)
                assert "partial" in good.recv(timeout=10)

            with_examples(frames, frame_count, run)
            peer.hang_up()
            assert peer.sent >= frame_count
            end_s = time.monotonic() + 30
            while hub.switchboard.streams() > 1 or len(hub.live.running()) > 1:
                assert time.monotonic() < end_s, "a call is stuck"
                good.send(AUDIO)
                good.recv(timeout=10)
                time.sleep(0.1)
            assert telephony.streams() == 1
            wait_for(lambda: open_files() <= files + FILES_KEPT and threading.active_count() <= threads + THREADS_KEPT)
            assert psutil.Process().memory_info().rss < memory_bytes + MEMORY_KEPT_BYTES
            good.send('{"eof": 1}')
            assert good.recv(timeout=10) == '{"text": ""}'
    wait_for(lambda: not hub.live.running())
    assert {call["state"] for call in calls(hub)} == {"ended"}


@pytest.fixture
def hub(make_hub: MakeHub) -> Hub:
    return make_hub(SETTINGS, recordings=NullRecordings(), classifier=None)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_some_malformed_frames(hub: Hub, protocol: str) -> None:
    survives(hub, protocol, 300)


@pytest.mark.slow
@pytest.mark.skipif("HOTLINE_TEST_LONG" not in os.environ, reason="10,000 frames a protocol: HOTLINE_TEST_LONG=1")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_ten_thousand_malformed_frames(hub: Hub, protocol: str) -> None:
    survives(hub, protocol, int(os.environ["HOTLINE_TEST_LONG"]))
