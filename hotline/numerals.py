"""The value of one Chinese numeral: 四万五, 十二万八, 四万零五, 三点五万, 4万5千, 1.2万.

cn2an 0.5.24 reads most of these, yet neither 三点五万 nor 1.2万 nor digits mixed with units (docs/dependencies.md).
"""

from __future__ import annotations

from decimal import Decimal

DIGITS = "零一二三四五六七八九"
DIGIT_VALUES = {
    **{character: value for value, character in enumerate(DIGITS)},
    "〇": 0,
    "两": 2,
    "幺": 1,
    "洞": 0,
    "拐": 7,
    "勾": 9,
    **{str(value): value for value in range(10)},
}
"""Digits as they are spoken; 幺 洞 拐 勾 are the ones of dispatchers."""
UNIT_VALUES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬億", "一二三四五六七八九十百千万亿")
"""Numerals of vouchers to ordinary ones."""


def digits(text: str) -> str:
    """Return spoken digits as ASCII digits, one for one; other characters are dropped."""
    return "".join(str(DIGIT_VALUES[character]) for character in text if character in DIGIT_VALUES)


def cardinal(text: str) -> Decimal | None:
    """Return the value of a numeral, or None if it is none.

    A last digit after a unit counts the next lower unit (四万五 is 45,000) unless 零 stands before it.
    """
    for unit in ("亿", "万"):
        head, mark, tail = text.partition(unit)
        if mark:
            left, right = cardinal(head), _after_unit(tail, UNIT_VALUES[unit])
            return None if left is None or right is None else left * UNIT_VALUES[unit] + right
    if "点" in text or "." in text:
        whole, _, part = text.replace("点", ".").partition(".")
        value = _below_ten_thousand(whole)
        if value is None or not part or any(character not in DIGIT_VALUES for character in part):
            return None
        return Decimal(f"{value}.{digits(part)}")
    value = _below_ten_thousand(text)
    return None if value is None else Decimal(value)


def plain(value: Decimal) -> str:
    """Write a value without exponent and without trailing zeros after the point."""
    return str(int(value)) if value == int(value) else f"{value.normalize():f}"


def spelt(value: int) -> str:
    """Return how a whole number, 0 and above, is said in full: 十六万六千, 一万零五百, 一百一十; 二 stands for 两 too."""
    said = _spelt(value)
    return said[1:] if said.startswith("一十") else said


def _spelt(value: int) -> str:
    for character, unit in sorted(UNIT_VALUES.items(), key=lambda item: -item[1]):
        head, tail = divmod(value, unit)
        if head:
            gap = "零" if tail < unit // 10 else ""
            return _spelt(head) + character + (gap + _spelt(tail) if tail else "")
    return DIGITS[value]


def _after_unit(text: str, unit: int) -> Decimal | None:
    if not text:
        return Decimal(0)
    if len(text) == 1 and text in DIGIT_VALUES:
        return Decimal(DIGIT_VALUES[text] * unit // 10)
    return cardinal(text.lstrip("零〇") or "零")


def _below_ten_thousand(text: str) -> int | None:
    total, pending, last_unit = 0, "", 0
    for character in text:
        if character in DIGIT_VALUES:
            pending += character
            continue
        unit = UNIT_VALUES.get(character)
        spoken = pending.lstrip("零〇")
        if unit is None or (last_unit and unit >= last_unit) or (len(spoken) > 1 and not spoken.isascii()):
            return None
        total += (int(digits(pending)) if pending else 1) * unit
        pending, last_unit = "", unit
    pending = digits(pending)
    if not text or (last_unit and len(pending.lstrip("0")) > 1):
        return None
    if not pending:
        return total
    lower = last_unit // 10 if last_unit >= 100 and not pending.startswith("0") else 1
    return total + int(pending) * lower
