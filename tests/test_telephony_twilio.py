"""Twilio media streams against what others wrote: signatures by the vendor's own library, streams by streamdouble."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from streamdouble.api import call_sync
from streamdouble.chaos import Impairments
from streamdouble.g711 import encode
from streamdouble.session import SessionConfig
from twilio.request_validator import RequestValidator
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from hotline.hub import Hub
from hotline.sources.telephony.access import Access
from hotline.sources.telephony.twilio_signature import TwilioSignature
from tests.conftest import MakeHub
from tests.telephony import RATE_HZ, ended_call, listening

SECRETS = ("auth-token-of-a-test", "shared-key-of-a-test")
ADDRESS = "wss://hotline.example.cn/twilio"
FRAME = 160
TALK_S = 2


@pytest.fixture
def hub(make_hub: MakeHub) -> Hub:
    return make_hub({"HOTLINE_STREAM_LINGER_S": "0.2"})


def law_frames(frequency_hz: int) -> list[bytes]:
    """Mu-law frames of a tone, encoded by streamdouble."""
    wave = (np.sin(np.arange(TALK_S * RATE_HZ) * 2 * np.pi * frequency_hz / RATE_HZ) * 8000).astype(np.int16)
    law = bytes(encode(wave))
    return [law[start : start + FRAME] for start in range(0, len(law), FRAME)]


def loudest_hz(hub: Hub, call_id: str, channel: str) -> int:
    sound = np.frombuffer(Path(hub.recordings.paths(call_id)[channel]).read_bytes()[44:], np.int16)
    return int(np.abs(np.fft.rfft(sound[:RATE_HZ] * np.hanning(RATE_HZ))).argmax())


@pytest.mark.parametrize("loss", [0.0, 0.05])
def test_a_simulated_twilio_call_is_heard_on_both_sides(hub: Hub, tmp_path: Path, loss: float) -> None:
    config = SessionConfig(
        fork=True,
        tracks=["inbound", "outbound"],
        agent_frames=law_frames(660),
        custom_parameters={"caller": "13900000000", "token": "t"},
        impairments=Impairments(loss=loss),
    )
    with listening(hub, access=Access.parse("127.0.0.1", "t")) as telephony:
        url = f"ws://127.0.0.1:{telephony.ports['websocket']}/twilio"
        with ThreadPoolExecutor(1) as thread:  # Playwright leaves an event loop in the main one
            report = thread.submit(call_sync, url, frames=law_frames(440), config=config).result()
        assert report.violations == []
        view = ended_call(hub)
    call_id = str(view["call"]["id"])
    assert view["call"]["caller_number"] == "13900000000"
    assert str(view["call"]["external_id"]).startswith("CA")
    assert view["notes"] == []
    assert view["gaps"] == []
    assert abs(loudest_hz(hub, call_id, "caller") - 440) <= 2
    assert abs(loudest_hz(hub, call_id, "operator") - 660) <= 2
    seconds = [(Path(path).stat().st_size - 44) / 2 / RATE_HZ for path in hub.recordings.paths(call_id).values()]
    assert all(TALK_S - 0.1 < length < TALK_S + 1 for length in seconds)


@pytest.mark.parametrize(
    ("url", "signed", "secret", "algorithm", "admitted"),
    [
        (ADDRESS, ADDRESS, SECRETS[0], None, True),
        (ADDRESS, "wss://hotline.example.cn:443/twilio", SECRETS[0], None, True),
        ("", "wss://127.0.0.1:{port}/twilio", SECRETS[0], None, True),
        (ADDRESS, ADDRESS, SECRETS[1], "HMAC_SHA256", True),
        (ADDRESS, ADDRESS, SECRETS[1], "HMAC_MD5", False),
        (ADDRESS, ADDRESS, "another-token", None, False),
        (ADDRESS, "wss://other.example.cn/twilio", SECRETS[0], None, False),
        (ADDRESS, "", SECRETS[0], None, False),
    ],
)
def test_only_what_twilio_signed_may_open_a_stream(
    hub: Hub, url: str, signed: str, secret: str, algorithm: str | None, admitted: bool
) -> None:
    with listening(hub, twilio=TwilioSignature(SECRETS, url), access=Access.parse("127.0.0.1", "t")) as telephony:
        port = telephony.ports["websocket"]
        headers = {}
        if signed:
            known = algorithm if algorithm != "HMAC_MD5" else None
            signature = RequestValidator(secret).compute_signature(signed.format(port=port), {}, known)
            headers["X-Twilio-Signature"] = signature
        if algorithm:
            headers["X-Twilio-Webhooks-Signature-Settings"] = f"key=k,algorithm={algorithm}"
        address = f"ws://127.0.0.1:{port}/twilio"
        if admitted:
            with connect(address, additional_headers=headers, proxy=None) as socket:
                socket.send('{"event": "start", "start": {"callSid": "CA1"}}')
                socket.send('{"event": "stop"}')
        else:
            with pytest.raises(InvalidStatus) as refused:
                connect(address, additional_headers=headers, proxy=None)
            assert refused.value.response.status_code == 403
