"""The browser's microphone: over real WebSockets with a client that we did not write, and with malformed frames."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import struct
import threading
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from werkzeug.serving import make_server

from hotline import commands, handlers
from hotline.browser_audio import AHEAD_S, FRAME_S, BrowserLine
from hotline.demo import DEMO_PASSWORD
from hotline.domain.call import CallState
from hotline.errors import InputError
from hotline.events import EventType
from hotline.hub import Hub
from tests.conftest import MakeHub
from web import create_app

RATE_HZ = 16000
FRAME_BYTES = 640
SESSION = "page-0001"


class Console:
    """The console on a port, and one operator's browser."""

    def __init__(self, hub: Hub, username: str = "operator") -> None:
        self.hub = hub
        self.app = create_app(hub)
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.log_in(username)

    def log_in(self, username: str) -> None:
        client = httpx.Client(base_url=f"http://{self.host}", trust_env=False)
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
        assert token
        client.post("/login", data={"username": username, "password": DEMO_PASSWORD, "csrf_token": token[1]})
        found = re.search(r'"csrf_token": ?"([^"]+)"', client.get("/calls").text)
        self.csrf = found[1] if found else ""
        self.cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())

    def open_call(self) -> str:
        call = handlers.start_call(self.hub, commands.StartCall("browser", "demo-operator"))
        self.hub.switchboard.expect(call)
        return call.id

    def socket(self, call_id: str, *, origin: str = "", cookie: str | None = None) -> ClientConnection:
        headers = {"Cookie": self.cookie if cookie is None else cookie}
        address = f"ws://{self.host}/api/v1/calls/{call_id}/microphone"
        return connect(
            address, origin=origin or f"http://{self.host}", additional_headers=headers, proxy=None, close_timeout=1
        )

    def start(self, connection: ClientConnection, **changed: Any) -> dict[str, Any]:
        first = {"type": "start", "csrf_token": self.csrf, "channel": "caller", "rate_hz": RATE_HZ, "session": SESSION}
        connection.send(json.dumps({**first, **changed}))
        return dict(json.loads(connection.recv(10)))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def console(make_hub: MakeHub) -> Iterator[Console]:
    settings_ = {"HOTLINE_DEMO": "1", "HOTLINE_MICROPHONE_LINGER_S": "1"}
    found = Console(make_hub(settings_))
    yield found
    found.close()


def frames(first: int, count: int = 1, level: int = 1000) -> bytes:
    samples = np.full(count * FRAME_BYTES // 2, level, "<i2")
    return struct.pack("<I", first) + samples.tobytes()


def heard(console: Console, call_id: str, channel: str = "caller") -> np.ndarray:
    wait_for(lambda: call_of(console, call_id).state is CallState.ENDED)
    with wave.open(console.hub.recordings.paths(call_id)[channel]) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def call_of(console: Console, call_id: str) -> Any:
    with console.hub.store.transaction() as uow:
        return uow.call(call_id)


def gaps(console: Console, call_id: str) -> list[float]:
    events = console.hub.store.events_after(call_id, 0)
    return [e.data["end_s"] - e.data["start_s"] for e in events if e.type is EventType.AUDIO_GAP]


def wait_for(condition: Any, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def next_frame(connection: ClientConnection, least: int) -> int:
    """Wait for an acknowledgement of at least so many frames."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        message = json.loads(connection.recv(10))
        assert message["type"] == "heard", message
        if message["next"] >= least:
            return int(message["next"])
    raise AssertionError("not acknowledged")


def error_of(connection: ClientConnection) -> str:
    """Return the error that the server gives."""
    while (message := json.loads(connection.recv(10)))["type"] != "error":
        pass
    return str(message["error"]["message"])


def test_a_line_that_broke_goes_on_without_loss_and_what_never_came_is_a_gap(console: Console) -> None:
    call_id = console.open_call()
    with console.socket(call_id) as first:
        assert console.start(first)["next"] == 0
        for index in range(10):
            first.send(frames(index, level=100 + index))
        next_frame(first, 10)
    with console.socket(call_id) as second:
        assert console.start(second) == {"type": "ready", "next": 10}
        second.send(frames(5, 10, level=300))
        second.send(frames(40, 5, level=400))
        next_frame(second, 45)
        second.send(json.dumps({"type": "stop"}))
        assert json.loads(second.recv(10))["type"] == "ended"
    samples = heard(console, call_id)
    runs = samples[np.argmax(samples > 0) :]
    per_frame = runs[: len(runs) // 320 * 320].reshape(-1, 320)
    levels = per_frame[:, 160].tolist()
    assert levels[:10] == list(range(100, 110)), "what was sent first"
    assert levels[10:15] == [300] * 5, "frames sent again are not heard twice"
    assert levels[15:40] == [0] * 25 and levels[40:45] == [400] * 5, "silence stands for what is missing"
    (lost,) = gaps(console, call_id)
    assert abs(lost - 0.5) < 0.001


def test_a_line_that_nobody_takes_up_ends_after_a_while(console: Console) -> None:
    call_id = console.open_call()
    with console.socket(call_id) as connection:
        console.start(connection)
        connection.send(frames(0, 50))
        next_frame(connection, 50)
    wait_for(lambda: call_of(console, call_id).state is CallState.ENDED)


def test_a_page_that_was_loaded_again_takes_over_but_a_second_page_does_not(console: Console) -> None:
    call_id = console.open_call()
    with console.socket(call_id) as first:
        console.start(first)
        first.send(frames(0, 10))
        next_frame(first, 10)
        with console.socket(call_id) as other:
            assert console.start(other, session="page-0002")["error"]["message"] == "该声道已有麦克风"
        with console.socket(call_id) as operator:
            assert console.start(operator, session="page-0002", channel="operator")["type"] == "ready"
    with console.socket(call_id) as reloaded:
        assert console.start(reloaded, session="page-0003")["type"] in ("ready", "error")


def test_a_call_that_was_ended_elsewhere_lets_the_page_know(console: Console) -> None:
    call_id = console.open_call()
    with console.socket(call_id) as connection:
        console.start(connection)
        connection.send(frames(0, 10))
        next_frame(connection, 10)
        console.hub.live.end(call_id, "demo-operator")
        while (message := json.loads(connection.recv(10)))["type"] == "heard":
            pass
        assert message["type"] == "ended"


def test_strangers_are_refused(console: Console) -> None:
    call_id = console.open_call()
    with pytest.raises(InvalidStatus) as refused:
        console.socket(call_id, cookie="")
    assert refused.value.response.status_code == 401
    with console.socket(call_id, origin="http://evil.example") as connection:
        assert error_of(connection) == "来源不允许"
    with console.socket(call_id) as connection:
        assert console.start(connection, csrf_token="forged")["error"]["message"] == "页面已过期"
    console.log_in("supervisor")
    with console.socket(call_id) as connection:
        assert error_of(connection) == "您的角色没有此权限"
    console.log_in("operator")
    other = handlers.start_call(console.hub, commands.StartCall("browser", "somebody-else"))
    with pytest.raises(InvalidStatus) as refused:
        console.socket(other.id)
    assert refused.value.response.status_code == 403
    assert call_of(console, call_id).state is CallState.LIVE and not console.hub.live.running()


@pytest.mark.parametrize(
    "start",
    [
        {"channel": "neighbour"},
        {"channel": 7},
        {"rate_hz": 7999},
        {"rate_hz": 16001},
        {"rate_hz": 10**9},
        {"rate_hz": "16000"},
        {"session": "x"},
        {"session": None},
        {"type": "begin"},
    ],
)
def test_a_wrong_start_is_answered_with_what_is_wrong(console: Console, start: dict[str, Any]) -> None:
    with console.socket(console.open_call()) as connection:
        assert console.start(connection, **start)["type"] == "error"
    assert not console.hub.live.running()


def test_more_audio_than_time_is_refused(console: Console) -> None:
    with console.socket(console.open_call()) as connection:
        console.start(connection)
        for index in range(0, 1000, 50):
            try:
                connection.send(frames(index, 50))
            except ConnectionClosed:
                break
        assert error_of(connection) == "音频比时间还多"


@dataclass
class Heard:
    """A call that only counts."""

    call_id: str = "c"
    start_s: float = 0.0
    pushed_bytes: int = 0
    skipped_s: float = 0.0

    def push(self, pcm: bytes, arrival_s: float | None = None) -> None:
        self.pushed_bytes += len(pcm)

    def skip(self, seconds: float, *, lost: bool) -> None:
        assert seconds > 0
        self.skipped_s += seconds


MESSAGES = st.one_of(
    st.binary(max_size=60),
    st.builds(frames, st.integers(0, 2**32 - 1), st.integers(1, 3)),
    st.builds(frames, st.integers(0, 700), st.integers(1, 60)),
    st.builds(lambda whole, cut: whole[:cut], st.builds(frames, st.integers(0, 300)), st.integers(0, 700)),
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(MESSAGES, min_size=50, max_size=50))
def test_ten_thousand_malformed_messages_are_refused_and_never_become_more_audio_than_time(
    messages: list[bytes],
) -> None:
    stream, began_s = Heard(), time.monotonic()
    line = BrowserLine(stream, RATE_HZ, SESSION)  # type: ignore[arg-type]
    for message in messages:
        before = line.next_frame
        try:
            line.take(message)
        except InputError:
            continue
        assert line.next_frame >= before or before == 0
    most_s = time.monotonic() - began_s + AHEAD_S + FRAME_S
    assert stream.pushed_bytes / 2 / RATE_HZ + stream.skipped_s <= most_s
    assert stream.pushed_bytes % FRAME_BYTES == 0


@dataclass
class Wire:
    """A WebSocket after its handshake, for bytes that no client would send."""

    console: Console
    call_id: str
    ends: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        host, port = self.console.host.split(":")
        self.ends = socket.create_connection((host, int(port)), timeout=10)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            f"GET /api/v1/calls/{self.call_id}/microphone HTTP/1.1", f"Host: {self.console.host}",
            "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
            f"Origin: http://{self.console.host}", f"Cookie: {self.console.cookie}", "", "",
        )  # fmt: skip
        self.ends.sendall("\r\n".join(lines).encode())
        assert b" 101 " in self.ends.recv(4096).split(b"\r\n")[0]

    def text(self, message: dict[str, Any]) -> None:
        payload = json.dumps(message).encode()
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
        self.ends.sendall(b"\x81" + size + b"\0\0\0\0" + payload)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_malformed_frames_on_the_wire_harm_nobody(console: Console, data: st.DataObject) -> None:
    good = getattr(console, "good", None)
    if good is None:
        good = console.socket(console.open_call())
        console.start(good)
        console.good, console.sent = good, 0  # type: ignore[attr-defined]
    wire = Wire(console, console.open_call())
    if data.draw(st.booleans()):
        start = {"csrf_token": console.csrf, "channel": "caller", "rate_hz": RATE_HZ, "session": SESSION}
        wire.text({"type": "start", **start})
    heads = st.tuples(st.integers(0, 255), st.integers(0, 255)).map(bytes)
    junk = data.draw(st.lists(st.one_of(heads, st.binary(max_size=200)), min_size=1, max_size=30))
    try:
        wire.ends.sendall(b"".join(junk))
        wire.ends.shutdown(socket.SHUT_WR)
        while wire.ends.recv(4096):
            pass
    except OSError:
        pass
    wire.ends.close()
    good.send(frames(console.sent, 5))  # type: ignore[attr-defined]
    console.sent += 5  # type: ignore[attr-defined]
    next_frame(good, console.sent)  # type: ignore[attr-defined]


def test_peers_that_left_badly_leave_nothing_behind(console: Console) -> None:
    threads = threading.active_count()
    for number in range(20):
        wire = Wire(console, console.open_call())
        start = {"csrf_token": console.csrf, "channel": "caller", "rate_hz": RATE_HZ, "session": SESSION}
        wire.text({"type": "start", **start})
        wire.ends.sendall(os.urandom(100 + number))
        wire.ends.close()
    wait_for(lambda: not console.hub.live.running() and not console.app.extensions["browser_lines"]._lines, 30)
    wait_for(lambda: threading.active_count() <= threads + 2, 30)
    slots = console.app.extensions["stream_slots"]
    assert slots._free._value == slots._limit
