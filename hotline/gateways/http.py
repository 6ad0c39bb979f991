"""The bank side over HTTP. The request id is the idempotency key; see `simulator` for the other end.

POST /v1/stop-requests          body: fields of the request; header Idempotency-Key
    200 {"status", "receipt", "message", "stopped_amount_fen", "stopped_at", "onward_account"}
    202 {"status": "sent", "receipt"}          the outcome comes later
    4xx                                          refused for good
GET  /v1/stop-requests/<id>     the same answers; 404 when it was never received
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import httpx

from hotline.domain.freeze import FreezeOutcome, FreezeRequest, FreezeStatus
from hotline.errors import GatewayError

ANSWERS = frozenset(
    {
        FreezeStatus.SENT,
        FreezeStatus.STOPPED,
        FreezeStatus.MISMATCH,
        FreezeStatus.PARTLY_MOVED,
        FreezeStatus.ALREADY_OUT,
        FreezeStatus.REJECTED,
    }
)


class HttpFreezeGateway:
    """Implements `hotline.ports.FreezeGateway`. Thread-safe."""

    def __init__(self, address: str, token: str = "", timeout_s: float = 5.0) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(base_url=address, headers=headers, timeout=timeout_s, trust_env=False)

    def submit(self, request: FreezeRequest) -> FreezeOutcome:
        """Send a request. Raises: GatewayError, retryable when the bank side may not have got it."""
        body = {**asdict(request.fields), "transfer_time": request.fields.transfer_time.isoformat()}
        answer = self._ask("POST", "/v1/stop-requests", json=body, headers={"Idempotency-Key": request.id})
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise _wrong_answer(answer, retryable=False)
        return _outcome(answer)

    def status(self, request_id: str) -> FreezeOutcome | None:
        """Return the outcome so far, None when the request was never received. Raises: GatewayError."""
        answer = self._ask("GET", f"/v1/stop-requests/{request_id}")
        return None if answer.status_code == httpx.codes.NOT_FOUND else _outcome(answer)

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def _ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise GatewayError(
                "银行端没有应答", expected="限时内应答", found=type(error).__name__, remedy="系统会自动重试"
            ) from None


def _outcome(answer: httpx.Response) -> FreezeOutcome:
    if answer.status_code >= 500 or answer.status_code in (408, 429):
        raise _wrong_answer(answer, retryable=True)
    if answer.status_code >= 400:
        raise _wrong_answer(answer, retryable=False)
    try:
        body = answer.json()
        status = FreezeStatus(body["status"])
        if status not in ANSWERS:
            raise ValueError(status)
        stopped_at = datetime.fromisoformat(body["stopped_at"]) if body.get("stopped_at") else None
        return FreezeOutcome(
            status=status,
            receipt=str(body.get("receipt", "")),
            message=str(body.get("message", "")),
            stopped_amount_fen=int(body.get("stopped_amount_fen") or 0),
            stopped_at=stopped_at,
            onward_account=str(body.get("onward_account") or ""),
        )
    except (ValueError, KeyError, TypeError):
        raise _wrong_answer(answer, retryable=True) from None


def _wrong_answer(answer: httpx.Response, *, retryable: bool) -> GatewayError:
    remedy = "系统会自动重试" if retryable else "请核对申请内容并联系银行端"
    return GatewayError(
        "银行端的应答不对",
        retryable=retryable,
        expected="约定格式的应答",
        found=f"HTTP {answer.status_code}",
        remedy=remedy,
    )
