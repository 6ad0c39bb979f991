"""Sums of money in whole yuan.

A number is money when a unit of money follows; when it was said with 百, 千 or 万 and nothing says that it counts
something else; or, as bare digits, beside a word of paying or in answer to a question about the sum.
"""

from __future__ import annotations

import re

from hotline.domain.entities import EntityType
from hotline.entity_rules.found import Found
from hotline.numbers import COUNTED
from hotline.numerals import UNIT_VALUES

SUM = re.compile(
    rf"(?<![\d.:~A-Za-z_-])(?:(?P<low>\d{{1,9}})~)?(?P<number>\d{{1,9}}(?:\.\d+)?)(?P<mark>{COUNTED})?"
    rf"(?P<odd>[多来几])?(?P<scale>[十百千万亿]+)?(?P<odd2>多|来(?=块))?"
    r"(?P<unit>块钱|块(?![儿头地])|元(?!旦|件|宵)|人民币|美元|美金|美刀|港币|欧元|英镑)?(?![\d.:~%％A-Za-z])"
)
ROUND_HUNDRED = re.compile(r"万把[块个]|千把[块个]|百把[块个]")
FOREIGN = ("美", "港", "欧", "英")
PAYING = re.compile(
    r"(?:转|汇|打|付|交|缴|借|贷|垫|充|存|投|损失|骗|亏|赔|给|要|收|扣|花|刷|提|取|退|返|还|赚|欠|押金|保证金|解冻金|手续费|金额|一共|总共"
    r"|总计|合计|共|余额|卡里|账上|账户里|本金|额度|价格|工资|退休金|钱|差|剩|借款|尾款|定金|到账)[^\d，。！？；,.?!;]{0,6}$"
)
HANDED = re.compile(
    r"(?:转|付|返|垫|充|交|收|花|扣|赚|提|汇|捐|罚)(?:了|过|我|你|他|给我|给他|给你|回来|到)?$|(?:单|天|月|次)(?:返|扣|赚|交)$"
)
ASKED = re.compile(r"^(?!.*(?:电话|手机|号码|账号|卡号|尾号|几位|多少位|多少号)).*(?:多少|金额|几块|数额|几万)")
ANSWER_AROUND = re.compile(r"(?:嗯|呃|啊|哦|是|对|一共|总共|大概|大约|应该|转了|就|那个|有|，|,| )*")
LISTED = re.compile(r"[，、, ]?(?:和|还有|又|加上?|再|然后|一笔|第.笔|一次|、)*$")
NOT_MONEY_AFTER = re.compile(
    r"(?:多|来|几)?(?:个|次|天|年|岁|周岁|号|日|点|分(?!的)|秒|单(?!的钱)|人|户|期|月|条|张|位|股|份|件|吨|米|公里|平|斤|倍|页|层|栋|楼|室|路|克|级|折|集|句|遍"
    r"|家|台|部|名|辆|小时|星期|周|粉|积分|分钟|开头|结尾|尾号|打头|工号|电话|热线|的电话|那边|报警|报案|来电|箱|罐|套|瓶|袋|盒|双|本|根|只|头|字|度|房|公斤|匹|场"
    r"|元素|像素|多位|多个|多人|多岁|寸|亩|桌|间|门|班|届|颗|代|码|毫|厘|种|项|道|杯|碗|包|支|枚|幅|把|面|排|座|口|行|关|棵|款(?!项)|字头)"
)
NOT_MONEY_BEFORE = re.compile(
    r"(?:尾号|尾巴|尾数|后头|末位|末尾|后四位|后三位|后几位|前几位|工号|警号|编号|单号|订单号?|验证码|密码|房间号?|门牌|今年都?|年纪|年龄|岁数|第|分机|QQ号?|群号|会议号|邀请码|微信号?"
    r"|卡号|账号|号码|电话|手机号?|拨打|拨|打给|热线|身份证号?|案号|型号|代码|口令|车牌|农历|属|坐|考了|体重|身高|血压)(?:是|为|叫|：|:|的|都|快|也|有|，|,| |到|了|我|已经)*$"
)
SERVICE_NUMBERS = frozenset(
    [
        "96110",
        "110",
        "120",
        "119",
        "114",
        "122",
        "12315",
        "12381",
        "12321",
        "12345",
        "12378",
        "12363",
        "12386",
        "10086",
        "10010",
        "10000",
        "10001",
        "12306",
        "12368",
        "12348",
        "12333",
        "95588",
        "95533",
        "95599",
        "95566",
        "95555",
        "95580",
        "95559",
        "95568",
        "95595",
        "95561",
        "95528",
        "95558",
        "95511",
        "95577",
        "95508",
        "95017",
        "95188",
        "95118",
    ]
)
LEAST_DIGITS = 100
LEAST_COUNTED = 100


def find_amounts(text: str, question: str = "") -> list[Found]:
    """Return the sums of a marked text; `question` is what the other speaker said before it."""
    found: list[Found] = []
    for match in SUM.finditer(text):
        end_of_last = found[-1].end if found else -1
        if _is_money(text, match, question, end_of_last):
            found.append(_sum(match))
    for match in ROUND_HUNDRED.finditer(text):
        found.append(Found(EntityType.AMOUNT, UNIT_VALUES[match[0][0]], match.start(), match.end(), ("approximate",)))
    return found


def _is_money(text: str, match: re.Match[str], question: str, end_of_last: int) -> bool:
    number, before, after = match["number"], text[: match.start()], text[match.end() :]
    if match["unit"]:
        return float(number) > 0
    if NOT_MONEY_AFTER.match(after) or NOT_MONEY_BEFORE.search(before):
        return False
    if (match["odd"] or match["odd2"]) and not match["mark"]:
        return False
    value = float(number) * _scale(match)
    if match["mark"] or match["scale"]:
        return value >= LEAST_COUNTED or (value >= 10 and bool(HANDED.search(before)))
    if number.startswith("0") or value < LEAST_DIGITS or number in SERVICE_NUMBERS or _in_a_run(text, match):
        return False
    if PAYING.search(before):
        return True
    listed = end_of_last >= 0 and LISTED.fullmatch(text, end_of_last, match.start())
    if listed and number.endswith("00"):
        return True
    answers = ANSWER_AROUND.fullmatch(before) and not after.strip("。，,. 吧呢啊左右整")
    return bool(ASKED.search(question) and answers and len(number) < 8)


def _sum(match: re.Match[str]) -> Found:
    scale = _scale(match)
    warnings = []
    if match["low"] or match["odd"] or match["odd2"]:
        warnings.append("approximate")
    if (match["unit"] or "").startswith(FOREIGN):
        warnings.append("foreign_currency")
    value = int(round(float(match["low"] or match["number"]) * scale, 2))
    return Found(EntityType.AMOUNT, value, match.start(), match.end(), tuple(warnings))


def _scale(match: re.Match[str]) -> int:
    scale = 1
    for unit in match["scale"] or "":
        scale *= UNIT_VALUES[unit]
    return scale


def _in_a_run(text: str, match: re.Match[str]) -> bool:
    """Say whether digits belong to a longer dictation such as 6217，0038，1002."""
    before = re.search(r"\d{2,}[，, 、]+$", text[: match.start()])
    after = re.match(r"[，, 、]+\d{2,}(?!" + COUNTED + ")", text[match.end() :])
    return bool(before or after)
