"""What is never changed: all that numbers are made of, names of people, words that turn a sentence round."""

from __future__ import annotations

import re
from itertools import pairwise

from hotline.digit_sounds import RUN
from hotline.entity_rules.names import SURNAMES, find_names

NUMERALS = frozenset("零〇一二两三四五六七八九十百千万亿幺")
UNITS = frozenset("块元毛角分钱点月日号年时秒天周岁折倍个名笔次位")
"""Behind a numeral they are a part of the sum, date or time."""
NEGATIONS = frozenset("不没别未无莫")
PRONOUNS = frozenset("他她它")
"""Who is meant no sentence says."""
UNTOUCHED = NUMERALS | NEGATIONS | PRONOUNS
"""Neither changed nor put in another's place."""
ADDRESSES = frozenset("你您我")
"""May be put in another's place, but stay where they were heard."""
GAP = 3
"""What stands between two numerals so near belongs to them."""
_TITLES = (
    "先生|女士|老师|经理|总|警官|主任|姐|哥|叔|婶|嫂|姨|科长|局长|所长|队长|律师|医生|师傅|专员|助理|某|同学|老板|导师"
)
NAME = re.compile(
    rf"姓(.[一-鿿]?)|(?<![大多])[小老阿]([{SURNAMES}])|([{SURNAMES}])(?={_TITLES})|“([^”]*)”|《([^》]*)》"
)


def is_chinese(character: str) -> bool:
    """Say whether it is a Chinese character."""
    return "一" <= character <= "鿿"


def kept(text: str) -> list[bool]:
    """Return, for each character, whether it must stay."""
    stays = [not is_chinese(c) or c in UNTOUCHED or c in ADDRESSES for c in text]
    numeral = [place for place, c in enumerate(text) if c in NUMERALS or "0" <= c <= "9" or "０" <= c <= "９"]
    spans = [(place - 1, place + 2) for place in numeral]
    spans += [(place, place + 3) for place in numeral if text[place + 1 : place + 2] in UNITS]
    spans += [(a, b) for a, b in pairwise(numeral) if b - a <= GAP]
    spans += [match.span() for match in RUN.finditer(text)]
    spans += [match.span(match.lastindex or 0) for match in NAME.finditer(text)]
    spans += [(name.start, name.end) for name in find_names(text)]
    for start, end in spans:
        for place in range(max(start, 0), min(end, len(text))):
            stays[place] = True
    return stays
