"""Accounts, phones and identity numbers: what a string of digits is, with checks that warn and never block."""

from __future__ import annotations

import re
from datetime import date

from hotline.domain.entities import EntityType

MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0(?:10|2\d)[2-8]\d{7}|0[3-9]\d{2}[2-8]\d{6,7}")
SERVICE = re.compile(r"[48]00\d{7}|95\d{3,8}|(?:00|\+)\d{8,15}")
ALIPAY_ID = re.compile(r"2088\d{12}")
IDENTITY = re.compile(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]")
CARD_LENGTHS = range(16, 20)
PUBLIC_NUMBERS = frozenset({"95588", "95533", "95599", "95566", "95555", "95528", "95561", "95568", "95595"})
USUAL_LENGTHS = (16, 19)
USUAL_HEADS = ("621", "622", "623", "9558", "4367")
"""Most cards that receive transfers are debit cards of UnionPay, or older ones of two large banks."""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"


def luhn_is_right(digits: str) -> bool:
    """Check a card number's last digit (ISO/IEC 7812)."""
    total = 0
    for position, character in enumerate(reversed(digits)):
        digit = int(character) * (1 + position % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def is_usual_card(digits: str) -> bool:
    """Say whether a card number looks like those that most people have."""
    return len(digits) in USUAL_LENGTHS and digits.startswith(USUAL_HEADS)


def identity_is_right(number: str) -> bool:
    """Check an identity number's date and last character (GB 11643)."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    weighted = sum(int(digit) * weight for digit, weight in zip(number[:17], WEIGHTS, strict=True))
    return CHECKS[weighted % 11] == number[-1].upper()


def kind_of(digits: str) -> tuple[EntityType, tuple[str, ...]] | None:
    """Say what a complete string is and what is odd about it; None when it is nothing known."""
    if IDENTITY.fullmatch(digits):
        right = identity_is_right(digits)
        if right or not luhn_is_right(digits.upper().replace("X", "0")):
            return EntityType.ID_NUMBER, () if right else ("id_check_digit",)
    if ALIPAY_ID.fullmatch(digits):
        return EntityType.ALIPAY, ()
    if digits.isdigit() and len(digits) in CARD_LENGTHS:
        return EntityType.BANK_CARD, () if luhn_is_right(digits) else ("luhn",)
    if MOBILE.fullmatch(digits):
        return EntityType.PHONE, ()
    if LANDLINE.fullmatch(digits) or SERVICE.fullmatch(digits):
        return (EntityType.PHONE, ()) if digits not in PUBLIC_NUMBERS else None
    return None
