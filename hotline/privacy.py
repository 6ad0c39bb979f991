"""Masking of personal data on screen, and a last defence in logs (domain rules, section 4)."""

from __future__ import annotations

import logging
import re

from hotline.domain.entities import EntityType

DIGITS = "0123456789０１２３４５６７８９"
SPOKEN_DIGITS = "零〇一二两三四五六七八九幺洞拐勾"
LONG_NUMBER = re.compile(rf"[{DIGITS}{SPOKEN_DIGITS}](?:[ \-—,，、.。]?[{DIGITS}{SPOKEN_DIGITS}]){{6,}}[xX]?")
LOG_NUMBER = re.compile(r"(?<![0-9a-fA-F-])\d(?:[ -]?\d){6,}(?![0-9a-fA-F-])")
HIDDEN = "*"


def mask_entity(entity_type: EntityType, value: str) -> str:
    """Return a value with its middle hidden: card 6+4, phone 3+4, identity number 3+4, name 1, account 2+2."""
    if entity_type is EntityType.PERSON:
        return value[:1] + HIDDEN * max(1, len(value) - 1)
    if entity_type is EntityType.BANK_CARD:
        return _middle(value, 6, 4)
    if entity_type in (EntityType.PHONE, EntityType.ID_NUMBER):
        return _middle(value, 3, 4)
    if entity_type in (EntityType.ALIPAY, EntityType.WECHAT):
        return _middle(value, 3, 4) if value.isdigit() and len(value) >= 11 else _middle(value, 2, 2)
    return value


def mask_text(text: str) -> str:
    """Hide the middle of every number of seven or more digits, written or spoken, whatever separates them."""
    return LONG_NUMBER.sub(lambda match: _mask_run(match[0]), text)


def _middle(value: str, head: int, tail: int) -> str:
    if len(value) <= head + tail:
        head, tail = min(2, len(value) // 3), min(2, len(value) // 3)
    hidden = len(value) - head - tail
    return value[:head] + HIDDEN * hidden + (value[-tail:] if tail else "")


def _mask_run(run: str) -> str:
    places = [i for i, character in enumerate(run) if character in DIGITS + SPOKEN_DIGITS]
    head, tail = (6, 4) if len(places) >= 14 else (3, 4) if len(places) >= 10 else (2, 2)
    hidden = set(places[head : len(places) - tail])
    return "".join(HIDDEN if i in hidden else character for i, character in enumerate(run))


class RedactingFilter(logging.Filter):
    """Replaces digit runs of seven and more in log lines, should one ever get there."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact in place; the record is always kept."""
        message = record.getMessage()
        redacted = LOG_NUMBER.sub("[number]", message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        return True
