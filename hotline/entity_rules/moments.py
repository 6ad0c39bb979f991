"""Times: a day, a part of the day and a clock, in one canonical string such as `昨天15:00` or `11月3日`."""

from __future__ import annotations

import re

from hotline.domain.entities import EntityType
from hotline.entity_rules.found import Found

DAY = r"(?P<day>大前天|前天|昨天|今天|今早|今晚|昨晚|昨夜|明天|后天|上周[一二三四五六日天]|这周[一二三四五六日天]|周[一二三四五六日天]|星期[一二三四五六日天])"
DATE = r"(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?P<date>\d{1,2})[号日]"
PART = r"(?P<part>凌晨|清早|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜|早|晚)"
CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})|(?P<hour2>[零一二两三四五六七八九十\d]{1,3})点(?:钟|多|左右|来钟)?"
MOMENT = re.compile(
    rf"(?:{DATE}|{DAY})?(?:的)?[，, ]?(?:大概|大约|差不多)?{PART}?(?:的时候)?(?:大概|大约|差不多|也就)?(?:{CLOCK})?"
)
AFTERNOON = frozenset({"下午", "傍晚", "晚上", "夜里", "晚"})
HOURS = {**{c: i for i, c in enumerate("零一二三四五六七八九十")}, "两": 2, "十一": 11, "十二": 12}
DAY_NAMES = {"今早": ("今天", "早上"), "今晚": ("今天", "晚上"), "昨晚": ("昨天", "晚上"), "昨夜": ("昨天", "晚上")}


def find_moments(text: str) -> list[Found]:
    """Return clock times, with their day where it is said, and dates."""
    found = []
    for match in MOMENT.finditer(text):
        value = _canonical(match)
        if value:
            start = match.end() - len(match[0].lstrip("，, 的"))
            found.append(Found(EntityType.TIME, value, start, match.end()))
    return found


def _canonical(match: re.Match[str]) -> str:
    day, part = match["day"] or "", match["part"] or ""
    day, part = DAY_NAMES.get(day, (day, part))
    if match["month"]:
        day = (f"{match['year']}年" if match["year"] else "") + f"{int(match['month'])}月{int(match['date'])}日"
    hour_text, minute = match["hour"] or match["hour2"], int(match["minute"] or 0)
    if not hour_text:
        return day if match["month"] else ""
    hour = int(hour_text) if hour_text.isdigit() else HOURS.get(hour_text, -1)
    if match["hour2"] and not part and not day:
        return ""
    if not 0 <= hour <= 24 or minute > 59:
        return ""
    if (part in AFTERNOON and hour < 12) or (part == "中午" and 1 <= hour <= 3):
        hour += 12
    return f"{day}{hour}:{minute:02d}"
