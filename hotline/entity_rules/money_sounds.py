"""Sums as recognisers mishear them: 元 written 人 or 员, 去 written 七, 是 written 十 or 四,
千 written 七, a 万 that was swallowed.

Used for reading facts only; the transcript stays as it was recognised.
"""

from __future__ import annotations

import re

from hotline.numbers import CARDINAL
from hotline.numerals import cardinal

_N = "零一二两三四五六七八九十百千万"
YUAN = re.compile(rf"(?<=[{_N}][百千万])[员圆园源缘](?![工])|(?<=[万千百十][{_N}])[员圆园源缘](?![工])")
PEOPLE = re.compile(rf"((?:转|付|汇|打|交|充|垫)了)([{_N}]*[百千万][{_N}]*)人(?=[，。,.、？?对]|$)")
GONE = re.compile(rf"(?<=[转打汇付交]过)七([{_N}]+)(?=块|元)")
IS = re.compile(rf"^([十四])([{_N}]{{2,}})(?=块|元)")
NUMERAL = re.compile(rf"[{_N}]{{3,}}(?=块|元)")
SEVEN = re.compile(r"(?<=[二两三四五六八九一])七(?=[一二两三四五六七八九零])")
NO_TEN_THOUSAND = re.compile(r"(?<=[十一二两三四五六七八九])(?=[一二两三四五六七八九]千)")


def hear_money(text: str) -> str:
    """Return the text with misheard words of sums put right, where only one reading makes a number."""
    text = PEOPLE.sub(r"\1\2元", YUAN.sub("元", text))
    text = GONE.sub(lambda match: _without(match[0], "去", match[1]), text)
    text = IS.sub(lambda match: _without(match[0], "是", match[2]), text)
    return NUMERAL.sub(_repaired, text)


def _without(heard: str, word: str, numeral: str) -> str:
    """Read the first digit as the word that it sounds like, where only the rest is a number."""
    return word + numeral if _is_whole(numeral) and not _is_whole(heard) else heard


def _repaired(match: re.Match[str]) -> str:
    said = match[0]
    if _is_whole(said):
        return said
    readings = {said[: m.start()] + "千" + said[m.end() :] for m in SEVEN.finditer(said)}
    readings |= {said[: m.start()] + "万" + said[m.end() :] for m in NO_TEN_THOUSAND.finditer(said)}
    whole = [reading for reading in readings if _is_whole(reading)]
    return whole[0] if len(whole) == 1 else said


def _is_whole(numeral: str) -> bool:
    return CARDINAL.fullmatch(numeral) is not None and cardinal(numeral) is not None
