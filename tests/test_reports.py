"""Day and month reports: what is counted, and the files read back."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from hotline.demo import DEMO_PASSWORD
from hotline.domain.call import Call, CallState, Disposition
from hotline.domain.freeze import FreezeFields, FreezeRequest, FreezeStatus
from hotline.domain.wrap_up import Money, WrapUp
from hotline.hub import Hub
from hotline.reports import Span, build_report
from hotline.wrapping_up import save_wrap_up
from tests.conftest import MakeHub
from web import create_app

CALLS = (
    # (begun, outcome, persons, money): the centre's day begins at 16:00 UTC
    (datetime(2026, 11, 22, 15, 59, tzinfo=UTC), Disposition.REPORTED, 1, Money()),
    (datetime(2026, 11, 22, 16, 0, tzinfo=UTC), Disposition.DISSUADED, 2, Money(5_000_000, 5_000_000, 0, 0)),
    (datetime(2026, 11, 23, 6, 30, tzinfo=UTC), Disposition.INTERCEPTED, 1, Money(4_860_050, 0, 1_000_000, 250_000)),
    (datetime(2026, 11, 23, 6, 45, tzinfo=UTC), Disposition.CONSULTED, 1, Money()),
    (datetime(2026, 11, 23, 15, 59, tzinfo=UTC), None, 0, Money()),
    (datetime(2026, 12, 1, 2, 0, tzinfo=UTC), Disposition.GUIDED, 1, Money()),
)


@pytest.fixture
def center(make_hub: MakeHub) -> Hub:
    hub = make_hub({"HOTLINE_DEMO": "1"})
    for number, (begun, outcome, persons, money) in enumerate(CALLS):
        call = Call(f"c{number}", "file", begun, CallState.ENDED, label="loan" if number % 2 else None, ended_at=begun)
        with hub.store.transaction() as uow:
            uow.add_call(call)
        if outcome:
            save_wrap_up(hub, WrapUp(call.id, "u1", begun, outcome, persons=persons, money=money))
    fields = FreezeFields("陈某", "6222021234567890123", 4_860_050, CALLS[2][0])
    with hub.store.transaction() as uow:
        uow.add_freeze(FreezeRequest("r1", "c2", "u1", CALLS[2][0], fields, FreezeStatus.STOPPED))
    return hub


@pytest.fixture
def client(center: Hub) -> FlaskClient:
    app: Flask = create_app(center, {"TESTING": True, "WTF_CSRF_ENABLED": False})
    client = app.test_client()
    client.post("/login", data={"username": "supervisor", "password": DEMO_PASSWORD})
    return client


def test_a_day_counts_the_calls_of_the_centres_own_day(center: Hub) -> None:
    report = build_report(center, Span.DAY, date(2026, 11, 23))
    assert report.received == 4
    assert {line.key: (line.calls, line.persons) for line in report.outcomes if line.calls} == {
        "dissuaded": (1, 2),
        "intercepted": (1, 1),
        "consulted": (1, 1),
    }
    assert [line.key for line in report.outcomes] == list(Disposition)
    assert report.total.money == Money(9_860_050, 5_000_000, 1_000_000, 250_000)
    assert {line.key: line.persons for line in report.times if line.calls} == {"00": 2, "14": 2}
    assert len(report.times) == 24
    assert report.persons_by_time[14] == {"intercepted": 1, "consulted": 1}
    assert report.freezes == {"stopped": 1}


def test_a_month_has_a_line_for_each_day_and_ends_with_it(center: Hub) -> None:
    report = build_report(center, Span.MONTH, date(2026, 11, 24))
    assert (report.first, report.last, len(report.times)) == (date(2026, 11, 1), date(2026, 11, 30), 30)
    assert {line.key: line.persons for line in report.times if line.calls} == {"2026-11-22": 1, "2026-11-23": 4}
    assert {line.key: line.calls for line in report.types} == {"loan": 2, "": 2}
    assert build_report(center, Span.MONTH, date(2026, 12, 31)).total.persons == 1


def test_the_workbook_holds_the_same_figures(client: FlaskClient) -> None:
    answer = client.get("/api/v1/reports/xlsx?span=day&day=2026-11-23")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["处置结果", "按时间", "按诈骗类型", "止付申请"]
    sheet = book["处置结果"]
    assert sheet["A1"].value == "日报 2026-11-23"
    assert "演示督导" in sheet["A2"].value
    rows = {row[0]: row[1:] for row in sheet.iter_rows(min_row=5, max_row=11, values_only=True)}
    assert rows["成功劝阻"] == (1, 2, 50_000, 50_000, 0, 0)
    assert rows["拦截止付"] == (1, 1, 48_600.5, 0, 10_000, 2_500)
    assert rows["合计"] == (3, 4, 98_600.5, 50_000, 10_000, 2_500)
    assert len(sheet._charts) == 1 and len(book["按时间"]._charts) == 1


def test_the_pdf_can_be_read_in_chinese(client: FlaskClient) -> None:
    answer = client.get("/api/v1/reports/pdf?span=month&day=2026-11-23")
    assert answer.mimetype == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.data))
    text = "".join(page.extract_text() for page in reader.pages)
    for wanted in ("月报 2026-11", "成功劝阻", "拦截止付", "48,600.50", "10,000.00", "演示督导", "返还金额"):
        assert wanted in text, wanted
    assert reader.metadata is not None and reader.metadata.title == "月报 2026-11"


def test_an_empty_day_is_a_report_too(client: FlaskClient) -> None:
    for kind in ("xlsx", "pdf"):
        assert client.get(f"/api/v1/reports/{kind}?span=day&day=2025-01-01").status_code == 200
    found = client.get("/api/v1/reports?span=day&day=2025-01-01").get_json()
    assert (found["received"], found["total"]["persons"]) == (0, 0)


def test_taking_a_report_out_is_audited_and_bad_requests_are_explained(client: FlaskClient, center: Hub) -> None:
    client.get("/api/v1/reports/pdf?span=day&day=2026-11-23")
    with center.store.transaction() as uow:
        exports = [row for row in uow.audit_trail() if row["action"] == "report.export"]
    assert [(row["actor"], row["target"]) for row in exports] == [("demo-supervisor", "report-day-2026-11-23.pdf")]
    for query in ("span=year&day=2026-11-23", "span=day&day=yesterday", "span=day"):
        answer = client.get(f"/api/v1/reports?{query}")
        assert answer.status_code == 400 and answer.get_json()["error"]["expected"]
    assert client.get("/api/v1/reports/docx?span=day&day=2026-11-23").status_code == 404


def test_files_follow_the_readers_language(client: FlaskClient) -> None:
    client.get("/language/en")
    book = openpyxl.load_workbook(io.BytesIO(client.get("/api/v1/reports/xlsx?span=day&day=2026-11-23").data))
    assert book.sheetnames[0] == "Outcomes"
