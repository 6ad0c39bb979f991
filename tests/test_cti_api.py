"""The telephone system's API: by its own document with a public client, keys and scopes, web hooks, no numbers leaked."""

from __future__ import annotations

import base64
import json
import logging
import socket
import struct
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from flask import Flask, request
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from standardwebhooks import Webhook, WebhookVerificationError
from websockets.sync.client import connect
from werkzeug.serving import make_server

from hotline import commands, handlers, integration
from hotline.__main__ import main
from hotline.bootstrap import build_telephony
from hotline.demo import DEMO_PASSWORD
from hotline.domain.integration import HookEvent, Scope
from hotline.gateways.webhooks import MAX_ATTEMPTS, HookDispatcher
from hotline.hub import Hub
from tests.conftest import MakeHub
from web import create_app
from web.cti.schemas import StreamProtocol
from web.limits import limiter

BASE = "/api/cti/v1"
NUMBER = "13800138000"
CALL = {"external_id": "pbx-1", "caller_number": NUMBER, "operator": "operator", "direction": "inbound"}


@pytest.fixture
def center(make_hub: MakeHub) -> Hub:
    return make_hub({"HOTLINE_DEMO": "1", "HOTLINE_CTI_RATE": "100000 per hour"})


@pytest.fixture
def app(center: Hub) -> Flask:
    return create_app(center)


@dataclass
class Cti:
    """A client with one key."""

    app: Flask
    token: str
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def ask(self, method: str, path: str, **arguments: Any) -> Any:
        return self.app.test_client().open(BASE + path, method=method, headers=self.headers, **arguments)


@pytest.fixture
def cti(app: Flask, center: Hub) -> Cti:
    return Cti(app, integration.create_api_key(center, "chief", "PBX", Scope)[1])


def test_the_document_is_valid_openapi(app: Flask) -> None:
    found = app.test_client().get(f"{BASE}/openapi.json").get_json()
    validate(found)
    assert set(found["webhooks"]) == set(HookEvent)


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_every_operation_answers_as_documented(
    app: Flask, center: Hub, cti: Cti, mode: schemathesis.GenerationMode
) -> None:
    """Schemathesis makes good and bad requests from the document and holds each answer against it."""
    schema = schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", app)
    call_id = cti.ask("POST", "/calls", json=CALL).get_json()["id"]
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 10
    hook_id = integration.create_webhook(center, "chief", "https://pbx.example/x", HookEvent).id
    for operation in operations:

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy(mode))
        def check(case: Any) -> None:
            if mode is schemathesis.GenerationMode.POSITIVE:
                if "call_id" in case.path_parameters:
                    case.path_parameters["call_id"] = call_id
                elif "webhook_id" in case.path_parameters:
                    case.path_parameters["webhook_id"] = hook_id
                elif case.method == "POST" and "operator" in case.body:
                    case.body["operator"] = "operator"  # the document cannot know who works here
                elif case.method == "POST" and "url" in case.body:
                    case.body["url"] = "https://pbx.example/x"
            limiter.reset()  # the many wrong keys of all these requests come from one address
            case.call_and_validate(headers=cti.headers)

        check()


def test_a_program_registers_a_web_hook_and_switches_it_off(cti: Cti, center: Hub) -> None:
    made = cti.ask("POST", "/webhooks", json={"url": "https://pbx.example/x", "events": ["call.ended"]})
    hook = made.get_json()
    assert made.status_code == 201 and hook["secret"].startswith("whsec_")
    assert cti.ask("POST", "/webhooks", json={"url": "http://[x", "events": ["call.ended"]}).status_code == 400
    off = cti.ask("POST", f"/webhooks/{hook['id']}/active", json={"active": False}).get_json()
    listed = cti.ask("GET", "/webhooks").get_json()["webhooks"]
    assert listed == [off] and not off["active"] and "secret" not in off
    weak = Cti(cti.app, integration.create_api_key(center, "chief", "x", [Scope.READ_CALLS])[1])
    assert weak.ask("GET", "/webhooks").status_code == 403


def test_a_call_from_beginning_to_end(cti: Cti, center: Hub) -> None:
    made = cti.ask("POST", "/calls", json=CALL)
    again = cti.ask("POST", "/calls", json=CALL)
    assert (made.status_code, again.status_code) == (201, 200)
    call = made.get_json()
    assert again.get_json()["id"] == call["id"]
    assert cti.ask("POST", "/calls", json={**CALL, "direction": "outbound"}).status_code == 409
    assert call["operator_id"] == "demo-operator" and call["direction"] == "inbound"
    _say(center, call["id"], "公安局的人让我把钱转到安全账户，他的手机是13912345678")
    center.decider.drain(call["id"])
    assert cti.ask("GET", f"/calls/{call['id']}/label").get_json()["label"] == "authority"
    transcript = cti.ask("GET", f"/calls/{call['id']}/transcript").get_json()
    assert transcript["masked"] and "13912345678" not in str(transcript) and "安全账户" in str(transcript)
    ended = cti.ask("POST", f"/calls/{call['id']}/end").get_json()
    assert ended["state"] == "ended" and ended["ended_at"]
    assert cti.ask("POST", f"/calls/{call['id']}/end").status_code == 200
    found = cti.ask("GET", "/calls?external_id=pbx-1").get_json()["calls"]
    assert [row["id"] for row in found] == [call["id"]]
    assert cti.ask("GET", "/calls?external_id=pbx-2").get_json()["calls"] == []


@pytest.fixture
def lines(make_hub: MakeHub) -> Iterator[tuple[Hub, Cti]]:
    """A center that listens for telephone streams, and its API."""
    listening = {"WEBSOCKET": "0", "AUDIOSOCKET": "0", "AUDIOSOCKET_OPERATOR": "0"}
    ports = {f"HOTLINE_{name}_PORT": port for name, port in listening.items()}
    center = make_hub({**ports, "HOTLINE_RTP_PORTS": "41000-41099", "HOTLINE_TELEPHONY_TOKENS": "abra"})
    center.telephony = build_telephony(center.config, center)
    yield center, Cti(create_app(center), integration.create_api_key(center, "chief", "PBX", Scope)[1])


@pytest.mark.parametrize("protocol", StreamProtocol)
def test_audio_sent_to_the_address_that_was_returned_is_the_calls(lines: tuple[Hub, Cti], protocol: str) -> None:
    center, cti = lines
    call_id = cti.ask("POST", "/calls", json={"external_id": f"pbx-{protocol}"}).get_json()["id"]
    asked = {"protocol": protocol, "channel": "operator"}
    stream = cti.ask("POST", f"/calls/{call_id}/streams", json=asked).get_json()
    again = cti.ask("POST", f"/calls/{call_id}/streams", json=asked).get_json()
    assert again == stream, "asking again takes no second port"
    SENDERS[protocol](stream["address"], stream["parameters"])
    deadline = time.monotonic() + 10
    while call_id not in center.live.running() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert center.live.running() == [call_id]
    assert cti.ask("POST", f"/calls/{call_id}/end").get_json()["state"] == "ended"
    assert cti.ask("POST", f"/calls/{call_id}/streams", json=asked).status_code == 409
    assert set(center.recordings.paths(call_id)) == {"operator"}
    OPEN.close()


def test_asking_for_one_external_id_at_once_opens_one_call(cti: Cti) -> None:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(cti.ask("POST", "/calls", json=CALL))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.get_json()["id"] for answer in answers}) == 1


def test_a_key_is_shown_once_hashed_scoped_revocable_and_audited(app: Flask, center: Hub) -> None:
    key, token = integration.create_api_key(center, "chief", "reader", [Scope.READ_CALLS])
    with center.store.transaction() as uow:
        assert token not in str(uow.api_keys()) and uow.api_key(key.id).last_used_at is None
    reader = Cti(app, token)
    assert reader.ask("GET", "/calls").status_code == 200
    refused = reader.ask("POST", "/calls", json=CALL)
    assert refused.status_code == 403 and refused.get_json()["error"]["expected"] == "calls:write"
    for wrong in ("", "hk_x", token[:-1], token + "x", f"hk_{key.id}_"):
        assert Cti(app, wrong).ask("GET", "/calls").status_code == 401
    integration.revoke_api_key(center, "chief", key.id)
    assert reader.ask("GET", "/calls").status_code == 401
    with center.store.transaction() as uow:
        assert uow.api_key(key.id).last_used_at is not None
        audited = [(row["actor"], row["action"], row["target"]) for row in uow.audit_trail()]
    assert ("chief", "api_key.create", key.id) in audited and ("chief", "api_key.revoke", key.id) in audited


def test_keys_are_made_listed_and_revoked_from_the_shell(
    app: Flask, center: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", center.config["data_dir"])
    assert main(["api-key", "create", "PBX", "--scope", "calls:read", "--scope", "calls:write"]) == 0
    token = capsys.readouterr().out.strip()
    assert Cti(app, token).ask("POST", "/calls", json=CALL).status_code == 201
    assert main(["api-key", "list"]) == 0
    listed = capsys.readouterr().out
    assert "PBX" in listed and "active" in listed and token not in listed
    assert main(["api-key", "revoke", listed.split()[0]]) == 0
    assert Cti(app, token).ask("GET", "/calls").status_code == 401
    assert main(["api-key", "revoke", "nothing"]) == 2


def test_the_page_shows_a_secret_once(center: Hub) -> None:
    client = create_app(center, {"WTF_CSRF_ENABLED": False}).test_client()
    client.post("/login", data={"username": "admin", "password": DEMO_PASSWORD})
    made = client.post("/admin/integrations/keys", data={"name": "PBX", "scopes": ["calls:read"]}).text
    token = made.split('data-testid="secret">')[1].split("<")[0]
    assert token.startswith("hk_") and token not in client.get("/admin/integrations").text
    assert client.post("/admin/integrations/keys", data={"name": "PBX"}).status_code == 400
    made = client.post("/admin/integrations/webhooks", data={"url": "https://pbx.example/x", "events": ["call.alert"]})
    assert "whsec_" in made.text and "whsec_" not in client.get("/admin/integrations").text
    bad = {"url": "file:///etc/passwd", "events": ["call.alert"]}
    assert client.post("/admin/integrations/webhooks", data=bad).status_code == 400


def test_unmasked_text_needs_its_own_scope_and_is_audited(app: Flask, center: Hub, cti: Cti) -> None:
    call_id = cti.ask("POST", "/calls", json=CALL).get_json()["id"]
    _say(center, call_id, "我的手机是13912345678")
    scopes = [scope for scope in Scope if scope is not Scope.READ_PERSONAL]
    other = Cti(app, integration.create_api_key(center, "chief", "other", scopes)[1])
    assert other.ask("GET", f"/calls/{call_id}/transcript?personal=true").status_code == 403
    assert "13912345678" in cti.ask("GET", f"/calls/{call_id}/transcript?personal=true").text
    with center.store.transaction() as uow:
        revealed = [row for row in uow.audit_trail() if row["action"] == "call.reveal"]
    assert len(revealed) == 1 and revealed[0]["actor"].startswith("key:") and revealed[0]["target"] == call_id


def test_who_asks_too_often_is_told_when_to_come_back(make_hub: MakeHub) -> None:
    center = make_hub({"HOTLINE_CTI_RATE": "3 per minute"})
    app = create_app(center)
    busy, calm = (Cti(app, integration.create_api_key(center, "chief", name, Scope)[1]) for name in "ab")
    codes = [busy.ask("GET", "/calls").status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    answer = busy.ask("GET", "/calls")
    assert answer.get_json()["error"]["code"] == "too_many" and int(answer.headers["Retry-After"]) > 0
    assert calm.ask("GET", "/calls").status_code == 200


def test_the_callers_number_is_masked_and_never_logged(cti: Cti, center: Hub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [
        cti.ask("POST", "/calls", json=CALL),
        cti.ask("POST", "/calls", json={**CALL, "direction": "sideways"}),
        cti.ask("POST", "/calls", json={**CALL, "operator": "nobody", "external_id": "pbx-9"}),
        cti.ask("POST", "/calls", json={**CALL, "external_id": 5}),
        cti.ask("POST", "/calls", json={**CALL, "caller_number": NUMBER + "x" * 40}),
        cti.ask("GET", "/calls"),
    ]
    assert [answer.status_code for answer in answers] == [201, 400, 400, 400, 400, 200]
    for answer in answers:
        assert NUMBER not in answer.text
    assert NUMBER not in caplog.text
    with center.store.transaction() as uow:
        assert NUMBER not in str(uow.audit_trail())
        assert uow.call(answers[0].get_json()["id"]).caller_number == NUMBER


SECOND = b"\x10\x00" * 8000


def _send_vosk(address: str, parameters: dict[str, str]) -> None:
    connection = OPEN.enter_context(connect(address))
    connection.send(SECOND)
    connection.recv()


def _send_twilio(address: str, parameters: dict[str, str]) -> None:
    connection = OPEN.enter_context(connect(address))
    media = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    start = {"streamSid": "MZ1", "callSid": "CA1", "tracks": ["outbound"], "mediaFormat": media}
    connection.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
    connection.send(
        json.dumps({"event": "start", "streamSid": "MZ1", "start": {**start, "customParameters": parameters}})
    )
    payload = {
        "track": "outbound",
        "chunk": "1",
        "timestamp": "20",
        "payload": base64.b64encode(b"\x55" * 160).decode(),
    }
    connection.send(json.dumps({"event": "media", "streamSid": "MZ1", "media": payload}))


def _send_audiosocket(address: str, parameters: dict[str, str]) -> None:
    peer = urlsplit(address)
    connection = OPEN.enter_context(socket.create_connection((peer.hostname, peer.port)))
    connection.sendall(b"\x01\x00\x10" + uuid.UUID(parameters["uuid"]).bytes)
    connection.sendall(b"\x10\x01\x40" + SECOND[:320])


def _send_rtp(address: str, parameters: dict[str, str]) -> None:
    peer = urlsplit(address)
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for index in range(20):
        head = struct.pack("!BBHII", 0x80, 0, index, 160 * index, 7)
        connection.sendto(head + b"\x55" * 160, (peer.hostname, peer.port))
        time.sleep(0.02)


OPEN = ExitStack()
SENDERS = {"vosk_ws": _send_vosk, "twilio": _send_twilio, "audiosocket": _send_audiosocket, "rtp": _send_rtp}


class Receiver:
    """A web hook's other end, which first answers as told."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        app = Flask(__name__)

        @app.post("/hook")
        def take() -> tuple[str, int]:
            self.got.append((dict(request.headers), request.get_data()))
            return "", self.statuses.pop(0) if self.statuses else 204

        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def _dispatcher(center: Hub) -> HookDispatcher:
    return HookDispatcher(center.store, center.clock, 2.0, pause=lambda attempts: 0.0)


def test_alert_and_end_reach_the_hook_signed_and_a_failure_is_tried_again(
    center: Hub, cti: Cti, receiver: Receiver
) -> None:
    hook = integration.create_webhook(center, "chief", receiver.url, HookEvent)
    call_id = cti.ask("POST", "/calls", json=CALL).get_json()["id"]
    _say(center, call_id, "公安局的人让我把钱转到安全账户")
    center.decider.drain(call_id)
    cti.ask("POST", f"/calls/{call_id}/end")
    receiver.statuses = [500, 302]
    dispatcher = _dispatcher(center)
    rounds = 0
    while dispatcher.run_once():
        rounds += 1
        assert rounds < 10
    dispatcher.close()
    bodies = [Webhook(hook.secret).verify(body, headers) for headers, body in receiver.got]
    assert [body["type"] for body in bodies] == ["call.alert", "call.ended", "call.alert", "call.ended"]
    assert bodies[0] == bodies[2] and receiver.got[0][0]["Webhook-Id"] == receiver.got[2][0]["Webhook-Id"]
    assert bodies[0]["data"]["external_id"] == "pbx-1" and bodies[0]["data"]["label"] == "authority"
    assert NUMBER not in str(receiver.got)
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(receiver.got[0][1] + b" ", receiver.got[0][0])
    with center.store.transaction() as uow:
        assert all(delivery.delivered_at and delivery.attempts == 2 for delivery in uow.deliveries())


def test_a_hook_that_never_answers_is_given_up_and_a_gone_one_switched_off(
    center: Hub, cti: Cti, receiver: Receiver
) -> None:
    dead = integration.create_webhook(center, "chief", "http://127.0.0.1:9/hook", [HookEvent.ENDED])
    gone = integration.create_webhook(center, "chief", receiver.url, [HookEvent.ENDED])
    receiver.statuses = [410]
    for external_id in ("a", "b"):
        call_id = cti.ask("POST", "/calls", json={**CALL, "external_id": external_id}).get_json()["id"]
        cti.ask("POST", f"/calls/{call_id}/end")
    dispatcher = _dispatcher(center)
    while dispatcher.run_once():
        pass
    with center.store.transaction() as uow:
        assert not uow.webhook(gone.id).active and uow.webhook(dead.id).active
        failed = [d for d in uow.deliveries() if d.webhook_id == dead.id]
        assert [d.attempts for d in failed] == [MAX_ATTEMPTS] * 2 and all(d.failed_at for d in failed)
    assert len(receiver.got) == 1


def _say(center: Hub, call_id: str, text: str) -> None:
    handlers.type_segment(center, commands.TypeSegment(call_id, "demo-operator", "caller", text))
