"""A report as a workbook: one sheet a table, with charts that Excel and LibreOffice draw themselves."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter

from hotline.reports import FIVE, Report
from web.i18n import translate
from web.report_words import ReportTable, source_line, tables_of, title_of

HEAD_ROW = 3
FIRST_WIDTH, OTHER_WIDTH = 26, 14


def write_xlsx(report: Report, taken_by: str) -> bytes:
    """Return the workbook's bytes."""
    content = io.BytesIO()
    outcomes, times, types, freezes = tables_of(report)
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": title_of(report), "author": taken_by})
        styles = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "head": book.add_format({"bold": True, "bg_color": "#e4eefc", "border": 1, "text_wrap": True}),
            "count": book.add_format({"num_format": "#,##0", "border": 1}),
            "money": book.add_format({"num_format": "#,##0.00", "border": 1}),
        }
        for table in (outcomes, times, types, freezes):
            _sheet(book, table, styles, title_of(report), source_line(report, taken_by))
        _chart(book, outcomes, [2], len(FIVE), {"type": "column"})
        _chart(book, times, range(1, 1 + len(FIVE)), len(times.rows), {"type": "column", "subtype": "stacked"})
    return content.getvalue()


def _sheet(book: Any, table: ReportTable, styles: dict[str, Any], title: str, source: str) -> None:
    sheet = book.add_worksheet(table.title)
    sheet.write(0, 0, title, styles["title"])
    sheet.write(1, 0, source)
    sheet.set_column(0, 0, FIRST_WIDTH)
    sheet.set_column(1, len(table.head), OTHER_WIDTH)
    sheet.freeze_panes(HEAD_ROW + 1, 1)
    sheet.write_row(HEAD_ROW, 0, table.head, styles["head"])
    for number, row in enumerate(table.rows, HEAD_ROW + 1):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell, styles["money" if isinstance(cell, float) else "count"])


def _chart(book: Any, table: ReportTable, columns: Any, rows: int, kind: dict[str, str]) -> None:
    chart = book.add_chart(kind)
    first, last = HEAD_ROW + 1, HEAD_ROW + rows
    for column in columns:
        chart.add_series(
            {
                "name": [table.title, HEAD_ROW, column],
                "categories": [table.title, first, 0, last, 0],
                "values": [table.title, first, column, last, column],
            }
        )
    chart.set_title({"name": f"{table.title} · {translate('report_persons')}"})
    chart.set_size({"width": 900, "height": 320})
    book.get_worksheet_by_name(table.title).insert_chart(HEAD_ROW + len(table.rows) + 3, 0, chart)
