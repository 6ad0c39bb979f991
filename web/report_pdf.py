"""A report as PDF. Its Chinese font is one that every PDF reader knows by name, so no font file is needed."""

from __future__ import annotations

import io
from typing import Any

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import KeepTogether, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from hotline.reports import FIVE, Report
from web.i18n import translate
from web.report_words import Cell, ReportTable, source_line, tables_of, title_of

FONT = "STSong-Light"
COLOURS = ("#0a6b3d", "#0b57c4", "#8a97a8", "#b7791f", "#8a3b12")
TITLE = ParagraphStyle("title", fontName=FONT, fontSize=18, leading=24, wordWrap="CJK")
HEADING = ParagraphStyle("heading", fontName=FONT, fontSize=12, leading=18, spaceBefore=10, wordWrap="CJK")
SMALL = ParagraphStyle(
    "small", fontName=FONT, fontSize=8, leading=12, textColor=colors.HexColor("#5a6778"), wordWrap="CJK"
)
CHART_WIDTH, CHART_HEIGHT = 262 * mm, 62 * mm
TABLE_WIDTH, FIRST_COLUMN = 262 * mm, 48 * mm
SET_OFF = colors.HexColor("#eef1f6")


def write_pdf(report: Report, taken_by: str) -> bytes:
    """Return the document's bytes."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    content = io.BytesIO()
    margins = {"leftMargin": 16 * mm, "rightMargin": 16 * mm, "topMargin": 14 * mm, "bottomMargin": 14 * mm}
    document = SimpleDocTemplate(
        content, pagesize=landscape(A4), title=title_of(report), author=taken_by, lang="zh-CN", **margins
    )
    source = source_line(report, taken_by)
    outcomes, times, types, freezes = tables_of(report)
    parts: list[Any] = [Paragraph(title_of(report), TITLE), Paragraph(source, SMALL), Spacer(1, 4 * mm)]
    parts += [Paragraph(outcomes.title, HEADING), _table(outcomes, totalled=True)]
    parts += [Paragraph(f"{times.title}（{translate('report_persons')}）", HEADING), _stacked(times)]
    for group in ((types, freezes), (times,)):
        shown = [table for table in group if table.rows]
        parts += [PageBreak()] if shown else []
        parts += [KeepTogether([Paragraph(table.title, HEADING), _table(table)]) for table in shown]

    def foot(canvas: Any, page: Any) -> None:
        canvas.setFont(FONT, 8)
        canvas.drawString(16 * mm, 8 * mm, source)
        canvas.drawRightString(landscape(A4)[0] - 16 * mm, 8 * mm, str(page.page))

    document.build(parts, onFirstPage=foot, onLaterPages=foot)
    return content.getvalue()


def _table(table: ReportTable, *, totalled: bool = False) -> Table:
    """Return a table as wide as the page; `totalled` sets its last row off."""
    rows = [list(table.head), *([_written(cell) for cell in row] for row in table.rows)]
    style = [
        ("FONT", (0, 0), (-1, -1), FONT, 9),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e4eefc")),
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#b6c0cd")),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    if totalled:
        style += [("BACKGROUND", (0, -1), (-1, -1), SET_OFF), ("LINEABOVE", (0, -1), (-1, -1), 1, colors.black)]
    others = len(table.head) - 1
    narrow = others == 1
    widths = [FIRST_COLUMN, *[30 * mm if narrow else (TABLE_WIDTH - FIRST_COLUMN) / others] * others]
    return Table(rows, colWidths=widths, style=TableStyle(style), hAlign="LEFT", repeatRows=1)


def _written(cell: Cell) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell


def _stacked(times: ReportTable) -> Drawing:
    """Draw the persons of the five outcomes over the time."""
    drawing = Drawing(CHART_WIDTH, CHART_HEIGHT + 10 * mm)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 10 * mm, 8 * mm, CHART_WIDTH - 14 * mm, CHART_HEIGHT - 6 * mm
    chart.data = [[int(row[1 + place]) for row in times.rows] for place in range(len(FIVE))]
    chart.categoryAxis.categoryNames = [str(row[0])[-2:] for row in times.rows]
    chart.categoryAxis.style = "stacked"
    chart.valueAxis.valueMin = 0
    chart.valueAxis.labelTextFormat = "%d"
    highest = max((sum(column) for column in zip(*chart.data, strict=True)), default=0)
    chart.valueAxis.valueStep = max(1, -(-highest // 5))
    chart.valueAxis.valueMax = max(1, highest)
    chart.groupSpacing = 3
    for axis in (chart.categoryAxis, chart.valueAxis):
        axis.labels.fontName, axis.labels.fontSize = FONT, 8
    legend = Legend()
    legend.fontName, legend.fontSize, legend.alignment, legend.columnMaximum = FONT, 9, "right", 1
    legend.x, legend.y, legend.deltax, legend.dxTextSpace = 12 * mm, CHART_HEIGHT + 8 * mm, 30 * mm, 4
    legend.colorNamePairs = []
    for place, colour in enumerate(COLOURS):
        chart.bars[place].fillColor = colors.HexColor(colour)
        chart.bars[place].strokeColor = None
        legend.colorNamePairs.append((colors.HexColor(colour), times.head[1 + place]))
    drawing.add(chart)
    drawing.add(legend)
    return drawing
