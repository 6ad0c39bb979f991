"""AudioSocket as Asterisk frames it, over a real TCP connection."""

from __future__ import annotations

import socket
import struct
import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest

from hotline.errors import ConfigError
from hotline.hub import Hub
from hotline.sources.telephony.access import Access
from hotline.sources.telephony.audiosocket import parse_rates
from hotline.sources.telephony.server import Telephony
from tests.conftest import MakeHub
from tests.telephony import TONE, calls, ended_call, listening, wait_for

ID = uuid.UUID("40325ec2-5efd-4bd3-805f-53576e581d13")
QUICK = {"HOTLINE_STREAM_LINGER_S": "0.2"}


@pytest.fixture
def hub(make_hub: MakeHub) -> Hub:
    return make_hub(QUICK)


@pytest.fixture
def telephony(hub: Hub) -> Iterator[Telephony]:
    with listening(hub) as listeners:
        yield listeners


def message(kind: int, payload: bytes = b"") -> bytes:
    return struct.pack("!BH", kind, len(payload)) + payload


def dial(telephony: Telephony, name: str = "audiosocket") -> socket.socket:
    return socket.create_connection(("127.0.0.1", telephony.ports[name]), timeout=10)


def test_a_call_from_its_uuid_to_its_hangup(hub: Hub, telephony: Telephony) -> None:
    with dial(telephony) as peer:
        audio = b"".join(message(0x10, TONE[:160].tobytes()) for _ in range(50))
        sent = message(0x01, ID.bytes) + audio + message(0x03, b"5")
        for start in range(0, len(sent), 777):
            peer.sendall(sent[start : start + 777])
        (call,) = wait_for(lambda: calls(hub))  # type: ignore[misc]
        assert (call["source"], call["external_id"], call["state"]) == ("audiosocket", str(ID), "live")
        peer.sendall(message(0x00))
        assert peer.recv(1) == b""
    view = ended_call(hub)
    assert view["call"]["duration_s"] == pytest.approx(1.0, abs=0.1)
    assert view["gaps"] == view["notes"] == []


def test_the_same_uuid_on_both_ports_is_one_call(hub: Hub, telephony: Telephony) -> None:
    with dial(telephony) as caller, dial(telephony, "audiosocket_operator") as operator:
        for peer in (caller, operator):
            peer.sendall(message(0x01, ID.bytes) + message(0x10, TONE.tobytes()))
        wait_for(lambda: hub.switchboard.streams() == 2)
        assert len(calls(hub)) == 1
    view = ended_call(hub)
    assert set(hub.recordings.paths(view["call"]["id"])) == {"caller", "operator"}


@pytest.mark.parametrize(("kind", "rate_hz"), [(0x11, 12000), (0x12, 16000), (0x15, 44100), (0x18, 192000)])
def test_higher_rates(hub: Hub, telephony: Telephony, kind: int, rate_hz: int) -> None:
    with dial(telephony) as peer:
        peer.sendall(message(0x01, ID.bytes))
        for _ in range(10):
            peer.sendall(message(kind, bytes(rate_hz // 50 * 2 * 5)))
    assert ended_call(hub)["call"]["duration_s"] == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    "wrong",
    [
        message(0x10, bytes(320)),
        message(0x01, b"short"),
        message(0x01, ID.bytes) + message(0x10, bytes(320)) + message(0x01, ID.bytes),
        message(0x01, ID.bytes) + message(0x10, bytes(320)) + message(0x12, bytes(640)),
        message(0x01, ID.bytes) + message(0x10, bytes(65535)) * 8,
    ],
)
def test_a_bad_peer_is_let_go_and_others_go_on(hub: Hub, telephony: Telephony, wrong: bytes) -> None:
    with dial(telephony, "audiosocket_operator") as other, dial(telephony) as peer:
        other.sendall(message(0x01, uuid.uuid4().bytes) + message(0x10, bytes(320)))
        peer.sendall(wrong)
        with suppress(ConnectionResetError):
            assert peer.recv(1) == b""
        wait_for(lambda: hub.switchboard.streams() == 1)
        other.sendall(message(0x10, bytes(320)))


def test_an_error_of_the_telephone_system_is_noted(hub: Hub, telephony: Telephony) -> None:
    with dial(telephony) as peer:
        peer.sendall(message(0x01, ID.bytes) + message(0x10, bytes(320)))
        wait_for(lambda: calls(hub))
        peer.sendall(message(0xFF, b"\x04"))
        assert peer.recv(1) == b""
    assert "04" in ended_call(hub)["notes"][0]["text"]


def test_strangers_hear_nothing(hub: Hub) -> None:
    with listening(hub, access=Access.parse("10.0.0.0/8", "")) as telephony, dial(telephony) as peer:
        assert peer.recv(1) == b""


@pytest.mark.parametrize("text", ["", "0x10", "0x01=8000", "0xff=8000", "0x10=-1", "x=y"])
def test_wrong_rate_tables(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_rates(text)
