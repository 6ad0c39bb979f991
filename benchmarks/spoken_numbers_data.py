"""Made-up hotline dialogues in which a sum or a string of digits is said by the caller and read back by the operator.

Every number is drawn by a seed; nobody's. Cards pass or fail the Luhn check at random, as misheard ones would.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from hotline.entity_rules.digit_strings import CHECKS, WEIGHTS, luhn_is_right

DIGITS = "零一二三四五六七八九"
UNITS = ("", "十", "百", "千")
CARD_HEADS = ("622202", "621700", "622848", "621661", "622588", "955880", "436742")
AREAS = ("110105", "310101", "440103", "330106", "510104", "420102")
SUMS_SAID = (
    "我转过去{}块钱。",
    "一共被骗了{}元。",
    "他让我先交{}块钱保证金。",
    "我卡里少了{}块。",
    "第二次又转了{}元。",
)
SUMS_BACK = ("您一共转了{}元，对吗？", "是{}块钱，对吧？", "好，{}元，我记下了。")
STRINGS = {
    "card": ("收款的卡号是{}。", "卡号{}，对吗？"),
    "phone": ("他的电话是{}。", "电话{}，对吗？"),
    "identity": ("我的身份证号是{}。", "身份证{}，对吗？"),
}
PIECED_TURNS = ("嗯。", "继续。", "好。")
Row = dict[str, Any]


def dialogues(count: int, seed: int) -> list[Row]:
    """Return `count` dialogues about sums and `count` about strings of 11 to 19 digits, with ids and what is right."""
    rng = random.Random(seed)
    return [_sum(rng, f"sum-{seed}-{n:03}") for n in range(count)] + [
        _string(rng, f"string-{seed}-{n:03}", n) for n in range(count)
    ]


def said_sum(value: int) -> str:
    """Return how a sum below one hundred million is said; a last lower unit is left off as people do (四万五)."""
    high, low = divmod(value, 10_000)
    if not high:
        return _below_ten_thousand(low)
    if low and low % 1000 == 0 and low // 1000 in range(1, 10):
        return _below_ten_thousand(high) + "万" + DIGITS[low // 1000]
    tail = ("零" if low < 1000 else "") + _below_ten_thousand(low) if low else ""
    return _below_ten_thousand(high) + "万" + tail


def _below_ten_thousand(value: int) -> str:
    written, zero = "", False
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if digit:
            written += ("零" if zero and written else "") + DIGITS[digit] + UNITS[place]
        zero = not digit
    return written.removeprefix("一") if written.startswith("一十") else written


def _sum(rng: random.Random, name: str) -> Row:
    shape = rng.choice(("hundreds", "thousands", "thousands", "short", "short", "ten_thousands", "odd", "odd"))
    value = {
        "hundreds": rng.randint(2, 99) * 100,
        "thousands": rng.randint(11, 99) * 100,
        "short": rng.randint(11, 99) * 1000,
        "ten_thousands": rng.randint(1, 120) * 10_000,
        "odd": rng.randint(1001, 499_999),
    }[shape]
    said = said_sum(value)
    turns = [("caller", rng.choice(SUMS_SAID).format(said)), ("operator", rng.choice(SUMS_BACK).format(said))]
    return {"id": name, "kind": "amount", "value": value, "turns": [*_turns(turns), *_turns([("caller", "对的。")])]}


def _string(rng: random.Random, name: str, number: int) -> Row:
    kind = ("card", "card", "phone", "card", "phone", "identity")[number % 6]
    digits = {"card": _card, "phone": _phone, "identity": _identity}[kind](rng)
    told, back = STRINGS[kind]
    groups = _groups(digits, kind)
    if kind == "card" and number % 4 == 1:
        middle = len(groups) // 2
        turns = [
            ("caller", told.format("，".join(groups[:middle]))),
            ("operator", rng.choice(PIECED_TURNS)),
            ("caller", "，".join(groups[middle:]) + "。"),
        ]
    else:
        turns = [("caller", told.format("，".join(groups)))]
    turns += [("operator", back.format("，".join(groups))), ("caller", "对的。")]
    return {"id": name, "kind": kind, "value": digits, "turns": _turns(turns)}


def _turns(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"speaker": speaker, "text": text} for speaker, text in pairs]


def _groups(digits: str, kind: str) -> list[str]:
    """Return the groups in which a string is dictated: phones 3-4-4, identity numbers 6-4-4-4, cards in fours."""
    cuts = {"phone": (3, 7, 11), "identity": (6, 10, 14, 18)}.get(kind, (*range(4, 20, 4), len(digits)))
    groups, start = [], 0
    for cut in cuts:
        if start < cut and start < len(digits):
            spoken = "".join("幺" if c == "1" else DIGITS[int(c)] for c in digits[start:cut])
            groups.append(spoken)
            start = cut
    return groups


def _card(rng: random.Random) -> str:
    head = rng.choice(CARD_HEADS)
    body = head + "".join(rng.choice("0123456789") for _ in range(rng.choice((16, 19, 19)) - len(head) - 1))
    right = (body + str(last) for last in range(10) if luhn_is_right(body + str(last)))
    return next(iter(right))


def _phone(rng: random.Random) -> str:
    return "1" + rng.choice("3578") + "".join(rng.choice("0123456789") for _ in range(9))


def _identity(rng: random.Random) -> str:
    def numbers() -> Iterator[str]:
        while True:
            day = f"{rng.randint(1950, 2003)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
            body = rng.choice(AREAS) + day + f"{rng.randint(0, 999):03}"
            check = CHECKS[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]
            if check != "X":
                yield body + check

    return next(numbers())
