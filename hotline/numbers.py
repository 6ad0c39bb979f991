"""Spoken Chinese numbers to digits (inverse text normalisation) for what recognisers write.

Canon: sums and counts as plain digits (四万五 45000), ranges with a tilde and the unit kept (三四万 3~4万), clocks
as 24- or 12-hour `H:MM` behind the words of the day (下午三点二十 下午3:20), dates and years in digits, percentages
with %, dictated digits one for one. Words that only look like numbers (一下, 万一, 三心二意) stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from hotline.digit_sounds import hear_digits
from hotline.numerals import DIGIT_VALUES, FORMAL, UNIT_VALUES, cardinal, digits, plain

D = "零〇一二两三四五六七八九0-9"
DICTATED = D + "幺洞拐勾"
U = "十百千万亿"
ANY = D + U
NUMERAL = frozenset("零〇一二两三四五六七八九0123456789" + U)
MEASURE = "个次笔天年月张单条件位份期人起样下直些共边般定会步家名项句种"
IDIOMS = re.compile(
    rf"百万保障|(?<=[{ANY}])(?<!十)一(?:共|直|定|边|会儿|样|些|般|律|旦|切)|(?<![{ANY}])万一|(?<![{ANY}几])千万(?![块元人])|三心二意|乱七八糟|五花八门|四面八方|三番五次|不管三七二十一"
    rf"|十有八九|八九不离十|千方百计|成千上万|四舍五入|十字路口|一万个(?:不|放)|百分百|百分之百分|亿万富|五百强|说一不二|接二连三"
    rf"|零零[碎散星]|十万火急|十万八千里|七老八十|(?<![{ANY}])万八千(?=块|元)|十分之[一二两三四五六七八九]"
    rf"|(?<![{ANY}点])十分(?!钟|之)|(?<![{DICTATED}])(?:三十六计|七上八下|一五一十|七七八八|三三两两|一一对应|双十[一二](?!月)|六一八)(?![{DICTATED}])"
    rf"|(?<![{ANY}])二百五(?![{ANY}十])|二维码|二手|五一(?=放假|假期|劳动)|十一(?=放假|假期|国庆|长假)"
    rf"|(?<![{ANY}点])(?!一月[{D}十])(?:一[{MEASURE}直模](?![{U}])|[一二两三四五六七八九][个件句种步](?![{D}]))|一百个放心"
)
"""Left untouched, unless they stand inside a numeral."""
FULL_WIDTH = str.maketrans("０１２３４５６７８９．％", "0123456789.%")
_VOUCHER_DIGITS = "零壹贰叁肆伍陆柒捌玖拾佰仟萬億万亿"
VOUCHER = re.compile(f"[{_VOUCHER_DIGITS}]*[壹贰叁肆伍陆柒捌玖][拾佰仟萬億万亿元][{_VOUCHER_DIGITS}]*")
THOUSANDS = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])")
REPEATED = re.compile(
    rf"(?:(?P<count>[两三四五六])个|(?P<twice>双))(?P<digit>[{DICTATED}])(?=[{DICTATED}]|双|$|[，。,. ])"
)
REPEATED_BEHIND = re.compile(rf"(?:[{DICTATED}，。,. ]|尾号|号码|后面|最后|是|^)$")
PERCENT = re.compile(rf"百分之(?P<low>[{D}{U}点.]+)(?:到(?P<high>[{D}{U}点.]+)(?![{ANY}点块元]))?")
YEAR = re.compile(rf"([{D}]{{4}})年|(?<![{ANY}])([零〇五六七八九][{D}])年(?=出生|生人|的)")
DISCOUNT = re.compile(rf"(?<![{ANY}])([五六七八九])([一二三四五六七八九])折")
CROSS = re.compile(r"(?<!\d)(\d{17})[叉乂×]")
"""The last character of an identity number as it is said and heard."""
DATE = re.compile(
    rf"(?:(?P<year>[{D}]{{2}})年)?(?P<month>[{D}十]{{1,3}})月(?P<part>份)?(?:(?P<day>[{D}十]{{1,3}})(?P<mark>[号日]))?"
)
DECIMAL = re.compile(
    rf"[{D}{U}]+点[{D}]+(?=[万千百亿倍折元块度米斤吨%]|个[点百])|[零〇0]点[{D}]+|[{D}{U}]+点[一二三四五六七八九1-9][{D}](?![{ANY}分])"
)
CLOCK = re.compile(
    rf"(?P<hour>[{D}十]{{1,3}})(?P<mark>点钟|点|时)(?!多?万)"
    rf"(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>[{D}十]{{1,3}})(?P<unit>分(?!之))?(?![{U}块元个]|[{D}])|(?P<full>整))?"
)
SPELT = re.compile(r"[一二两三四五六七八九]{2}")
"""Two digits side by side are no hour and no minute: 两三点."""
DAY_WORDS = "早上|上午|中午|下午|晚上|傍晚|凌晨|夜里|半夜|清早|早晨|今天|昨天|前天|明天|后天|今晚|昨晚|今早|昨夜|号|日"
CLOCK_BEHIND = re.compile(rf"(?:{DAY_WORDS}|[早晚午])(?:的|大概|大约|差不多|，|,| )*$")
CLOCK_BEHIND_WEAK = re.compile(r"(?:现在|大概|大约|是|在|到|差不多|快|刚)$")
CLOCK_AHEAD = re.compile(
    r"多?(?:以前|之前|以后|之后|左右|前|的时候|来钟|多钟)|到(?:早上|上午|中午|下午|晚上|凌晨|第二天)?[零〇一二两三四五六七八九十0-9]{1,3}点|多(?:转|打|加|到|给|来|接|$|[，。])"
)
CLOSE_BY = re.compile(
    rf"(?<![{ANY}点])(?P<head>(?:[{D}]?[十百千万])+)(?P<low>[一二三四五六七八])(?P<high>[二三四五六七八九])(?P<tail>[十百千万亿]*)"
)
"""十五六万, 一千七八, 二十七八岁."""
RANGE = re.compile(rf"(?<![{ANY}点])(?P<low>[一二两三四五六七八])(?P<high>[二两三四五六七八九])(?P<unit>[{U}])")
_N = r"(?:\d+(?:\.\d+)?|[零〇一二两三四五六七八九])"
_SMALL = rf"(?:{_N}千)?[零〇]?(?:{_N}百)?[零〇]?(?:{_N}?十)?{_N}?"
CARDINAL = re.compile(
    rf"(?<![第几数~{D}])(?<!~\d)(?=[{D}十])(?:{_SMALL}亿)?[零〇]?(?:{_SMALL}万)?[零〇]?{_SMALL}(?<=[{ANY}])"
    rf"(?:(?<=[{U}])(?![{U}]|[{D}]{{2}}|[{D}](?![{U}]))|(?<=[{D}])(?![{ANY}]))"
)
"""One well-formed numeral; 两万三万 is two."""
COUNTED_AHEAD = re.compile(rf"[{MEASURE}]")
DICTATION = re.compile(rf"[{DICTATED}](?:[ \-]?[{DICTATED}])+")
ONLY_DIGITS = re.compile(rf"(?:[{DICTATED} ，,。、嗯呃啊对好]|那个|然后|是的|再来)+")
FRACTION_OF_YUAN = re.compile(
    rf"(?P<yuan>[{ANY}]+)块(?:[零〇0](?=.毛))?(?P<jiao>[一二两三四五六七八九1-9])(?:毛(?P<fen>[一二三四五六七八九1-9]?)分?)?(?![{ANY}{MEASURE}块])"
)
SINGLE = re.compile(
    rf"(?<![{ANY}第几周期拜])([一二两三四五六七八九])(?=块(?!儿)|元|毛|角|分钟|小时|个小时|万|千(?!万)|岁|倍|折)"
)
SHORTHAND = re.compile(r"(?<![\d~.])(\d+(?:\.\d+)?)([百千万亿wWkK])(?![A-Za-z])")
ROUGHLY = re.compile(r"多|来[万块个]|左右|大概|差不多|将近|上下|大约|约|出头|不到|几")


COUNTED = "\u2060"
"""Invisible mark: a quantity, where digits said one by one are an account or a telephone number."""


@dataclass(frozen=True)
class Amount:
    """Money in whole yuan; `low` and `high` bound it, and differ where only a range was said."""

    value: int
    approximate: bool = False
    low: int = 0
    high: int = 0


def normalise(text: str) -> str:
    """Return the text with spoken numbers written as digits; what is not surely a number stays."""
    return normalise_marked(text).replace(COUNTED, "")


def normalise_marked(text: str) -> str:
    """Normalise, with `COUNTED` behind every number that was said with 十, 百, 千, 万 or 亿."""
    text = VOUCHER.sub(lambda match: match[0].translate(FORMAL), text.translate(FULL_WIDTH))
    text = hear_digits(THOUSANDS.sub(lambda match: match[0].replace(",", ""), text))
    if ONLY_DIGITS.fullmatch(text) and len(digits(text)) > 1 and not re.search(r"[两]$", text):
        text = REPEATED.sub(_repeated, text)
        return _join(re.sub(f"[{DICTATED}]", lambda match: digits(match[0]), text))
    kept: list[str] = []

    def keep(piece: str) -> str:
        kept.append(piece)
        return chr(0xE000 + len(kept) - 1)

    text = REPEATED.sub(_repeated, text)
    text = IDIOMS.sub(lambda match: keep(match[0]), text)
    for pattern, write in PASSES:
        text = pattern.sub(write, text)
    text = CLOSE_BY.sub(_close_by, text)
    text = RANGE.sub(lambda match: _range(match, keep), text)
    text = FRACTION_OF_YUAN.sub(_fraction_of_yuan, text)
    text = CARDINAL.sub(_cardinal, text)
    text = SHORTHAND.sub(_shorthand, text)
    text = SINGLE.sub(lambda match: str(DIGIT_VALUES[match[1]]), text)
    text = CROSS.sub(r"\1X", text)
    return re.sub("[\ue000-\uf8ff]", lambda match: kept[ord(match[0]) - 0xE000], text)


def parse_amount(text: str) -> Amount | None:
    """Return the sum of money that a short phrase says, in whole yuan; None where there is none."""
    text = normalise(text.strip())
    if match := re.search(r"([万千百])把[块个]", text):
        unit = UNIT_VALUES[match[1]]
        return Amount(unit, True, unit * 8 // 10, unit * 12 // 10)
    if match := re.search(rf"(\d)~(\d)([{U}])(万?)", text):
        scale = UNIT_VALUES[match[3]] * (10_000 if match[4] else 1)
        return Amount(int(match[1]) * scale, True, int(match[1]) * scale, int(match[2]) * scale)
    match = re.search(rf"(?P<number>\d+(?:\.\d+)?)(?P<odd>[多来几])?(?P<unit>[{U}])?", text)
    if not match:
        return None
    scale = UNIT_VALUES.get(match["unit"] or "", 1)
    value = int(Decimal(match["number"]) * scale)
    if match["odd"]:
        low, high = _spread(match["number"], match["odd"], scale)
        return Amount(low, True, low, high)
    return Amount(value, bool(ROUGHLY.search(text)), value, value)


def _spread(number: str, odd: str, scale: int) -> tuple[int, int]:
    """Bound 十几万 (11 to 19), 十来万 (10 to 12), 二十多万 and 两万多 (up to one more of the last unit)."""
    value, last_unit = int(number), 10 ** (len(number) - len(number.rstrip("0")))
    if odd == "几":
        return (value + 1) * scale, (value + last_unit - 1) * scale
    return value * scale, (value + (last_unit // 5 if odd == "来" else last_unit)) * scale


def _repeated(match: re.Match[str]) -> str:
    if not REPEATED_BEHIND.search(match.string[: match.start()]):
        return match[0]
    return digits(match["digit"]) * (2 if match["twice"] else DIGIT_VALUES[match["count"]])


def _number(text: str, otherwise: str) -> str:
    value = cardinal(text)
    return otherwise if value is None else plain(value)


def _percent(match: re.Match[str]) -> str:
    low = Decimal(100) if match["low"] == "百" else cardinal(match["low"])
    high = cardinal(match["high"]) if match["high"] else None
    if low is None:
        return match[0]
    return plain(low) + "%" + ("" if not match["high"] else f"到{match['high'] if high is None else plain(high) + '%'}")


def _date(match: re.Match[str]) -> str:
    month, day = cardinal(match["month"]), cardinal(match["day"] or "一")
    if month is None or day is None or not 1 <= month <= 12 or not 1 <= day <= 31:
        return match[0]
    if not match["day"] and not match["year"] and not match["part"] and match["month"] in "一二两":
        return match[0]
    year = digits(match["year"]) + "年" if match["year"] else ""
    return f"{year}{month}月{match['part'] or ''}" + (f"{day}{match['mark']}" if match["day"] else "")


def _decimal(match: re.Match[str]) -> str:
    return match[0] if CLOCK_BEHIND.search(match.string[: match.start()]) else _number(match[0], match[0])


def _clock(match: re.Match[str]) -> str:
    hour = cardinal(match["hour"])
    minute = cardinal(match["minute"]) if match["minute"] else Decimal(0)
    if hour is None or minute is None or hour > 24 or minute > 59 or SPELT.search(match[0]):
        return match[0]
    behind, ahead = match.string[: match.start()], match.string[match.end() :]
    exact = match["half"] or match["quarter"] or match["full"] or match["mark"] == "点钟" or match["unit"]
    if not exact and match["minute"]:
        exact = len(match["minute"]) > 1
        if not exact:
            return match[0]
    day_part = CLOCK_BEHIND.search(behind)
    only_one = match["hour"] == "一" and (re.match("[都也没儿]", ahead) or re.search(r"(?<![今昨])[早晚]$", behind))
    near = CLOCK_AHEAD.match(ahead) or (CLOCK_BEHIND_WEAK.search(behind) and match["hour"] != "一" and not ahead[:1])
    if not exact and (only_one or not (day_part or near)):
        return match[0]
    if match["mark"] == "时" and not (day_part and match["unit"]):
        return match[0]
    minutes = 30 if match["half"] else {"一": 15, "三": 45}.get(match["quarter"] or "", int(minute))
    return f"{hour}:{minutes:02d}"


def _dictation(match: re.Match[str]) -> str:
    run = match[0]
    behind, ahead = match.string[: match.start()][-1:], match.string[match.end() : match.end() + 1]
    if (ahead and ahead in U) or (behind and behind in U + "第点"):
        return run
    spoken = [character for character in run if character in DIGIT_VALUES]
    if len(spoken) == 2 and not (set(spoken) & set("零〇幺洞拐") and ahead not in tuple("年月号日点块")):
        return run
    if len(spoken) == 3 and not run.isascii() and re.match(f"[{MEASURE}]", ahead):
        return run
    if not run[-1].isascii() and run[-2].isascii() and COUNTED_AHEAD.match(ahead):
        return digits(run[:-1]) + run[-1]
    return digits(run)


def _join(text: str) -> str:
    return re.sub(r"(?<=\d)[ \-](?=\d)", "", text)


def _close_by(match: re.Match[str]) -> str:
    low, high = (cardinal(match["head"] + match[bound] + match["tail"]) for bound in ("low", "high"))
    if low is None or high is None or DIGIT_VALUES[match["high"]] != DIGIT_VALUES[match["low"]] + 1:
        return match[0]
    return f"{plain(low)}~{plain(high)}{COUNTED}"


def _range(match: re.Match[str], keep: Callable[[str], str]) -> str:
    low, high = DIGIT_VALUES[match["low"]], DIGIT_VALUES[match["high"]]
    return keep(f"{low}~{high}{match['unit']}") if high == low + 1 or (low, high) == (3, 5) else match[0]


def _fraction_of_yuan(match: re.Match[str]) -> str:
    value = cardinal(match["yuan"])
    return match[0] if value is None else f"{plain(value)}.{digits(match['jiao'] + (match['fen'] or ''))}块"


def _cardinal(match: re.Match[str]) -> str:
    """Write a numeral; one that ends in a digit which counts what follows (三万 一次) is cut before it."""
    run, ahead = match[0], match.string[match.end() : match.end() + 2]
    gap = "、" if match.string[: match.start()][-1:] in tuple(U) else ""
    if not any(character in UNIT_VALUES for character in run) or _is_broken(match):
        return run
    counts_ahead = COUNTED_AHEAD.match(ahead) or ("\ue000" <= ahead[:1] <= "\uf8ff" and run[-1] == "一")
    if len(run) > 2 and run[-1] in DIGIT_VALUES and run[-2] in "百千万亿" and counts_ahead:
        return gap + _number(run[:-1], run[:-1]) + COUNTED + run[-1]
    if run == "十" and not re.match("[块元个天年岁分次单号]|[多来几][万块年天岁]", ahead):
        return run
    value = cardinal(run)
    return run if value is None else gap + plain(value) + COUNTED


def _is_broken(match: re.Match[str]) -> bool:
    """Say whether a numeral is a part of one that nobody says (十六二千七百三十四): a piece of it is no number."""
    text, start, end = match.string, match.start(), match.end()
    while start and text[start - 1] in NUMERAL:
        start -= 1
    while end < len(text) and text[end] in NUMERAL:
        end += 1
    if (start, end) == match.span():
        return False
    pieces = [piece for piece in CARDINAL.finditer(text) if start <= piece.start() < end]
    return sum(len(piece[0]) for piece in pieces) < end - start or any(piece[0] == "十" for piece in pieces)


def _shorthand(match: re.Match[str]) -> str:
    scale = {"w": 10_000, "W": 10_000, "k": 1000, "K": 1000, **UNIT_VALUES}[match[2]]
    return plain(Decimal(match[1]) * scale) + COUNTED


PASSES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (PERCENT, _percent),
    (YEAR, lambda match: digits(match[1] or match[2]) + "年"),
    (DISCOUNT, lambda match: f"{digits(match[1])}.{digits(match[2])}折"),
    (DATE, _date),
    (DECIMAL, _decimal),
    (CLOCK, _clock),
    (DICTATION, _dictation),
)
