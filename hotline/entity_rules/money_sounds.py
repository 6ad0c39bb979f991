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
LOST = re.compile(
    r"(?P<verb>被(?:他们?|人家?|对方|骗子)?(?:诈骗|骗|诈|坑)(?:走|去)?了?|(?:骗|坑)(?:走|去)?了?我|少了|(?:花|亏|损失|赔)了"
    r"|(?<![应对中])(?:转|付|汇|交|缴)(?:了|给他|给她|过去|出去)*)(?:一共|总共|大概|差不多|将近|整整)?"
    rf"(?:[{_N}]*[千万][{_N}]*|\d{{4,9}}|\d+(?:\.\d+)?[千万])人(?=[，。,.、？?！!对吧吗]|$)"
)
"""A sum of 1,000 and more behind a verb of paying or losing; 骗了三千人 has people as its object."""
CLAUSE_ENDS = re.compile("[，。,.、？?！!；;]")
CROWD = re.compile(
    r"新闻|报道|听说|据说|(?:全[国省市县镇村校球]|各地|小区|社区|[村镇县市省群]|学校|公司|单位|大家|会员|业主|群众|(?<!我)们)"
    r"(?:里|上|那边|已经|就|都|也|一共|总共|今年|去年|每年)*$"
)
"""Who is deceived in numbers."""
ACCOUNT = re.compile(r"我(?!们)|卡[里上]|账[上户]|余额|存款|存折|钱")
GONE = re.compile(rf"(?<=[转打汇付交]过)七([{_N}]+)(?=块|元)")
IS = re.compile(rf"^([十四])([{_N}]{{2,}})(?=块|元)")
NUMERAL = re.compile(rf"[{_N}]{{3,}}(?=块|元)")
SEVEN = re.compile(r"(?<=[二两三四五六八九一])七(?=[一二两三四五六七八九零])")
NO_TEN_THOUSAND = re.compile(r"(?<=[十一二两三四五六七八九])(?=[一二两三四五六七八九]千)")


def hear_money(text: str) -> str:
    """Return the text with misheard words of sums put right, where only one reading makes a number."""
    text = LOST.sub(_lost, PEOPLE.sub(r"\1\2元", YUAN.sub("元", text)))
    text = GONE.sub(lambda match: _without(match[0], "去", match[1]), text)
    text = IS.sub(lambda match: _without(match[0], "是", match[2]), text)
    return NUMERAL.sub(_repaired, text)


def _lost(match: re.Match[str]) -> str:
    """Read 人 as 元, unless the clause tells of many who were deceived or of fewer people somewhere."""
    before = CLAUSE_ENDS.split(match.string[: match.start()])[-1]
    of_people = (match["verb"].startswith("被") and CROWD.search(before)) or (
        match["verb"] == "少了" and not ACCOUNT.search(before)
    )
    return match[0] if of_people else match[0].removesuffix("人") + "元"


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
