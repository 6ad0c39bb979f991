"""Payment-stop requests: what must be filled in and which steps are legal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotline.domain.freeze import FINAL_OUTCOMES, FreezeFields, FreezeRequest, FreezeStatus, validate
from hotline.errors import InputError, StateError

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
FIELDS = FreezeFields("陈某", "6222021234567890", 4_860_000, NOW - timedelta(minutes=20))


@pytest.mark.parametrize("field", ["payee_name", "payee_account", "amount_fen", "transfer_time"])
def test_each_matching_field_is_required(field: str) -> None:
    with pytest.raises(InputError, match="缺少"):
        validate(replace(FIELDS, **{field: None}), NOW)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount_fen": -1}, "金额"),
        ({"transfer_time": NOW + timedelta(minutes=1)}, "转账时间"),
        ({"summary": "字" * 201}, "摘要"),
    ],
)
def test_impossible_values_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        validate(replace(FIELDS, **change), NOW)


def test_a_request_goes_from_draft_to_an_outcome() -> None:
    request = FreezeRequest("r1", None, "u1", NOW, FIELDS)
    for status in (FreezeStatus.CONFIRMED, FreezeStatus.SENT, FreezeStatus.STOPPED):
        request = request.moved_to(status, NOW)
    assert request.status is FreezeStatus.STOPPED


@pytest.mark.parametrize("status", sorted(FINAL_OUTCOMES))
def test_an_outcome_is_final(status: FreezeStatus) -> None:
    with pytest.raises(StateError):
        FreezeRequest("r1", None, "u1", NOW, FIELDS, status=status).moved_to(FreezeStatus.SENT, NOW)


def test_a_draft_cannot_be_sent_unconfirmed() -> None:
    with pytest.raises(StateError):
        FreezeRequest("r1", None, "u1", NOW, FIELDS).moved_to(FreezeStatus.SENT, NOW)


def test_the_hold_lasts_48_hours_from_the_moment_of_stopping() -> None:
    request = FreezeRequest("r1", None, "u1", NOW, FIELDS, stopped_at=NOW)
    assert request.hold_expires_at == NOW + timedelta(hours=48)
