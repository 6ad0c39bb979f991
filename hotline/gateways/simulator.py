"""The bank side for trying out: a process of its own with a memory of its own.

It applies the match rule (holder, number, amount, time), stops an account at most twice, and remembers every
request by its idempotency key in a SQLite file, so that a repeated request gets the first answer.

Transfers come from a ledger (`[{payee_name, payee_account, amount_fen, transfer_time | null, outcome,
moved_fen, onward_account}]`; a null time matches any). An account that no ledger knows answers by its last
digit: 7 partly_moved, 8 already_out, 9 mismatch, everything else stopped.

For tests, `POST /control` sets how it behaves: `delay_s`, `fail_before` and `fail_after` (so many requests
answer 500 before or after being recorded), `pending_s` (202 first, the outcome by GET after that time).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from hotline.domain.freeze import MAX_STOPS_PER_ACCOUNT
from hotline.errors import InputError

TIME_TOLERANCE = timedelta(minutes=10)
BY_LAST_DIGIT = {"7": "partly_moved", "8": "already_out", "9": "mismatch"}
MESSAGES = {
    "stopped": "已止付",
    "mismatch": "户名、账号、金额或时间与交易不符，未止付",
    "partly_moved": "部分资金已转出，余额已止付",
    "already_out": "资金已全部转出",
    "rejected": "该账户已止付两次",
}
REQUIRED = ("payee_name", "payee_account", "amount_fen", "transfer_time")
BROKEN = ({"error": "simulated failure"}, 500)


@dataclass(frozen=True)
class Transfer:
    """A transfer that the bank knows."""

    payee_name: str
    payee_account: str
    amount_fen: int
    transfer_time: datetime | None
    outcome: str = "stopped"
    moved_fen: int = 0
    onward_account: str = ""


@dataclass
class Behaviour:
    """How the simulator misbehaves, for tests."""

    delay_s: float = 0.0
    fail_before: int = 0
    fail_after: int = 0
    pending_s: float = 0.0
    received: int = field(default=0, init=False)


def read_ledger(path: Path | None) -> list[Transfer]:
    """Read a ledger file. Raises: InputError."""
    if path is None:
        return []
    try:
        rows = json.loads(path.read_text("utf-8"))
        for row in rows:
            moment = row.get("transfer_time")
            row["transfer_time"] = datetime.fromisoformat(moment) if moment else None
        return [Transfer(**row) for row in rows]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            "银行模拟器的账本读不懂",
            expected="JSON 数组，每项一笔转账",
            found=type(error).__name__,
            remedy="改正账本文件",
        ) from None


class Memory:
    """What was asked and answered; every answer is on disk before it is given."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS answers (id TEXT PRIMARY KEY, account TEXT, answer TEXT, shown_at REAL)"
        )

    def find(self, request_id: str) -> tuple[dict[str, Any], float] | None:
        """Return an answer and the moment from which it is shown."""
        with self._lock:
            query = "SELECT answer, shown_at FROM answers WHERE id = ?"
            row = self._database.execute(query, (request_id,)).fetchone()
        return (json.loads(row[0]), row[1]) if row else None

    def keep(self, request_id: str, account: str, answer: dict[str, Any], shown_at: float) -> dict[str, Any]:
        """Store an answer unless there is one; return the one that stands."""
        with self._lock:
            self._database.execute(
                "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?)", (request_id, account, json.dumps(answer), shown_at)
            )
            query = "SELECT answer FROM answers WHERE id = ?"
            row = self._database.execute(query, (request_id,)).fetchone()
        stored: dict[str, Any] = json.loads(row[0])
        return stored

    def stops(self, account: str) -> int:
        """Return how often an account was stopped."""
        with self._lock:
            query = "SELECT answer FROM answers WHERE account = ?"
            rows = self._database.execute(query, (account,)).fetchall()
        return sum(json.loads(row[0])["status"] in ("stopped", "partly_moved") for row in rows)


def decide(fields: dict[str, Any], ledger: list[Transfer], stops: int, now: datetime) -> dict[str, Any]:
    """Return the bank's answer to a request, without its receipt number."""
    status, stopped_fen, onward = "stopped", int(fields["amount_fen"]), ""
    known = [transfer for transfer in ledger if transfer.payee_account == fields["payee_account"]]
    match = next((transfer for transfer in known if _matches(transfer, fields)), None)
    if known and match is None:
        status = "mismatch"
    elif match is not None:
        status, onward = match.outcome, match.onward_account
        stopped_fen = match.amount_fen - match.moved_fen
    else:
        status = BY_LAST_DIGIT.get(fields["payee_account"][-1], "stopped")
        if status == "partly_moved":
            stopped_fen, onward = stopped_fen // 2, "6217000000000000000"
    if status in ("stopped", "partly_moved") and stops >= MAX_STOPS_PER_ACCOUNT:
        status = "rejected"
    stopped = status in ("stopped", "partly_moved")
    return {
        "status": status,
        "message": MESSAGES[status],
        "stopped_amount_fen": stopped_fen if stopped else 0,
        "stopped_at": now.isoformat() if stopped else None,
        "onward_account": onward if status == "partly_moved" else "",
    }


def _matches(transfer: Transfer, fields: dict[str, Any]) -> bool:
    moment = datetime.fromisoformat(fields["transfer_time"])
    in_time = transfer.transfer_time is None or abs(moment - transfer.transfer_time) <= TIME_TOLERANCE
    same = (transfer.payee_name, transfer.amount_fen) == (fields["payee_name"], int(fields["amount_fen"]))
    return same and in_time


def create_simulator(data: Path, ledger: list[Transfer] | None = None) -> Flask:
    """Return the simulator as a Flask application with its memory in the file `data`."""
    app = Flask(__name__)
    memory, behaviour, transfers = Memory(data), Behaviour(), ledger or []
    deciding = threading.Lock()

    @app.post("/v1/stop-requests")
    def submit() -> ResponseReturnValue:
        behaviour.received += 1
        fields, key = request.get_json(silent=True), request.headers.get("Idempotency-Key", "")
        if not key or not isinstance(fields, dict) or not all(fields.get(name) for name in REQUIRED):
            return {"error": "Idempotency-Key and " + ", ".join(REQUIRED) + " are required"}, 422
        if behaviour.fail_before > 0:
            behaviour.fail_before -= 1
            return BROKEN
        with deciding:
            if memory.find(key) is None:
                account = str(fields["payee_account"])
                answer = decide(fields, transfers, memory.stops(account), datetime.now(UTC))
                answer["receipt"] = (
                    f"ZF{datetime.now(UTC):%Y%m%d}{hashlib.sha256(key.encode()).hexdigest()[:8].upper()}"
                )
                memory.keep(key, account, answer, time.time() + behaviour.pending_s)
        time.sleep(behaviour.delay_s)
        if behaviour.fail_after > 0:
            behaviour.fail_after -= 1
            return BROKEN
        return _shown(key)

    @app.get("/v1/stop-requests/<key>")
    def status(key: str) -> ResponseReturnValue:
        return _shown(key)

    @app.post("/control")
    def control() -> ResponseReturnValue:
        for name, value in request.get_json(force=True).items():
            setattr(behaviour, name, value)
        return jsonify(vars(behaviour))

    @app.get("/healthz")
    def health() -> ResponseReturnValue:
        return {"status": "ok", "received": behaviour.received}

    def _shown(key: str) -> ResponseReturnValue:
        found = memory.find(key)
        if found is None:
            return {"error": "never received"}, 404
        answer, shown_at = found
        if time.time() < shown_at:
            return {"status": "sent", "receipt": answer["receipt"]}, 202
        return answer

    return app


def serve(port: int, data: Path, ledger: Path | None = None) -> None:
    """Run the simulator on the loopback address until interrupted."""
    from gunicorn.app.base import BaseApplication

    from hotline.web_worker import ConsoleWorker

    app = create_simulator(data, read_ledger(ledger))

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            settings = {"bind": f"127.0.0.1:{port}", "worker_class": ConsoleWorker, "threads": 8, "loglevel": "warning"}
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

    Server().run()
