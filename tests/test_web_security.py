"""The console's doors: log-in, lockout, CSRF, roles, first start, reveal, headers, and answers to bad requests."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hotline import commands, handlers
from hotline.demo import DEMO_PASSWORD
from hotline.hub import Hub
from tests.conftest import MakeHub
from web import create_app

PASSWORD = "Xiaoming-lai-dian-7"


@pytest.fixture
def center(make_hub: MakeHub) -> Hub:
    return make_hub({"HOTLINE_DEMO": "1"})


@pytest.fixture
def app(center: Hub) -> Flask:
    return create_app(center, {"TESTING": True, "WTF_CSRF_ENABLED": False})


@pytest.fixture
def call_id(center: Hub) -> str:
    return handlers.start_call(center, commands.StartCall("manual", "demo-operator", "13800138000")).id


def _log_in(app: Flask, username: str = "operator", password: str = DEMO_PASSWORD) -> FlaskClient:
    client = app.test_client()
    client.post("/login", data={"username": username, "password": password})
    return client


def _audited(hub: Hub) -> list[str]:
    from sqlalchemy import create_engine, text

    with create_engine(hub.config.database_url).connect() as connection:
        return [str(row[0]) for row in connection.execute(text("SELECT action FROM audit ORDER BY 1"))]


def test_nothing_is_shown_without_a_log_in(app: Flask, call_id: str) -> None:
    client = app.test_client()
    open_endpoints = {
        "auth.login",
        "auth.setup",
        "auth.home",
        "static",
        "health.healthz",
        "cti.openapi",
        "i18n.language",
        "i18n.set_language",
    }
    for rule in app.url_map.iter_rules():
        if rule.websocket or rule.endpoint in open_endpoints or rule.endpoint.startswith("i18n"):
            continue
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<{name}>", call_id)
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        answer = client.open(path, method=method, json={} if method == "POST" else None)
        assert answer.status_code in (301, 302, 401), (rule.endpoint, answer.status_code)
        assert "13800138000" not in answer.text


def test_every_post_needs_a_csrf_token(center: Hub, call_id: str) -> None:
    app = create_app(center, {"TESTING": True, "WTF_CSRF_ENABLED": False})
    client = _log_in(app)
    app.config["WTF_CSRF_ENABLED"] = True
    posts = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert len(posts) > 10
    for rule in posts:
        if rule.endpoint.startswith("cti."):
            assert client.post(rule.rule, json={}).status_code == 401, "a key is needed: the cookie counts for nothing"
            continue
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<{name}>", call_id)
        assert client.post(path, json={}).status_code == 400, rule.endpoint


def test_an_account_is_locked_after_repeated_failures(app: Flask, center: Hub) -> None:
    for _ in range(5):
        _log_in(app, password="wrong")
    client = _log_in(app)
    assert client.get("/api/v1/calls").status_code == 401


def test_log_in_and_failure_are_audited(app: Flask, center: Hub) -> None:
    _log_in(app, password="wrong")
    _log_in(app)
    with center.store.transaction() as uow:
        assert {row["ok"] for row in uow.audit_trail() if row["action"] == "login"} == {False, True}


def test_an_unknown_name_and_a_wrong_password_look_the_same(app: Flask) -> None:
    answers = [
        app.test_client().post("/login", data={"username": name, "password": "wrong"})
        for name in ("operator", "nobody")
    ]
    assert answers[0].status_code == answers[1].status_code
    pages = [re.sub(r'value="[^"]*"', "", answer.text) for answer in answers]
    assert pages[0] == pages[1]


def test_the_first_start_asks_for_an_administrator_once(make_hub: MakeHub) -> None:
    hub = make_hub()
    app = create_app(hub, {"TESTING": True, "WTF_CSRF_ENABLED": False})
    client = app.test_client()
    assert client.get("/", follow_redirects=True).request.path == "/setup"
    form = {"username": "chief", "display_name": "管理员", "password": PASSWORD}
    assert client.post("/setup", data={**form, "password": "short"}).status_code == 400
    client.post("/setup", data=form)
    assert app.test_client().post("/setup", data={**form, "username": "intruder"}).status_code in (302, 403, 404)
    with hub.store.transaction() as uow:
        assert uow.user_by_name("chief") is not None
        assert uow.user_by_name("intruder") is None


def test_personal_data_is_masked_until_a_reason_is_given_and_audited(app: Flask, center: Hub, call_id: str) -> None:
    client = _log_in(app)
    client.post(f"/api/v1/calls/{call_id}/segments", json={"channel": "caller", "text": "我的手机号是13800138000"})
    assert "13800138000" not in client.get(f"/api/v1/calls/{call_id}").text
    assert client.get(f"/api/v1/calls/{call_id}/freeze-draft").status_code == 403
    assert client.post(f"/api/v1/calls/{call_id}/reveal", json={"reason": " "}).status_code == 400
    revealed = client.post(f"/api/v1/calls/{call_id}/reveal", json={"reason": "核对账号"})
    assert "13800138000" in revealed.text
    assert "call.reveal" in _audited(center)
    assert "13800138000" not in _log_in(app, "supervisor").get(f"/api/v1/calls/{call_id}").text


def test_pages_come_with_protective_headers(app: Flask) -> None:
    answer = _log_in(app).get("/calls")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe-eval" not in policy and "unsafe-inline" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] in ("DENY", "SAMEORIGIN")


def test_a_foreign_target_after_log_in_is_not_followed(app: Flask) -> None:
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        answer = app.test_client().post(
            "/login", query_string={"next": target}, data={"username": "operator", "password": DEMO_PASSWORD}
        )
        assert "evil.example" not in answer.headers["Location"]


@pytest.mark.parametrize(
    "path, data",
    [
        ("/api/v1/calls", {"source": "satellite"}),
        ("/api/v1/calls", ["sample"]),
        ("/api/v1/calls/{call}/label", {"label": "no_such_type"}),
        ("/api/v1/calls/{call}/label", {}),
        ("/api/v1/calls/{call}/facts", {"money_gone": "yes"}),
        ("/api/v1/calls/{call}/note", {"text": ""}),
        ("/api/v1/calls/{call}/note", {"text": "长" * 2001}),
        ("/api/v1/calls/{call}/segments", {"channel": "neighbour", "text": "你好"}),
        ("/api/v1/calls/no-such-call/note", {"text": "你好"}),
        ("/api/v1/freezes", {"request_id": "1", "fields": {}}),
        ("/api/v1/freezes", {"request_id": "00000000-0000-4000-8000-000000000001", "fields": []}),
        ("/api/v1/freezes", {"request_id": "00000000-0000-4000-8000-000000000001", "fields": {"amount_fen": "x"}}),
    ],
)
def test_a_bad_request_says_what_was_expected(app: Flask, call_id: str, path: str, data: Any) -> None:
    answer = _log_in(app).post(path.format(call=call_id), json=data)
    assert 400 <= answer.status_code < 500
    error = answer.get_json()["error"] if "error" in answer.get_json() else answer.get_json()
    assert {"expected", "found", "remedy"} <= set(error)
