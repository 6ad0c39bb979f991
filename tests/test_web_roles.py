"""Who may open what: every route of the console, every role. A new route must be decided here."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hotline import commands, handlers
from hotline.bootstrap import build
from hotline.config import Config
from hotline.demo import DEMO_PASSWORD
from hotline.hub import Hub
from tests.conftest import MakeHub
from web import create_app

ALL = {"operator", "supervisor", "trainer", "reviewer", "admin"}
CALLS = ALL - {"admin"}
WORK = {"operator"}
SEES_CALL = {"operator", "supervisor", "trainer"}
"""Of a call that the operator has taken and that has no payment-stop request."""
SUPERVISE = {"supervisor"}
CHECK = {"supervisor", "reviewer"}
TRAIN = {"trainer"}
ADMIN = {"admin"}
OPEN = {"auth.home", "auth.login", "auth.setup", "auth.logout", "i18n.choose", "static", "health.healthz"}
ALLOWED = {
    "auth.password": ALL,
    "api.touch": ALL,
    "operator.calls": CALLS,
    "operator.call": SEES_CALL,
    "operator.uploads": {"operator", "supervisor"},
    "supervisor.board": SUPERVISE,
    "supervisor.archive": SUPERVISE,
    "supervisor.review": SUPERVISE,
    "supervisor.reports": SUPERVISE,
    "supervisor.freezes": CHECK,
    "admin.users": ADMIN,
    "admin.create": ADMIN,
    "admin.set_active": ADMIN,
    "admin.set_password": ADMIN,
    "admin.set_role": ADMIN,
    "admin.unlock": ADMIN,
    "admin.audit_trail": ADMIN,
    "api.search": SUPERVISE,
    "api.get_board": SUPERVISE,
    "api.board_stream": SUPERVISE,
    "api.get_calls": CALLS,
    "api.calls_stream": CALLS,
    "api.post_call": WORK,
    "api.get_call": SEES_CALL,
    "api.call_events": SEES_CALL,
    "api.call_stream": SEES_CALL,
    "api.call_audio": {"supervisor", "trainer"},
    "api.call_waveform": {"supervisor", "trainer"},
    "api.end_call": WORK,
    "api.answer_facts": WORK,
    "api.correct_label": WORK,
    "api.add_note": WORK,
    "api.type_segment": WORK,
    "api.get_wrap_up": WORK,
    "api.post_wrap_up": WORK,
    "api.reveal": {"operator", "supervisor"},
    "api.swap_channels": {"operator", "supervisor"},
    "api.get_freeze_draft": WORK,
    "api.get_review": SUPERVISE,
    "api.correct_segment": SUPERVISE,
    "api.check_quality": SUPERVISE,
    "api.send_to_trainer": SUPERVISE,
    "api.get_second_pass": SEES_CALL,
    "api.post_second_pass": SUPERVISE,
    "api.get_differences": SUPERVISE,
    "api.post_freeze": WORK,
    "api.amend_freeze": WORK,
    "api.retry_freeze": WORK,
    "api.get_waiting_freezes": CHECK,
    "api.get_freeze": CHECK,
    "api.decide_freeze": CHECK,
    "api.get_report": SUPERVISE,
    "api.report_file": SUPERVISE,
    "api.get_scripts": CALLS,
    "api.get_uploads": {"operator", "supervisor"},
    "api.post_upload": {"operator", "supervisor"},
}
GROUPS = {"trainer.": TRAIN, "integrations.": ADMIN}
TRAIN_PREFIX = "/api/v1/train/"
DECIDED_ELSEWHERE = {"api.get_job", "api.post_cancel", "api.microphone"}
"""Each kind of job has a permission of its own, and a WebSocket answers in its own way: both have tests of their own."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One console for all: nothing here may succeed in changing anything."""
    folder = tmp_path_factory.mktemp("roles")
    settings = {"HOTLINE_DATA_DIR": str(folder), "HOTLINE_DEMO": "1", "HOTLINE_JOB_WORKER": "external"}
    hub = build(Config(settings), with_recognizer=False, with_dispatcher=False)
    return create_app(hub, {"TESTING": True, "WTF_CSRF_ENABLED": False})


@pytest.fixture(scope="module")
def call_id(app: Flask) -> str:
    hub: Hub = app.extensions["hub"]
    return handlers.start_call(hub, commands.StartCall("manual", "demo-operator", "13800138000")).id


@pytest.fixture(scope="module")
def clients(app: Flask) -> dict[str, FlaskClient]:
    return {role: logged_in(app, role) for role in ALL}


def logged_in(app: Flask, username: str) -> FlaskClient:
    client = app.test_client()
    client.post("/login", data={"username": username, "password": DEMO_PASSWORD})
    return client


def who_may(endpoint: str, rule: str) -> set[str] | None:
    """Return the roles that a route is for; None where it is open to everybody."""
    if endpoint in OPEN or endpoint.startswith("cti.") or endpoint in DECIDED_ELSEWHERE:
        return None
    if rule.startswith(TRAIN_PREFIX):
        return TRAIN
    for prefix, roles in GROUPS.items():
        if endpoint.startswith(prefix):
            return roles
    assert endpoint in ALLOWED, f"who may use {endpoint}?"
    return ALLOWED[endpoint]


def test_every_route_is_only_for_those_it_is_for(app: Flask, clients: dict[str, FlaskClient], call_id: str) -> None:
    for role in ("operator", "supervisor"):
        clients[role].post(f"/api/v1/calls/{call_id}/reveal", json={"reason": "核对"})
    wrong = []
    checked = 0
    for rule in app.url_map.iter_rules():
        roles = who_may(rule.endpoint, rule.rule)
        if roles is None:
            continue
        path = rule.rule.replace("<int:number>", "1")
        for name in rule.arguments:
            path = path.replace(f"<{name}>", call_id if name == "call_id" else "none")
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            for role, client in clients.items():
                answer = client.open(path, method=method, json={} if method == "POST" else None, buffered=False)
                status = answer.status_code
                answer.close()
                checked += 1
                if (status != 403) != (role in roles) or (status >= 500 and status != 503):
                    wrong.append((method, path, role, status))
    assert not wrong
    assert checked > 300


def test_the_bar_leads_only_to_pages_that_open(app: Flask, clients: dict[str, FlaskClient]) -> None:
    for role, client in clients.items():
        home = client.get("/", follow_redirects=True)
        links = set(re.findall(r"<nav aria-label.*?</nav>", home.text, re.S)[0].split('href="')[1:])
        assert links, role
        for link in links:
            assert client.get(link.split('"')[0]).status_code == 200, (role, link)


def test_an_operator_sees_his_own_calls_and_those_nobody_took(make_hub: MakeHub) -> None:
    hub = make_hub({"HOTLINE_DEMO": "1"})
    app = create_app(hub, {"TESTING": True, "WTF_CSRF_ENABLED": False})
    ids = {
        owner: handlers.start_call(hub, commands.StartCall("manual", owner, "")).id
        for owner in ("demo-operator", None, "somebody-else")
    }
    client = logged_in(app, "operator")
    listed = {call["id"] for call in client.get("/api/v1/calls").get_json()["calls"]}
    assert listed == {ids["demo-operator"], ids[None]}
    for path in ("", "/events", "/stream", "/wrap-up", "/freeze-draft"):
        assert client.get(f"/api/v1/calls/{ids['somebody-else']}{path}").status_code == 403
    assert client.get(f"/calls/{ids['somebody-else']}").status_code == 403
    assert client.post(f"/api/v1/calls/{ids['somebody-else']}/note", json={"text": "x"}).status_code == 403
    assert len(logged_in(app, "supervisor").get("/api/v1/calls").get_json()["calls"]) == 3


def test_every_view_of_a_call_is_audited_once_while_its_page_loads(make_hub: MakeHub) -> None:
    hub = make_hub({"HOTLINE_DEMO": "1"})
    app = create_app(hub, {"TESTING": True, "WTF_CSRF_ENABLED": False})
    call_id = handlers.start_call(hub, commands.StartCall("manual", "demo-operator", "13800138000")).id
    client = logged_in(app, "supervisor")
    for path in (f"/calls/{call_id}", f"/api/v1/calls/{call_id}", f"/api/v1/calls/{call_id}/events"):
        assert client.get(path).status_code == 200
    client.post(f"/api/v1/calls/{call_id}/reveal", json={"reason": "核对"})
    client.get(f"/api/v1/calls/{call_id}")
    client.get(f"/api/v1/calls/{call_id}/waveform")
    with hub.store.transaction() as uow:
        rows = [(row["action"], row["detail"]) for row in reversed(uow.audit_trail()) if row["target"] == call_id]
    assert rows == [
        ("call.start", "manual"),
        ("call.view", "masked"),
        ("call.reveal", "核对"),
        ("call.view", "revealed"),
        ("call.listen", "revealed"),
    ]


def test_nobody_changes_his_own_account_here(app: Flask) -> None:
    client = logged_in(app, "admin")
    for change, form in (
        ("active", {"active": "0"}),
        ("role", {"role": "supervisor"}),
        ("password", {"password": "Another-long-1"}),
        ("unlock", {}),
    ):
        answer = client.post(f"/admin/users/demo-admin/{change}", data=form)
        assert answer.status_code == 400, change
        assert "不能在这里更改自己的账号" in answer.text


def test_an_administrator_manages_others(make_hub: MakeHub) -> None:
    hub = make_hub({"HOTLINE_DEMO": "1"})
    app = create_app(hub, {"TESTING": True, "WTF_CSRF_ENABLED": False})
    admin = logged_in(app, "admin")
    worker = logged_in(app, "operator")
    admin.post("/admin/users/demo-operator/role", data={"role": "supervisor"})
    assert worker.get("/board").status_code == 200
    assert admin.post("/admin/users/demo-operator/role", data={"role": "king"}).status_code == 400
    for _ in range(5):
        app.test_client().post("/login", data={"username": "trainer", "password": "wrong"})
    assert logged_in(app, "trainer").get("/train").status_code == 302
    assert "解锁" in admin.get("/admin/users").text
    admin.post("/admin/users/demo-trainer/unlock")
    assert logged_in(app, "trainer").get("/train").status_code == 200
    admin.post("/admin/users/demo-operator/active", data={"active": "0"})
    assert worker.get("/board").status_code == 302
    with hub.store.transaction() as uow:
        actions = {row["action"] for row in uow.audit_trail()}
    assert {"user.role", "user.unlock", "user.disable"} <= actions
    assert "user.unlock" in admin.get("/admin/audit").text


def test_everybody_changes_his_own_password_with_the_old_one(make_hub: MakeHub) -> None:
    app = create_app(make_hub({"HOTLINE_DEMO": "1"}), {"TESTING": True, "WTF_CSRF_ENABLED": False})
    client, other = logged_in(app, "operator"), logged_in(app, "operator")
    wrong = {"old_password": "no", "password": "Quite-new-pass-1"}
    assert client.post("/account/password", data=wrong).status_code == 400
    right = {**wrong, "old_password": DEMO_PASSWORD}
    assert client.post("/account/password", data=right).status_code == 302
    assert client.get("/calls").status_code == 200
    assert other.get("/calls").status_code == 302, "other sessions end"
