"""Payment-stop requests: required fields, states and legal transitions.

Rules: 银发〔2016〕86号 as summarised in the project's domain notes. The bank matches holder, account number,
amount and time; a hold lasts 48 h from the moment of stopping; an account may be stopped at most twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hotline.errors import InputError, StateError

HOLD_DURATION = timedelta(hours=48)
MAX_STOPS_PER_ACCOUNT = 2


class FreezeStatus(StrEnum):
    """States of a request."""

    DRAFT = "draft"
    CONFIRMED = "confirmed"
    POLICE_REVIEW = "police_review"
    """Waits for a second person (maker is never checker)."""
    SENT_BACK = "sent_back"
    """The second person wants it corrected."""
    SENT = "sent"
    STOPPED = "stopped"
    MISMATCH = "mismatch"
    PARTLY_MOVED = "partly_moved"
    ALREADY_OUT = "already_out"
    REJECTED = "rejected"
    FAILED = "failed"
    """Given up after repeated transport failures; a person must act."""


TRANSITIONS: dict[FreezeStatus, frozenset[FreezeStatus]] = {
    FreezeStatus.DRAFT: frozenset({FreezeStatus.CONFIRMED}),
    FreezeStatus.CONFIRMED: frozenset(
        {FreezeStatus.POLICE_REVIEW, FreezeStatus.SENT, FreezeStatus.FAILED, FreezeStatus.REJECTED}
    ),
    FreezeStatus.POLICE_REVIEW: frozenset({FreezeStatus.CONFIRMED, FreezeStatus.SENT_BACK}),
    FreezeStatus.SENT: frozenset(
        {
            FreezeStatus.STOPPED,
            FreezeStatus.MISMATCH,
            FreezeStatus.PARTLY_MOVED,
            FreezeStatus.ALREADY_OUT,
            FreezeStatus.REJECTED,
            FreezeStatus.FAILED,
        }
    ),
    FreezeStatus.FAILED: frozenset({FreezeStatus.CONFIRMED}),
}

FINAL_OUTCOMES = frozenset(
    {
        FreezeStatus.STOPPED,
        FreezeStatus.MISMATCH,
        FreezeStatus.PARTLY_MOVED,
        FreezeStatus.ALREADY_OUT,
        FreezeStatus.REJECTED,
    }
)


@dataclass(frozen=True)
class FreezeFields:
    """What the bank needs, as the operator confirmed it."""

    payee_name: str
    """Holder of the suspect account (户名)."""
    payee_account: str
    """Account number: digits of a card, or the identifier of a payment account."""
    amount_fen: int
    """Amount of the transfer in fen (1/100 yuan), so that it is exact."""
    transfer_time: datetime
    """When the money left; timezone-aware, not in the future."""
    payee_bank: str = ""
    payer_name: str = ""
    payer_account: str = ""
    payer_bank: str = ""
    channel: str = ""
    """手机银行, ATM, 支付宝 and so on."""
    reference: str = ""
    """流水号 or 订单号."""
    scam_type: str = ""
    summary: str = ""


REQUIRED_FIELDS: dict[str, str] = {
    "payee_name": "收款户名",
    "payee_account": "收款账号",
    "amount_fen": "金额",
    "transfer_time": "转账时间",
}


def validate(fields: FreezeFields, now: datetime) -> None:
    """Check that the four matching fields are present and possible.

    Raises: InputError naming the first field that is missing or wrong.
    """
    for name, chinese in REQUIRED_FIELDS.items():
        if not getattr(fields, name):
            raise InputError(
                f"止付申请缺少{chinese}",
                expected="户名、账号、金额、时间四项齐全",
                found=f"{chinese}为空",
                remedy="请向来电人核实后填写",
            )
    if fields.amount_fen <= 0:
        raise InputError("金额不对", expected="大于 0", found="小于或等于 0", remedy="请核对转账金额")
    if fields.transfer_time > now:
        raise InputError("转账时间不对", expected="不晚于现在", found="晚于现在", remedy="请核对转账时间")
    if len(fields.summary) > 200:
        raise InputError(
            "案情摘要过长", expected="不超过 200 字", found=f"{len(fields.summary)} 字", remedy="请删减后再提交"
        )


@dataclass(frozen=True)
class FreezeRequest:
    """A payment-stop request. Its `id` is the idempotency key towards the bank."""

    id: str
    call_id: str | None
    created_by: str
    created_at: datetime
    fields: FreezeFields
    status: FreezeStatus = FreezeStatus.DRAFT
    receipt: str = ""
    """Number given by the bank side."""
    message: str = ""
    """What the bank side said, for people."""
    stopped_amount_fen: int = 0
    onward_account: str = ""
    """Account the money moved on to, when the bank says so."""
    stopped_at: datetime | None = None
    updated_at: datetime | None = None
    attempts: int = 0
    version: int = 0
    """Optimistic lock; the store refuses to save over a newer version."""

    @property
    def hold_expires_at(self) -> datetime | None:
        """48 h after the moment of stopping."""
        return self.stopped_at + HOLD_DURATION if self.stopped_at else None

    def moved_to(self, status: FreezeStatus, at: datetime) -> FreezeRequest:
        """Return the request in its next state.

        Raises: StateError when the transition is not legal.
        """
        allowed = TRANSITIONS.get(self.status, frozenset())
        if status not in allowed:
            raise StateError(
                "止付申请的状态不允许这一步",
                expected="、".join(sorted(allowed)) or "（已是最终状态）",
                found=f"{self.status} → {status}",
                remedy="请刷新页面查看最新状态",
            )
        return replace(self, status=status, updated_at=at)


@dataclass(frozen=True)
class FreezeOutcome:
    """The bank side's answer to a request."""

    status: FreezeStatus
    receipt: str
    message: str = ""
    stopped_amount_fen: int = 0
    stopped_at: datetime | None = None
    onward_account: str = ""
