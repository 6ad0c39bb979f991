"""The words and tables that both kinds of report file share."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.domain.wrap_up import MONEY_NAMES
from hotline.reports import FIVE, Line, Report, Span
from hotline.taxonomy import load_taxonomy
from web.i18n import current_language, translate

Cell = str | int | float


@dataclass(frozen=True)
class ReportTable:
    """One table of a report; money is in yuan."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def title_of(report: Report) -> str:
    """Return the report's heading."""
    day = report.first.isoformat() if report.span is Span.DAY else f"{report.first:%Y-%m}"
    return f"{translate('report_' + report.span)} {day}"


def source_line(report: Report, taken_by: str) -> str:
    """Return who took the report out and when, and how it counts."""
    made = report.made_at.strftime("%Y-%m-%d %H:%M")
    return translate("report_source", by=taken_by, at=made)


def tables_of(report: Report) -> list[ReportTable]:
    """Return outcomes, times, scam types and payment-stop requests."""
    money = tuple(translate("money_" + name.removesuffix("_fen")) for name in MONEY_NAMES)
    head = (translate("report_calls"), translate("report_persons"), *money)
    outcomes = [(translate("disposition_" + line.key), *_figures(line)) for line in report.outcomes]
    outcomes.append((translate("report_total"), *_figures(report.total)))
    five = tuple(translate("disposition_" + outcome) for outcome in FIVE)
    when = translate("report_hour" if report.span is Span.DAY else "report_date")
    times = [
        (line.key, *(persons.get(outcome, 0) for outcome in FIVE), *_figures(line)[2:])
        for line, persons in zip(report.times, report.persons_by_time, strict=True)
    ]
    types = [(_type_name(line.key), *_figures(line)) for line in report.types]
    freezes = [(translate("freeze_status_" + state), count) for state, count in sorted(report.freezes.items())]
    return [
        ReportTable(translate("report_outcomes"), (translate("col_disposition"), *head), tuple(outcomes)),
        ReportTable(translate("report_times"), (when, *five, *money), tuple(times)),
        ReportTable(translate("report_types"), (translate("col_type"), *head), tuple(types)),
        ReportTable(translate("report_freezes"), (translate("state"), translate("report_count")), tuple(freezes)),
    ]


def _figures(line: Line) -> tuple[Cell, ...]:
    return (line.calls, line.persons, *(getattr(line.money, name) / 100 for name in MONEY_NAMES))


def _type_name(code: str) -> str:
    if not code:
        return translate("report_no_type")
    found = load_taxonomy().get(code)
    return found.name_en if current_language() == "en" else found.name
