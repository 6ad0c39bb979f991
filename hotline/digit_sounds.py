"""Digits said one by one as recognisers write them: a word that sounds like a digit between many digits is that digit.

Applied only inside long dictations (accounts, telephone numbers), where nothing but digits is said; 十 there is a 四,
for the two sound alike on the telephone.
"""

from __future__ import annotations

import re

SOUNDS = {
    "零": "灵林铃玲凌另令领陵",
    "幺": "妖腰要药耀邀",
    "一": "衣医依易意亿伊",
    "二": "而儿耳尔",
    "三": "山散伞",
    "四": "是似事死思斯寺十时",
    "五": "武舞无午物屋吴",
    "六": "流刘留路陆溜",
    "七": "起齐期妻骑漆器",
    "八": "吧把爸巴罢",
    "九": "就酒久救旧舅",
    "拐": "怪",
    "勾": "沟钩狗",
}
"""Mandarin words of one syllable by the digit that they sound like, tones aside."""
DIGIT_OF = {word: digit for digit, words in SOUNDS.items() for word in words}
_SAID = "零〇一二三四五六七八九幺洞拐勾0-9"
_ALIKE = "".join(DIGIT_OF)
RUN = re.compile(
    rf"(?:[{_SAID}]|[要妖腰药](?=[三四五六七八九3-9]))[{_SAID}{_ALIKE}]{{5,}}[{_SAID}](?![百千万亿块元点年月号岁])"
)
LEAST_DIGITS = 6
MOST_WORDS_SHARE = 0.2
DIGIT = re.compile(f"[{_SAID}]")
ANNOUNCED = r"(?:[卡哈][号后喉]|[账帐]号|号码|电话|手机号?|证号|身份证)"
DICTATION = re.compile(
    rf"{ANNOUNCED}[是为：，, 号]*.{{0,5}}$|[{_SAID}{_ALIKE}要，,、]{{4,}}[^吗吧块元钱万千百]{{0,2}}$"
)
"""A misheard character or two may stand at the end: the last one was just being said."""


def hear_digits(text: str) -> str:
    """Return the text with words inside dictated strings of digits written as the digits that they sound like."""
    return RUN.sub(_as_digits, text)


def is_dictation(text: str) -> bool:
    """Say whether a text that goes on ends in a number that is told digit by digit, or was just announced."""
    return DICTATION.search(text) is not None


def _as_digits(match: re.Match[str]) -> str:
    run = match[0]
    words = len(DIGIT.sub("", run))
    if not words or len(run) - words < LEAST_DIGITS or words > MOST_WORDS_SHARE * len(run):
        return run
    return "".join(DIGIT_OF.get(character, character) for character in run)
