"""Spoken Chinese numbers to digits (inverse text normalisation) for what recognisers write.

Rules of its own, since the libraries tried (cn2an 0.5.24, see docs/dependencies.md) fail on what callers say:
三点五万, 三四万, 1.2万, digits mixed with units, telephone digits (幺 洞 拐).
Ordinary words that hold numerals (一下, 万一, 三心二意, 百万保障) stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DIGIT_VALUES = {
    **{character: value for value, character in enumerate("零一二三四五六七八九")},
    **{"〇": 0, "两": 2, "幺": 1, "洞": 0, "拐": 7, "勾": 9},
    **{str(value): value for value in range(10)},
}
UNIT_VALUES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
D = "零〇一二两三四五六七八九0-9"
TELEPHONE = "零〇一二两三四五六七八九幺洞拐勾0-9"
U = "十百千万亿"
MEASURES = "块|元|毛|角|岁|年|月|号|日|天|小时|分钟|秒|次|笔|单|张|万|位|期|倍|折|米|公里|斤|人|%|％"

PROTECTED = re.compile(
    r"百万保障|万一|(?<![一二两三四五六七八九十百0-9几])千万(?![块元人])|一万个(?:不|放)|三心二意|七上八下|乱七八糟|五花八门|四面八方|三番五次|不管三七二十一|三十六计"
    r"|一五一十|十有八九|八九不离十|千方百计|成千上万|四舍五入|十字路口|九九归一|二百五|一百个放心|十全十美|百分百|老百姓|百度|百货"
    r"|千牛|万科|万达|万能|万事|万分|十分(?!钟|之)|一万年|七七八八|三三两两|一二三线|十一(?=放假|假期|国庆|长假)|二维码|二手|一直"
    r"|万元户|亿万|千千万万|百姓|五一(?=放假|假期|劳动)|双十一|双十二|六一八|三八节|一一对应|三五成群|两三天"
)
PERCENT = re.compile(rf"百分之([{D}{U}点.]+)")
DATE = re.compile(rf"(?:([{D}]{{4}}|[{D}]{{2}})年)?([{D}十]{{1,3}})月(?:份)?(?:([{D}十]{{1,3}})([号日]))?")
YEAR = re.compile(rf"([{D}]{{4}})年")
CLOCK = re.compile(
    rf"([{D}十]{{1,3}})(?:点钟|点|时)(?!多万|[{D}]+[万千%倍])(?:(半)|(一刻|三刻)|([{D}十]{{1,3}})分?(?![{D}{U}万千块元])|(整))?"
)
CLOCK_BEFORE = re.compile(r"(早上|上午|中午|下午|晚上|傍晚|凌晨|夜里|半夜|今天|昨天|前天|明天|今晚|昨晚|现在|大概|大约|是|在|到|早|晚|午|号|日)$")
RANGE = re.compile(r"([一二两三四五六七八九])([二三四五六七八九])([十百千万])(?=[^零一二三四五六七八九十]|$)")
CARDINAL = re.compile(rf"[{D}{U}]*(?:[点.][{D}]+)?[{U}]+[{D}{U}]*|[{D}]+点[{D}]+(?=[万千倍元块%个])|十[{D}]?")
TELEPHONE_RUN = re.compile(rf"[{TELEPHONE}](?:[ \-]?[{TELEPHONE}]){{2,}}")
REPEATED = re.compile(rf"(?<=[{TELEPHONE}])([二两三四五六])个([{TELEPHONE}])(?=[{TELEPHONE}]|$|[，。,. ])")
SINGLE = re.compile(rf"(?<![{D}{U}第星期周])([一二两三四五六七八九])(?=块钱|块[^儿]|元|毛钱|点钟|分钟|个小时|小时|千|百|万)")
AROUND_TEN = re.compile(r"(?<![二三四五六七八九])十(?=[来多几][万块个年天岁])")
SHORTHAND = re.compile(r"(\d+(?:\.\d+)?)([万千百wWkK])(\d)?(?!\d)")
FULL_WIDTH = str.maketrans("０１２３４５６７８９．％", "0123456789.%")


@dataclass(frozen=True)
class Amount:
    """Money in whole yuan; `low` and `high` differ where only a range was said."""

    value: int
    approximate: bool = False
    low: int = 0
    high: int = 0


def cardinal(text: str) -> float | None:
    """Return the value of a numeral such as 四万五, 十二万八, 三点五万, 1.2万, 一百二十万; None if it is none."""
    if not text:
        return None
    for unit in ("亿", "万"):
        head, mark, tail = text.partition(unit)
        if mark:
            left, right = cardinal(head) if head else 1.0, _tail(tail, UNIT_VALUES[unit])
            return None if left is None or right is None else left * UNIT_VALUES[unit] + right
    if "点" in text or "." in text:
        whole, _, part = text.replace("点", ".").partition(".")
        if not part or any(c not in DIGIT_VALUES for c in part):
            return None
        base = cardinal(whole) if whole else 0.0
        return None if base is None else float(f"{int(base)}.{''.join(str(DIGIT_VALUES[c]) for c in part)}")
    if text.isascii() and text.isdigit():
        return float(text)
    return _below_ten_thousand(text)


def _tail(text: str, unit: int) -> float | None:
    """Read what follows 万 or 亿: a single digit counts the next lower unit (四万五), after 零 it counts ones."""
    if not text:
        return 0.0
    if len(text) == 1 and text in DIGIT_VALUES:
        return DIGIT_VALUES[text] * unit / 10
    return cardinal(text.lstrip("零〇") or "零")


def _below_ten_thousand(text: str) -> float | None:
    total, digits, last_unit = 0.0, "", 0
    for character in text:
        if character in DIGIT_VALUES:
            digits += str(DIGIT_VALUES[character])
            continue
        unit = UNIT_VALUES.get(character)
        if unit is None or (last_unit and unit >= last_unit):
            return None
        total += (int(digits) if digits else 1) * unit
        digits, last_unit = "", unit
    if not digits:
        return total
    if last_unit >= 100 and len(digits) == 1 and "零" not in text and "〇" not in text:
        return total + int(digits) * last_unit / 10
    return total + int(digits)


def normalise(text: str) -> str:
    """Return the text with spoken numbers written as digits; what is not surely a number stays."""
    text = text.translate(FULL_WIDTH)
    kept: list[str] = []

    def protect(piece: str) -> str:
        kept.append(piece)
        return chr(0xE000 + len(kept) - 1)

    text = PROTECTED.sub(lambda match: protect(match[0]), text)
    text = REPEATED.sub(lambda m: m[2] * int(DIGIT_VALUES[m[1]]), text)
    text = PERCENT.sub(lambda m: _number(m[1], m[0], "%"), text)
    text = YEAR.sub(lambda m: _digits(m[1]) + "年", text)
    text = DATE.sub(_date, text)
    text = CLOCK.sub(_clock, text)
    text = TELEPHONE_RUN.sub(_telephone, text)
    text = RANGE.sub(lambda match: protect(_range(match)), text)
    text = CARDINAL.sub(_cardinal, text)
    text = SHORTHAND.sub(_shorthand, text)
    text = AROUND_TEN.sub("10", text)
    text = SINGLE.sub(lambda m: str(DIGIT_VALUES[m[1]]), text)
    return re.sub("[\ue000-\uf8ff]", lambda m: kept[ord(m[0]) - 0xE000], text)


def parse_amount(text: str) -> Amount | None:
    """Return the sum of money that a short phrase says, in whole yuan; None where there is none."""
    text = text.strip().translate(FULL_WIDTH)
    match = RANGE.search(text)
    if match:
        bounds = [float(DIGIT_VALUES[match[i]] * UNIT_VALUES[match[3]]) for i in (1, 2)]
        factor = 10_000 if text[match.end() : match.end() + 1] == "万" else 1
        low, high = (int(bound * factor) for bound in bounds)
        return Amount(low, True, low, high)
    if text.startswith("万把"):
        return Amount(10_000, True, 8_000, 12_000)
    found = re.search(r"\d+(?:\.\d+)?", SHORTHAND.sub(_shorthand, normalise(text)))
    if not found:
        return None
    value = round(float(found[0]))
    around = bool(re.search(r"多|来万|来块|左右|大概|差不多|将近|约", text))
    return Amount(value, around, value, value)


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 4))


def _number(text: str, otherwise: str, suffix: str = "") -> str:
    value = cardinal(text)
    return otherwise if value is None else _plain(value) + suffix


def _digits(text: str) -> str:
    return "".join(str(DIGIT_VALUES[c]) for c in text)


def _date(match: re.Match[str]) -> str:
    year, month, day, mark = match.groups()
    months, days = cardinal(month), cardinal(day) if day else 1.0
    if months is None or days is None or not 1 <= months <= 12 or not 1 <= days <= 31:
        return match[0]
    if not day and not year and len(month) == 1 and match[0].endswith("月") and month in "一两几":
        return match[0]
    head = f"{_digits(year)}年" if year else ""
    return f"{head}{int(months)}月" + (f"{int(days)}{mark}" if day else "")


def _clock(match: re.Match[str]) -> str:
    hour_text, half, quarter, minute_text, full = match.groups()
    hour, minute = cardinal(hour_text), cardinal(minute_text) if minute_text else 0.0
    told = CLOCK_BEFORE.search(match.string[: match.start()]) or half or quarter or full or "点钟" in match[0]
    if hour is None or minute is None or hour > 24 or minute > 59 or (not told and not (minute_text and minute >= 10)):
        return match[0]
    if "时" in match[0] and not told:
        return match[0]
    minutes = 30 if half else {"一刻": 15, "三刻": 45}.get(quarter or "", int(minute))
    if minute_text and len(minute_text) == 1 and "分" not in match[0]:
        return match[0]
    return f"{int(hour)}:{minutes:02d}"


def _telephone(match: re.Match[str]) -> str:
    run = match[0]
    following = match.string[match.end() : match.end() + 1]
    pure = [c for c in run if c in DIGIT_VALUES]
    if following in U and following:
        return run
    if len(pure) == 3 and run.isdigit() is False and not any(c in "幺洞拐勾0123456789" for c in run):
        if len(set(pure)) == 3 and pure != sorted(pure):
            return _digits("".join(pure))
        return _digits("".join(pure)) if len(set(pure)) < 3 or following in ("", "，", "。", " ") else run
    return _digits("".join(pure))


def _range(match: re.Match[str]) -> str:
    first, second = DIGIT_VALUES[match[1]], DIGIT_VALUES[match[2]]
    return f"{first}~{second}{match[3]}" if second == first + 1 else match[0]


def _cardinal(match: re.Match[str]) -> str:
    run = match[0]
    before, after = match.string[: match.start()][-1:], match.string[match.end() : match.end() + 2]
    if before in ("~", "第", "几", "数", "好", "上") and before and run[0] in U:
        return run
    if run in ("十", "百", "千", "万", "亿") and not re.match(MEASURES, after):
        return run
    if all(c in "百千万亿" for c in run):
        return run
    return _number(run, run)


def _shorthand(match: re.Match[str]) -> str:
    number, unit, following = match.groups()
    scale = {"万": 10_000, "w": 10_000, "W": 10_000, "千": 1000, "k": 1000, "K": 1000, "百": 100}[unit]
    after = match.string[match.end() : match.end() + 1]
    if unit in "wWkK" and after.isascii() and after.isalpha():
        return match[0]
    if match.string[: match.start()].endswith("~"):
        return match[0]
    return _plain(float(number) * scale + (int(following) * scale / 10 if following else 0))
