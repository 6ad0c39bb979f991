"""Telephone listeners on free ports over a hub, and what tests wait for."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from hotline.config import Config
from hotline.hub import Hub
from hotline.queries import list_calls, snapshot
from hotline.sources.telephony.server import Telephony
from hotline.sources.telephony.settings import telephony_settings

RATE_HZ = 8000
TONE = (np.sin(np.arange(RATE_HZ) * 2 * np.pi * 440 / RATE_HZ) * 8000).astype("<i2")


@contextmanager
def listening(hub: Hub, **settings: object):  # type: ignore[no-untyped-def]
    """Run all listeners on free ports of the loopback; `settings` replace fields of `TelephonySettings`."""
    ports = {"HOTLINE_WEBSOCKET_PORT": "0", "HOTLINE_AUDIOSOCKET_PORT": "0", "HOTLINE_AUDIOSOCKET_OPERATOR_PORT": "0"}
    base = telephony_settings(
        Config({**ports, "HOTLINE_RTP_PORTS": "41000-41998", "HOTLINE_STREAM_WAIT_S": hub.config["stream_wait_s"]})
    )
    assert base
    telephony = Telephony(hub.switchboard, replace(base, **settings))
    hub.telephony = telephony
    try:
        yield telephony
    finally:
        hub.telephony = None
        telephony.close()


def wait_for(condition: Callable[[], object], timeout_s: float = 10.0) -> object:
    """Return the condition's value as soon as it holds."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return value


def calls(hub: Hub) -> list[dict[str, object]]:
    """All calls, newest first."""
    return list_calls(hub)


def ended_call(hub: Hub) -> dict[str, object]:
    """Wait until the newest call has ended and return its snapshot."""
    wait_for(lambda: not hub.live.running() and calls(hub) and calls(hub)[0]["state"] == "ended")
    return snapshot(hub, str(calls(hub)[0]["id"]), masked=False)
