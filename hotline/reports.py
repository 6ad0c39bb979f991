"""Day and month reports: the five outcomes that a centre publishes, persons and money apart.

Counted are persons, not calls (domain rules, section 5). Money that was prevented, stopped and returned are three
measures; nothing here adds them together.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from hotline.domain.call import Disposition
from hotline.domain.wrap_up import MONEY_NAMES, Money
from hotline.errors import InputError
from hotline.hub import Hub
from hotline.review_ports import Totals

FIVE = tuple(outcome for outcome in Disposition if outcome is not Disposition.OTHER)


class Span(StrEnum):
    """How long a report looks."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True)
class Line:
    """Calls, persons and money of one outcome, hour, day or scam type."""

    key: str
    calls: int
    persons: int
    money: Money


@dataclass(frozen=True)
class Report:
    """Statistics of the calls that began in [first, last], in the centre's own days."""

    span: Span
    first: date
    last: date
    made_at: datetime
    received: int
    """Calls that began."""
    outcomes: tuple[Line, ...]
    """One line an outcome, all of them, in the order of `Disposition`."""
    times: tuple[Line, ...]
    """One line an hour or day, none left out."""
    persons_by_time: tuple[dict[str, int], ...]
    """Persons by outcome, for each of `times`."""
    types: tuple[Line, ...]
    """One line a scam type that occurred, most persons first; the key is empty where no type was set."""
    freezes: dict[str, int]
    """Payment-stop requests by state."""

    @property
    def total(self) -> Line:
        """All outcomes together."""
        return _sum("total", ((line.calls, line.persons, line.money) for line in self.outcomes))


def build_report(hub: Hub, span: Span, day: date) -> Report:
    """Return the report of a day, or of the month that holds it."""
    first, last = (day, day) if span is Span.DAY else _month(day)
    zone = ZoneInfo(hub.config["time_zone"])
    since = datetime.combine(first, time(), zone)
    until = datetime.combine(last + timedelta(days=1), time(), zone)
    with hub.store.transaction() as uow:
        by_day = uow.totals_by_day(first.isoformat(), last.isoformat())
        by_time = by_day if span is Span.MONTH else uow.totals_by_hour(first.isoformat())
        by_label = uow.totals_by_label(first.isoformat(), last.isoformat())
        received, freezes = uow.count_calls(since, until), uow.count_freezes(since, until)
    keys = _hours() if span is Span.DAY else _days(first, last)
    return Report(
        span,
        first,
        last,
        hub.clock().astimezone(zone),
        received,
        tuple(_of(outcome, by_day, "disposition") for outcome in Disposition),
        tuple(_of(key, by_time, "key") for key in keys),
        tuple({row.disposition: row.persons for row in by_time if row.key == key} for key in keys),
        tuple(
            sorted((_of(k, by_label, "key") for k in {row.key for row in by_label}), key=lambda r: (-r.persons, r.key))
        ),
        freezes,
    )


def parse_day(value: str) -> date:
    """Read a day written as YYYY-MM-DD. Raises: InputError."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise InputError("日期不对", expected="2026-11-24", found=value[:20], remedy="请重新选择日期") from None


def parse_span(value: str) -> Span:
    """Read the length of a report. Raises: InputError."""
    try:
        return Span(value)
    except ValueError:
        raise InputError("报表种类不对", expected="day 或 month", found=value[:20], remedy="请重新选择") from None


def report_view(report: Report) -> dict[str, Any]:
    """Return a report as JSON."""
    return {
        "span": report.span,
        "first": report.first.isoformat(),
        "last": report.last.isoformat(),
        "made_at": report.made_at.isoformat(timespec="seconds"),
        "received": report.received,
        "outcomes": [_line_view(line) for line in report.outcomes],
        "total": _line_view(report.total),
        "times": [_line_view(line) for line in report.times],
        "persons_by_time": list(report.persons_by_time),
        "types": [_line_view(line) for line in report.types],
        "freezes": report.freezes,
    }


def _line_view(line: Line) -> dict[str, Any]:
    money = {name: getattr(line.money, name) for name in MONEY_NAMES}
    return {"key": line.key, "calls": line.calls, "persons": line.persons, **money}


def _of(key: str, rows: Iterable[Totals], column: str) -> Line:
    return _sum(key, ((r.calls, r.persons, r.money) for r in rows if getattr(r, column) == key))


def _sum(key: str, rows: Iterable[tuple[int, int, Money]]) -> Line:
    found = list(rows)
    money = Money(**{name: sum(getattr(row[2], name) for row in found) for name in MONEY_NAMES})
    return Line(key, sum(row[0] for row in found), sum(row[1] for row in found), money)


def _month(day: date) -> tuple[date, date]:
    return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _hours() -> list[str]:
    return [f"{hour:02}" for hour in range(24)]


def _days(first: date, last: date) -> list[str]:
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
