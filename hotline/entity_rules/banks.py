"""Banks by their short official names (工商银行 for 工行 and 中国工商银行)."""

from __future__ import annotations

import re

from hotline.domain.entities import EntityType
from hotline.entity_rules.found import Found

BANKS: dict[str, tuple[str, ...]] = {
    "工商银行": ("中国工商银行", "工行", "工商"),
    "农业银行": ("中国农业银行", "农行"),
    "中国银行": ("中行",),
    "建设银行": ("中国建设银行", "建行"),
    "交通银行": ("交行",),
    "邮储银行": ("中国邮政储蓄银行", "邮政储蓄银行", "邮政银行", "邮政储蓄", "邮储"),
    "招商银行": ("招行",),
    "中信银行": (),
    "光大银行": ("中国光大银行",),
    "民生银行": ("中国民生银行",),
    "华夏银行": (),
    "广发银行": ("广东发展银行",),
    "平安银行": (),
    "浦发银行": ("上海浦东发展银行", "浦东发展银行", "浦发"),
    "兴业银行": (),
    "浙商银行": (),
    "恒丰银行": (),
    "渤海银行": (),
    "北京银行": (),
    "上海银行": (),
    "江苏银行": (),
    "南京银行": (),
    "宁波银行": (),
    "杭州银行": (),
    "徽商银行": (),
    "长沙银行": (),
    "成都银行": (),
    "重庆银行": (),
    "西安银行": (),
    "天津银行": (),
    "厦门银行": (),
    "青岛银行": (),
    "齐鲁银行": (),
    "郑州银行": (),
    "哈尔滨银行": (),
    "盛京银行": (),
    "贵阳银行": (),
    "苏州银行": (),
    "汉口银行": (),
    "河北银行": (),
    "桂林银行": (),
    "广州银行": (),
    "东莞银行": (),
    "吉林银行": (),
    "中原银行": (),
    "微众银行": (),
    "网商银行": (),
    "农村商业银行": ("农商银行", "农商行"),
    "农村信用社": ("农信社", "信用社", "农村信用合作社"),
    "村镇银行": (),
}
BY_ALIAS = {alias: name for name, aliases in BANKS.items() for alias in (name, *aliases)}
BANK = re.compile("|".join(sorted(map(re.escape, BY_ALIAS), key=len, reverse=True)))
NOT_A_BANK_AFTER = {"工商": re.compile(r"(?!卡|的卡|账|那张)"), "信用社": re.compile(r"(?=会)")}


def find_banks(text: str) -> list[Found]:
    """Return banks by their short official names."""
    found = []
    for match in BANK.finditer(text):
        exception = NOT_A_BANK_AFTER.get(match[0])
        if exception and exception.match(text, match.end()):
            continue
        found.append(Found(EntityType.BANK, BY_ALIAS[match[0]], match.start(), match.end()))
    return found
