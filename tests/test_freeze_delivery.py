"""Payment-stop requests from the outbox over real HTTP to the bank simulator, through failures and kill -9."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from werkzeug.serving import make_server

from hotline import handlers
from hotline.commands import RequestFreeze
from hotline.domain.freeze import FreezeRequest, FreezeStatus
from hotline.errors import InputError
from hotline.gateways.dispatcher import FreezeDispatcher
from hotline.gateways.http import HttpFreezeGateway
from hotline.gateways.simulator import Transfer, create_simulator, read_ledger
from hotline.hub import Hub

TIME = datetime(2026, 1, 5, 14, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
FORM = {"payee_name": "陈某", "amount_fen": 4_860_000, "transfer_time": "2026-01-05T14:20"}
ACCOUNT = "621700381002680000"
DISPATCH_ONCE = """
import sys
from hotline.bootstrap import utc_now
from hotline.buses.local import LocalBus
from hotline.gateways.dispatcher import FreezeDispatcher
from hotline.gateways.http import HttpFreezeGateway
from hotline.stores import SqlStore
gateway = HttpFreezeGateway(sys.argv[2], timeout_s=60)
FreezeDispatcher(SqlStore(sys.argv[1], LocalBus(), utc_now), gateway, utc_now, lease_s=1.0).run_once()
"""


class Bank:
    """The simulator on a port of its own."""

    def __init__(self, data: Path, ledger: list[Transfer] | None = None) -> None:
        self._server = make_server("127.0.0.1", 0, create_simulator(data, ledger), threaded=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def control(self, **behaviour: float) -> None:
        httpx.post(f"{self.address}/control", json=behaviour, trust_env=False).raise_for_status()

    def received(self) -> int:
        return int(httpx.get(f"{self.address}/healthz", trust_env=False).json()["received"])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    found = Bank(tmp_path / "bank.db")
    yield found
    found.close()


def _request(hub: Hub, last_digit: str = "0", **changed: Any) -> FreezeRequest:
    fields = handlers.parse_freeze_fields(
        {**FORM, "payee_account": ACCOUNT + last_digit, **changed}, ZoneInfo("Asia/Shanghai")
    )
    return handlers.request_freeze(hub, RequestFreeze(str(uuid.uuid4()), None, "u1", fields))


def _stored(hub: Hub, request: FreezeRequest) -> FreezeRequest:
    with hub.store.transaction() as uow:
        return uow.freeze(request.id)


def _dispatcher(hub: Hub, address: str, timeout_s: float = 5.0) -> FreezeDispatcher:
    gateway = HttpFreezeGateway(address, timeout_s=timeout_s)
    return FreezeDispatcher(hub.store, gateway, hub.clock, pause=lambda attempts: 0.0, lease_s=1.0)


@pytest.mark.parametrize(
    "last_digit, status, stopped_fen",
    [("0", "stopped", 4_860_000), ("7", "partly_moved", 2_430_000), ("8", "already_out", 0), ("9", "mismatch", 0)],
)
def test_the_four_answers_of_a_bank(hub: Hub, bank: Bank, last_digit: str, status: str, stopped_fen: int) -> None:
    request = _request(hub, last_digit)
    _dispatcher(hub, bank.address).run_once()
    stored = _stored(hub, request)
    assert (stored.status, stored.stopped_amount_fen) == (status, stopped_fen)
    assert stored.receipt
    assert bool(stored.onward_account) == (status == "partly_moved")


@pytest.mark.parametrize(
    "changed, status",
    [
        ({}, "stopped"),
        ({"payee_name": "陈谋"}, "mismatch"),
        ({"amount_fen": 4_860_100}, "mismatch"),
        ({"transfer_time": "2026-01-05T15:20"}, "mismatch"),
    ],
)
def test_holder_amount_and_time_must_match(hub: Hub, tmp_path: Path, changed: dict[str, Any], status: str) -> None:
    bank = Bank(tmp_path / "bank.db", [Transfer("陈某", ACCOUNT + "0", 4_860_000, TIME)])
    try:
        request = _request(hub, **changed)
        _dispatcher(hub, bank.address).run_once()
        assert _stored(hub, request).status == status
    finally:
        bank.close()


def test_an_account_is_stopped_at_most_twice(hub: Hub, bank: Bank) -> None:
    requests = [_request(hub) for _ in range(3)]
    _dispatcher(hub, bank.address).run_once()
    assert sorted(_stored(hub, request).status for request in requests) == ["rejected", "stopped", "stopped"]


@pytest.mark.parametrize("failure", ["fail_before", "fail_after"])
def test_a_failing_bank_is_asked_again_and_stops_once(hub: Hub, bank: Bank, failure: str) -> None:
    bank.control(**{failure: 2})
    request = _request(hub)
    dispatcher = _dispatcher(hub, bank.address)
    dispatcher.run_once()
    assert _stored(hub, request).status is FreezeStatus.CONFIRMED
    assert "HTTP 500" in _stored(hub, request).message
    while dispatcher.run_once():
        pass
    assert _stored(hub, request).status is FreezeStatus.STOPPED


def test_a_bank_that_is_away_loses_nothing(hub: Hub, bank: Bank) -> None:
    request = _request(hub)
    _dispatcher(hub, "http://127.0.0.1:9").run_once()
    assert _stored(hub, request).status is FreezeStatus.CONFIRMED
    _dispatcher(hub, bank.address).run_once()
    assert _stored(hub, request).status is FreezeStatus.STOPPED


def test_a_slow_bank_is_given_up_for_now_and_its_answer_found_later(hub: Hub, bank: Bank) -> None:
    bank.control(delay_s=1.0)
    request = _request(hub)
    _dispatcher(hub, bank.address, timeout_s=0.2).run_once()
    assert _stored(hub, request).status is FreezeStatus.CONFIRMED
    time.sleep(1.0)
    _dispatcher(hub, bank.address).run_once()
    assert _stored(hub, request).status is FreezeStatus.STOPPED
    assert bank.received() == 1


def test_an_answer_that_comes_later_is_waited_for(hub: Hub, bank: Bank) -> None:
    bank.control(pending_s=0.5)
    request = _request(hub)
    dispatcher = _dispatcher(hub, bank.address)
    dispatcher.run_once()
    assert _stored(hub, request).status is FreezeStatus.SENT
    time.sleep(1.2)
    dispatcher.run_once()
    assert _stored(hub, request).status is FreezeStatus.STOPPED
    assert bank.received() == 1


def test_a_dispatcher_killed_between_sending_and_the_answer_stops_once(hub: Hub, bank: Bank) -> None:
    bank.control(delay_s=30.0)
    request = _request(hub)
    command = [sys.executable, "-c", DISPATCH_ONCE, hub.config.database_url, bank.address]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 30
    while bank.received() == 0:
        assert time.monotonic() < deadline, "the request was not sent"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert _stored(hub, request).status is FreezeStatus.CONFIRMED
    time.sleep(1.1)
    _dispatcher(hub, bank.address).run_once()
    stored = _stored(hub, request)
    assert (stored.status, stored.attempts) == (FreezeStatus.STOPPED, 2)
    assert bank.received() == 1


def test_the_simulator_remembers_across_a_restart(tmp_path: Path) -> None:
    body = {"payee_name": "陈某", "payee_account": ACCOUNT, "amount_fen": 100, "transfer_time": TIME.isoformat()}
    answers = []
    for _ in range(2):
        bank = Bank(tmp_path / "bank.db")
        answer = httpx.post(
            f"{bank.address}/v1/stop-requests", json=body, headers={"Idempotency-Key": "k1"}, trust_env=False
        )
        answers.append(answer.json())
        bank.close()
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "body, key", [({}, "k"), ({"payee_name": "陈某"}, "k"), ([1], "k"), ({**FORM, "payee_account": ACCOUNT}, "")]
)
def test_the_simulator_refuses_incomplete_requests(bank: Bank, body: Any, key: str) -> None:
    headers = {"Idempotency-Key": key} if key else {}
    answer = httpx.post(f"{bank.address}/v1/stop-requests", json=body, headers=headers, trust_env=False)
    assert answer.status_code == 422


def test_a_bad_ledger_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    path.write_text("[{]", "utf-8")
    with pytest.raises(InputError):
        read_ledger(path)
