"""What hides personal data on screen and in logs."""

from __future__ import annotations

import logging

import pytest

from hotline.domain.entities import EntityType
from hotline.privacy import RedactingFilter, mask_entity, mask_text


@pytest.mark.parametrize(
    "entity_type, value, shown",
    [
        (EntityType.BANK_CARD, "6222021234567890123", "622202*********0123"),
        (EntityType.PHONE, "13800138000", "138****8000"),
        (EntityType.PERSON, "王小明", "王**"),
        (EntityType.PERSON, "王", "王*"),
        (EntityType.ALIPAY, "someone@example.com", "so***************om"),
        (EntityType.BANK, "工商银行", "工商银行"),
    ],
)
def test_an_entity_keeps_only_its_ends(entity_type: EntityType, value: str, shown: str) -> None:
    assert mask_entity(entity_type, value) == shown


@pytest.mark.parametrize(
    "text, shown",
    [
        ("我的号是13800138000", "我的号是138****8000"),
        ("幺三八零零幺三八零零零", "幺三八****八零零零"),
        ("138 0013 8000", "138 **** 8000"),
        ("转了45000，一共三笔", "转了45000，一共三笔"),
        ("卡号6222021234567890123。", "卡号622202*********0123。"),
    ],
)
def test_numbers_in_a_sentence_lose_their_middle(text: str, shown: str) -> None:
    assert mask_text(text) == shown


def test_a_log_line_loses_long_numbers_wherever_they_come_from() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 1, "call from %s took %d ms", ("138-0013-8000", 12), None)
    assert RedactingFilter().filter(record)
    assert record.getMessage() == "call from [number] took 12 ms"
