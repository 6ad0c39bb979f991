"""Sums of money in whole yuan."""

from __future__ import annotations

import re

from hotline.domain.entities import EntityType
from hotline.entity_rules.found import Found

NUMBER = r"(?P<number>\d{1,9}(?:\.\d+)?)"
WITH_UNIT = re.compile(
    rf"(?<![\d.:年月~])(?:(?P<low>\d{{1,3}})~)?{NUMBER}(?P<scale>[十百千万亿])?(?P<more>多|来|几|出头)?(?P<scale2>万|千|百)?"
    r"(?P<unit>多?块钱|多?块(?![儿钱头地])|多?元(?!旦|件)|人民币|美元|美金|港币|钱)"
)
PAYING = (
    r"转|汇|打|付|交|缴|借|贷|垫|充|存|投|损失|骗|被骗|亏|赔|给|要|收|扣|花|刷|提|取|退|返|还|赚|欠|押金|保证金|解冻金|手续费|金额"
    r"|一共|总共|总计|合计|大概|余额|卡里|账上|本金|额度|价格|工资|退休金|先|再|又|共|是|有|了|过|出|走|去|笔|够|每月|剩"
)
BARE = re.compile(rf"(?:{PAYING})[^\d，。！？,.?!]{{0,4}}?(?<![\d.:年月~-]){NUMBER}(?P<more>多|来)?(?![\d.:%~-])")
LISTED = re.compile(r"(?:[，、, ]|和|还有|又|加上?|再|然后)+(?P<number>[1-9]\d*00)(?!\d)")
"""A round number that follows a sum in a list of sums."""
NOT_MONEY_AFTER = re.compile(
    r"\s*多?(?:个|次|天|年|岁|号|日|点|分|秒|单(?!的钱)|人|户|期|月|条|张|位|股|份|件|吨|米|公里|平|斤|倍|页|层|栋|楼|室|路|克|级|折|集|句|遍|家|台"
    r"|部|名|辆|小时|星期|周|粉|积分|分钟|开头|结尾|尾号|打头|工号|电话|热线|的电话|那边|报警|来电)"
)
SERVICE_NUMBERS = frozenset({"96110", "110", "120", "119", "114", "12315", "12381", "12321", "12345", "10086", "10010", "10000", "12306", "12368", "12348", "95588", "95533", "95599", "95566", "95555"})
SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
LEAST_BARE = 100


def find_amounts(text: str) -> list[Found]:
    """Return sums with a unit of money, and bare numbers beside a word of paying."""
    found = [_with_unit(match) for match in WITH_UNIT.finditer(text)]
    taken = [(item.start, item.end) for item in found]
    for match in BARE.finditer(text):
        start, end = match.start("number"), match.end("number")
        if any(start < e and end > s for s, e in taken) or NOT_MONEY_AFTER.match(text, match.end()):
            continue
        digits = match["number"]
        if digits in SERVICE_NUMBERS or len(digits.split(".")[0]) > 8 or float(digits) < LEAST_BARE:
            continue
        if not digits.endswith("00") and _in_a_run(text, start, end):
            continue
        if len(digits) == 4 and digits.startswith(("19", "20")) and text[end : end + 1] == "年":
            continue
        found.append(Found(EntityType.AMOUNT, round(float(digits)), start, end, ("approximate",) if match["more"] else ()))
        taken.append((start, end))
    for match in LISTED.finditer(text):
        start, end = match.span("number")
        follows = any(e == match.start() for _, e in taken)
        if follows and not any(start < e and end > s for s, e in taken) and not NOT_MONEY_AFTER.match(text, end):
            found.append(Found(EntityType.AMOUNT, int(match["number"]), start, end))
            taken.append((start, end))
    return [item for item in found if int(item.value) > 0]


def _with_unit(match: re.Match[str]) -> Found:
    scale = SCALES.get(match["scale"] or "", 1) * SCALES.get(match["scale2"] or "", 1)
    around = bool(match["low"] or match["more"] or match["unit"].startswith("多"))
    number = float(match["low"] or match["number"])
    return Found(
        EntityType.AMOUNT, round(number * scale), match.start(), match.end(), ("approximate",) if around else ()
    )


def _in_a_run(text: str, start: int, end: int) -> bool:
    """Say whether digits belong to a longer dictation such as 6217，0038，1002."""
    before = re.search(r"\d{2,}[，, 、]+$", text[:start])
    after = re.match(r"[，, 、]+\d{2,}", text[end:])
    return bool(before or after)
