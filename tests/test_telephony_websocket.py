"""vosk-server's protocol and Twilio's on the same port, spoken by the `websockets` package's client."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from hotline.audio import AudioFrame
from hotline.domain.segment import Transcript, Word
from hotline.hub import Hub
from hotline.sources.telephony.access import Access, Limits
from hotline.sources.telephony.server import Telephony, tls_context
from tests.conftest import MakeHub
from tests.fakes import ScriptedRecognizer, ScriptedSession
from tests.telephony import TONE, calls, ended_call, listening, wait_for

BLOCK = TONE[:1600].tobytes()
WORDS = (Word("安全", 0.1, 0.3, 0.9), Word("账户", 0.3, 0.6, 0.7))
QUICK = {"HOTLINE_STREAM_LINGER_S": "0.2"}


class Echo(ScriptedRecognizer):
    """Says a partial for every frame that it hears, and a final with words when the utterance ends."""

    def open(self, channel: str) -> ScriptedSession:
        session = EchoSession([])
        session.channel = channel
        self.sessions.append(session)
        return session


class EchoSession(ScriptedSession):
    heard = 0
    channel = ""

    def accept(self, frame: AudioFrame) -> None:
        self.heard += 1
        self.script.append(Transcript(self.channel, f"听到{self.heard}", 0.0, frame.end_s, is_final=False))

    def finish(self, timeout_s: float = 30.0) -> list[Transcript]:
        self.script.clear()
        return [Transcript(self.channel, "安全账户", 0.1, 0.6, is_final=True, words=WORDS, confidence=0.8)]


@pytest.fixture
def hub(make_hub: MakeHub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub whose gate lets everything through, so that a tone is speech."""
    monkeypatch.setattr("hotline.vad.SileroDetector", OpenDetector)
    return make_hub(QUICK, recognizer=Echo())


class OpenDetector:
    def probability(self, window: object) -> float:
        return 1.0

    def reset(self) -> None:
        pass


@pytest.fixture
def telephony(hub: Hub) -> Iterator[Telephony]:
    with listening(hub) as listeners:
        yield listeners


def dial(telephony: Telephony, path: str = "/", **options: Any) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{telephony.ports['websocket']}{path}", proxy=None, **options)


def ask(socket: ClientConnection, message: str | bytes) -> dict[str, Any]:
    socket.send(message)
    answer = json.loads(socket.recv(timeout=10))
    assert isinstance(answer, dict)
    return answer


def test_one_reply_a_block_none_to_a_config_and_the_last_result_at_eof(hub: Hub, telephony: Telephony) -> None:
    with dial(telephony) as socket:
        socket.send('{ "config" : { "sample_rate" : 8000, "phrase_list": ["账户"], "words": true } }')
        replies = [ask(socket, BLOCK) for _ in range(5)]
        assert all(set(reply) == {"partial"} for reply in replies)
        wait_for(lambda: ask(socket, BLOCK)["partial"].startswith("听到"))
        last = ask(socket, '{"eof" :1}')
        assert last["text"] == "安全 账户"
        assert last["result"][0] == {"conf": 0.9, "end": 0.3, "start": 0.1, "word": "安全"}
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
    view = ended_call(hub)
    assert view["call"]["source"] == "vosk_ws"
    assert [segment["text"] for segment in view["segments"]] == ["安全账户"]


@pytest.mark.parametrize("eof", ['{"eof":1}', '{"eof" : 1}', '{ "eof" :\n 1 }'])
def test_eof_in_any_spacing_and_without_audio(hub: Hub, telephony: Telephony, eof: str) -> None:
    with dial(telephony) as socket:
        assert ask(socket, eof) == {"text": ""}
    assert not calls(hub)


def test_reset_gives_the_result_and_goes_on(hub: Hub, telephony: Telephony) -> None:
    with dial(telephony) as socket:
        socket.send('{"config": {"words": false, "max_alternatives": 1}}')
        ask(socket, BLOCK)
        first = ask(socket, '{"reset" : 1}')
        assert first == {"alternatives": [{"confidence": 0.8, "text": "安全 账户"}]}
        assert "partial" in ask(socket, BLOCK)
        assert ask(socket, '{"eof" : 1}') == first
    assert len(ended_call(hub)["segments"]) == 2


def test_a_bare_disconnect_finalises(hub: Hub, telephony: Telephony) -> None:
    with dial(telephony) as socket:
        ask(socket, BLOCK)
        socket.socket.close()
    assert [segment["text"] for segment in ended_call(hub)["segments"]] == ["安全账户"]


def test_two_sockets_are_one_call_that_the_console_watches(hub: Hub, telephony: Telephony) -> None:
    events = hub.bus.subscribe()
    query = "/?call=pbx-7&caller=13800001111"
    with dial(telephony, query) as caller, dial(telephony, "/vosk") as operator:
        ask(caller, BLOCK)
        operator.send('{"config": {"call": "pbx-7", "channel": "operator"}}')
        ask(operator, BLOCK)
        (call,) = calls(hub)
        assert (call["state"], call["external_id"], call["source"]) == ("live", "pbx-7", "vosk_ws")
        started = events.get(5)
        assert started is not None
        assert started.type == "call_started"
        assert ask(caller, '{"eof": 1}')["text"] == ask(operator, '{"eof": 1}')["text"] == "安全 账户"
    view = ended_call(hub)
    assert view["call"]["caller_number"] == "13800001111"
    assert sorted(segment["channel"] for segment in view["segments"]) == ["caller", "operator"]


def test_a_file_sent_as_fast_as_replies_come_is_heard_whole(hub: Hub, telephony: Telephony) -> None:
    with dial(telephony) as socket:
        for _ in range(30):
            ask(socket, TONE.tobytes())
        ask(socket, '{"eof": 1}')
    view = ended_call(hub)
    assert view["gaps"] == []
    assert view["call"]["duration_s"] == pytest.approx(30.0, abs=0.1)


@pytest.mark.parametrize(
    "message",
    ['{"config": {"model": "/etc"}}', '{"config": {"sample_rate": 1}}', '{"config": 5}', "hello", "[]", '{"x": 1}'],
)
def test_wrong_messages_close_that_connection_only(hub: Hub, telephony: Telephony, message: str) -> None:
    with dial(telephony) as other:
        ask(other, BLOCK)
        with dial(telephony) as socket:
            socket.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=10)
            assert closed.value.rcvd
            assert closed.value.rcvd.code == 1008
        assert "partial" in ask(other, BLOCK)


def test_strangers_too_many_and_wrong_paths_are_refused(make_hub: MakeHub) -> None:
    hub = make_hub({"HOTLINE_MAX_CALLS": "1"})
    with (
        listening(hub, access=Access.parse("10.0.0.0/8", "")) as telephony,
        pytest.raises(InvalidStatus, match="403"),
    ):
        dial(telephony)
    with listening(hub, access=Access.parse("127.0.0.1", "secret,other"), limits=Limits(streams=2)) as telephony:
        with pytest.raises(InvalidStatus, match="404"):
            dial(telephony, "/else")
        for path in ("/", "/?token=guess"):
            with dial(telephony, path) as socket, pytest.raises(ConnectionClosed) as closed:
                ask(socket, BLOCK)
            assert closed.value.rcvd
            assert closed.value.rcvd.code == 1008
        with dial(telephony, additional_headers={"Authorization": "Bearer other"}) as first:
            ask(first, BLOCK)
            with dial(telephony, "/?token=secret") as second, pytest.raises(ConnectionClosed) as closed:
                ask(second, BLOCK)
            assert closed.value.rcvd
            assert closed.value.rcvd.code == 1013
            assert "partial" in ask(first, BLOCK)


def test_tls_with_a_certificate_of_our_own(hub: Hub, tmp_path: Path) -> None:
    certificate, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    with listening(hub, tls=tls_context(certificate, key)) as telephony:
        address = f"wss://127.0.0.1:{telephony.ports['websocket']}/"
        with connect(address, ssl=ssl.create_default_context(cafile=certificate), proxy=None) as socket:
            assert "partial" in ask(socket, BLOCK)
        with pytest.raises(ssl.SSLCertVerificationError):
            connect(address, proxy=None)


def twilio(event: str, **content: Any) -> str:
    return json.dumps({"event": event, "sequenceNumber": "1", "streamSid": "MZ1", **content})


def media(track: str, chunk: int, timestamp_ms: int) -> str:
    payload = base64.b64encode(b"\xff\x10" * 80).decode()
    values = {"track": track, "chunk": str(chunk), "timestamp": str(timestamp_ms), "payload": payload}
    return twilio("media", media=values)


def test_a_twilio_stream_is_a_call_with_both_sides(hub: Hub, telephony: Telephony) -> None:
    audio_format = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    start = {
        "callSid": "CA1",
        "tracks": ["inbound", "outbound"],
        "mediaFormat": audio_format,
        "customParameters": {"caller": "13900000000"},
    }
    with dial(telephony, "/twilio") as socket:
        socket.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        socket.send(twilio("start", start=start))
        for chunk in range(1, 51):
            shift_ms = 2000 if chunk > 25 else 0
            lost = 3 if chunk > 25 else 0
            socket.send(media("inbound", chunk + lost, chunk * 20 + shift_ms))
            socket.send(media("outbound", chunk, chunk * 20))
        socket.send(twilio("dtmf", dtmf={"track": "inbound_track", "digit": "1"}))
        socket.send(twilio("mark", mark={"name": "x"}))
        socket.send(twilio("stop", stop={"callSid": "CA1"}))
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
    view = ended_call(hub)
    assert (view["call"]["external_id"], view["call"]["caller_number"]) == ("CA1", "13900000000")
    assert {segment["channel"] for segment in view["segments"]} == {"caller", "operator"}
    (gap,) = view["gaps"]
    assert gap["channel"] == "caller"
    assert gap["end_s"] - gap["start_s"] == pytest.approx(2.0, abs=0.01)


def test_ending_the_call_on_the_console_lets_the_peer_go(hub: Hub, telephony: Telephony) -> None:
    with dial(telephony) as socket:
        ask(socket, BLOCK)
        call_id = str(calls(hub)[0]["id"])
        threading.Timer(0.2, hub.live.end, (call_id, "u1")).start()
        with pytest.raises(ConnectionClosed):
            while True:
                ask(socket, BLOCK)
    assert ended_call(hub)["call"]["id"] == call_id
