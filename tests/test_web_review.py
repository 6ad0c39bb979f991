"""After the call through the console: wrap-up, review, quality, trainer, second person, board."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hotline import commands, handlers
from hotline.audio import AudioFrame
from hotline.demo import DEMO_PASSWORD
from hotline.domain.review import QA_ITEMS
from hotline.gateways.dispatcher import FreezeDispatcher
from hotline.hub import Hub
from tests.conftest import MakeHub
from tests.fakes import MemoryGateway, said
from web import create_app

ACCOUNT = "6217003810026894579"
FIELDS = {
    "payee_name": "周文斌",
    "payee_account": ACCOUNT,
    "amount_fen": 4_860_000,
    "transfer_time": "2026-01-05T14:20:00+08:00",
}
MONEY = {"at_risk_fen": 4_860_000, "prevented_fen": 0, "stopped_fen": 0, "returned_fen": 0}


@pytest.fixture
def center(make_hub: MakeHub) -> Hub:
    return make_hub({"HOTLINE_DEMO": "1", "HOTLINE_FREEZE_SECOND_PERSON_YUAN": "1000"})


@pytest.fixture
def app(center: Hub) -> Flask:
    return create_app(center, {"TESTING": True, "WTF_CSRF_ENABLED": False})


@pytest.fixture
def call_id(center: Hub) -> str:
    call = handlers.start_call(center, commands.StartCall("manual", "demo-operator", "13800138000"))
    handlers.record_segment(center, call.id, said("operator", "您好反诈专线", 1.0), "fake")
    handlers.record_segment(center, call.id, said("caller", f"我转了四万八千六给{ACCOUNT}", 3.0), "fake")
    return call.id


def client_of(app: Flask, username: str) -> FlaskClient:
    client = app.test_client()
    client.post("/login", data={"username": username, "password": DEMO_PASSWORD})
    return client


def post(client: FlaskClient, path: str, status: int = 201, **data: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1{path}", json=data)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def request_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def test_a_finished_call_is_wrapped_up_once_and_again(app: Flask, center: Hub, call_id: str) -> None:
    client = client_of(app, "operator")
    form = {"disposition": "dissuaded", "persons": 1, **MONEY, "prevented_fen": 4_860_000, "note": "备注"}
    post(client, f"/calls/{call_id}/wrap-up", 409, **form)
    client.post(f"/api/v1/calls/{call_id}/end")
    draft = client.get(f"/api/v1/calls/{call_id}/wrap-up").get_json()
    assert draft["money"]["at_risk_fen"] == 4_860_000
    assert ACCOUNT not in json.dumps(draft)
    post(client, f"/calls/{call_id}/wrap-up", **{**form, "disposition": "consulted", "prevented_fen": 0})
    post(client, f"/calls/{call_id}/wrap-up", **form)
    shown = client.get(f"/api/v1/calls/{call_id}").get_json()
    assert shown["wrap_up"]["disposition"] == shown["call"]["disposition"] == "dissuaded"
    with center.store.transaction() as uow:
        assert [w.disposition for w in uow.wrap_ups(call_id)] == ["consulted", "dissuaded"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"disposition": "rich"},
        {"disposition": ""},
        {"disposition": "other"},
        {"disposition": "intercepted"},
        {"prevented_fen": 9_999_999_999},
        {"returned_fen": 1},
        {"at_risk_fen": "many"},
        {"at_risk_fen": -1},
        {"persons": 1000},
        {"side_codes": "visit"},
        {"side_codes": ["party"]},
        {"note": "长" * 2001},
    ],
)
def test_a_wrap_up_that_contradicts_itself_is_refused(app: Flask, call_id: str, wrong: dict[str, Any]) -> None:
    client = client_of(app, "operator")
    client.post(f"/api/v1/calls/{call_id}/end")
    answer = post(
        client, f"/calls/{call_id}/wrap-up", 400, **{"disposition": "consulted", "persons": 1, **MONEY, **wrong}
    )
    assert answer["error"]["expected"] and answer["error"]["found"]


def test_words_are_corrected_only_after_they_were_seen_and_the_original_stays(
    app: Flask, center: Hub, call_id: str
) -> None:
    client = client_of(app, "supervisor")
    found = client.get(f"/api/v1/calls/{call_id}/review").get_json()
    line = found["segments"][1]
    assert ACCOUNT not in json.dumps(found)
    path = f"/calls/{call_id}/segments/{line['id']}/correct"
    post(client, path, 403, text="我转了五万", channel="caller")
    client.post(f"/api/v1/calls/{call_id}/reveal", json={"reason": "更正"})
    post(client, path, 400, text=" ", channel="caller")
    post(client, path, 400, text="我转了五万", channel="neighbour")
    post(client, f"/calls/{call_id}/segments/none/correct", 404, text="我转了五万", channel="caller")
    changed = post(client, path, 200, text="我转了五万", channel="operator")["segments"][1]
    assert (changed["text"], changed["channel"]) == ("我转了五万", "operator")
    assert changed["heard"] == {"text": f"我转了四万八千六给{ACCOUNT}", "channel": "caller"}
    assert changed["corrected"]["by"] == "demo-supervisor"
    with center.store.transaction() as uow:
        assert uow.heard_segments(call_id)[1].channel == "caller"
        assert [entity.value for entity in uow.entities(call_id)] == [50_000]
        assert uow.call(call_id).at_risk_fen == 5_000_000
    operator = client_of(app, "operator").get(f"/api/v1/calls/{call_id}").get_json()
    assert [segment["text"] for segment in operator["segments"]][1] == "我转了五万"


def test_corrected_words_are_judged_anew_and_the_label_stays(app: Flask, center: Hub, call_id: str) -> None:
    client = client_of(app, "supervisor")
    client.post(f"/api/v1/calls/{call_id}/reveal", json={"reason": "更正"})
    found = client.get(f"/api/v1/calls/{call_id}/review").get_json()
    assert found["advice"] is None
    label = found["call"]["label"]
    advised = {}
    for text in ("他让我把钱转到安全账户里", "我想问一下几点钟开门"):
        for line in found["segments"]:
            path = f"/calls/{call_id}/segments/{line['id']}/correct"
            changed = post(client, path, 200, text=text, channel="caller")
        advised[text] = changed["advice"]["label"]
        assert changed["call"]["label"] == label
    assert list(advised.values()) == ["authority", "not_fraud"]
    with center.store.transaction() as uow:
        assert uow.call(call_id).label == label


def test_a_crossed_red_line_fails_whatever_else_was_good(app: Flask, call_id: str) -> None:
    client = client_of(app, "supervisor")
    answers = dict.fromkeys(QA_ITEMS, "yes")
    path = f"/calls/{call_id}/quality"
    good = post(client, path, answers={**answers, "closing": "no", "isolation": "na"}, comment="好")["quality"]
    assert (good["score"], good["passed"]) == (91.7, True)
    low = post(client, path, answers={**answers, **dict.fromkeys(QA_ITEMS[4:9], "no")}, comment="")["quality"]
    assert not low["passed"] and not low["breached"]
    for item in ("red_lines", "no_promise"):
        failed = post(client, path, answers={**answers, item: "no"}, comment="")["quality"]
        assert (failed["score"], failed["passed"], failed["breached"]) == (0.0, False, [item])
    post(client, path, 400, answers={**answers, "red_lines": "na"}, comment="")
    post(client, path, 400, answers=dict.fromkeys(QA_ITEMS[1:], "yes"), comment="")
    post(client, path, 400, answers={**answers, "hair": "yes"}, comment="")
    post(client, path, 400, answers={**answers, "tone": "perhaps"}, comment="")
    assert len(client.get(f"/api/v1/calls/{call_id}/review").get_json()["quality"]) == 4


def test_a_call_goes_to_the_trainer_once(app: Flask, center: Hub, call_id: str) -> None:
    client = client_of(app, "supervisor")
    post(client, f"/calls/{call_id}/to-trainer", comment="类型有误")
    again = post(client, f"/calls/{call_id}/to-trainer", comment="又一次")
    assert again["trainer_mark"]["comment"] == "类型有误"
    with center.store.transaction() as uow:
        assert [mark.call_id for mark in uow.trainer_marks()] == [call_id]


def test_a_large_request_waits_for_a_second_person_who_is_not_its_maker(app: Flask, center: Hub, call_id: str) -> None:
    operator, reviewer = client_of(app, "operator"), client_of(app, "reviewer")
    small = {**FIELDS, "amount_fen": 99_999}
    sent = post(operator, "/freezes", request_id=request_id(1), call_id=call_id, fields=small)
    assert sent["freeze"]["status"] == "confirmed"
    waiting = post(operator, "/freezes", request_id=request_id(2), call_id=call_id, fields=FIELDS)
    assert waiting["freeze"]["status"] == "police_review"
    dispatcher = FreezeDispatcher(center.store, MemoryGateway(), center.clock)
    assert dispatcher.run_once() == 1, "only the small one goes out"

    listed = reviewer.get("/api/v1/freezes/waiting").get_json()["freezes"]
    assert [row["id"] for row in listed] == [request_id(2)]
    assert ACCOUNT not in json.dumps(listed)
    whole = reviewer.get(f"/api/v1/freezes/{request_id(2)}").get_json()
    assert whole["freeze"]["fields"]["payee_account"] == ACCOUNT
    assert [stop["id"] for stop in whole["stops"]] == [request_id(1)]

    path = f"/freezes/{request_id(2)}/decision"
    post(reviewer, path, 400, approved=False, reason=" ")
    post(reviewer, path, 400, approved="yes", reason="")
    post(operator, path, 403, approved=True, reason="")
    assert post(reviewer, path, 200, approved=True, reason="")["freeze"]["status"] == "confirmed"
    post(reviewer, path, 409, approved=True, reason="")
    assert dispatcher.run_once() == 1
    with center.store.transaction() as uow:
        assert uow.freeze(request_id(2)).status == "stopped"
        actions = [row["action"] for row in uow.audit_trail() if row["target"] == request_id(2)]
    assert {"freeze.request", "freeze.view", "freeze.approve", "freeze.stopped"} <= set(actions)
    third = post(operator, "/freezes", 409, request_id=request_id(3), call_id=call_id, fields=FIELDS)
    assert "两次" in third["error"]["message"]


def test_the_maker_never_checks_even_with_another_role(app: Flask, center: Hub, call_id: str) -> None:
    operator = client_of(app, "operator")
    post(operator, "/freezes", request_id=request_id(1), call_id=call_id, fields=FIELDS)
    client_of(app, "admin").post("/admin/users/demo-operator/role", data={"role": "reviewer"})
    refused = post(operator, f"/freezes/{request_id(1)}/decision", 403, approved=True, reason="")
    assert "自己" in refused["error"]["message"]


def test_the_limit_of_an_account_holds_at_the_approval_too(app: Flask, center: Hub, call_id: str) -> None:
    operator, reviewer = client_of(app, "operator"), client_of(app, "reviewer")
    for number in (1, 2, 3):
        post(operator, "/freezes", request_id=request_id(number), call_id=call_id, fields=FIELDS)
    dispatcher = FreezeDispatcher(center.store, MemoryGateway(), center.clock)
    for number in (1, 2):
        post(reviewer, f"/freezes/{request_id(number)}/decision", 200, approved=True, reason="")
    dispatcher.run_once()
    post(reviewer, f"/freezes/{request_id(3)}/decision", 409, approved=True, reason="")
    post(reviewer, f"/freezes/{request_id(3)}/decision", 200, approved=False, reason="该账户已止付两次")
    with center.store.transaction() as uow:
        assert uow.stops_of_account(ACCOUNT) == 2
        hold = uow.freeze(request_id(1)).hold_expires_at
        stopped_at = uow.freeze(request_id(1)).stopped_at
    assert hold is not None and stopped_at is not None
    assert (hold - stopped_at).total_seconds() == 48 * 3600


def test_a_request_that_was_sent_back_is_corrected_and_waits_again(app: Flask, center: Hub, call_id: str) -> None:
    operator, reviewer = client_of(app, "operator"), client_of(app, "reviewer")
    post(operator, "/freezes", request_id=request_id(1), call_id=call_id, fields=FIELDS)
    post(reviewer, f"/freezes/{request_id(1)}/decision", 200, approved=False, reason="金额与凭证不符")
    shown = operator.get(f"/api/v1/calls/{call_id}").get_json()["freezes"][0]
    assert (shown["status"], shown["message"]) == ("sent_back", "金额与凭证不符")
    post(operator, f"/freezes/{request_id(1)}/retry", 409)
    fresh = post(
        operator,
        f"/freezes/{request_id(1)}/amend",
        request_id=request_id(2),
        fields={**FIELDS, "amount_fen": 4_800_000},
    )
    assert fresh["freeze"]["status"] == "police_review"
    with center.store.transaction() as uow:
        (decision,) = uow.freeze_decisions(request_id(1))
    assert (decision.by, decision.approved, decision.reason) == ("demo-reviewer", False, "金额与凭证不符")


def test_a_reviewing_officer_sees_the_calls_behind_requests_only(app: Flask, call_id: str) -> None:
    operator, reviewer = client_of(app, "operator"), client_of(app, "reviewer")
    assert reviewer.get(f"/api/v1/calls/{call_id}").status_code == 403
    post(operator, "/freezes", request_id=request_id(1), call_id=call_id, fields=FIELDS)
    assert reviewer.get(f"/api/v1/calls/{call_id}").status_code == 200


def test_the_board_shows_live_calls_with_money_and_request(app: Flask, center: Hub, call_id: str) -> None:
    post(client_of(app, "operator"), "/freezes", request_id=request_id(1), call_id=call_id, fields=FIELDS)
    supervisor = client_of(app, "supervisor")
    (row,) = supervisor.get("/api/v1/board").get_json()["calls"]
    assert row["at_risk_fen"] == 4_860_000
    assert (row["freeze_status"], row["operator_name"]) == ("police_review", "演示坐席")
    stream = supervisor.get("/api/v1/board/stream", buffered=False)
    messages = (
        json.loads(m.removeprefix("data: ")) for m in map(decoded, stream.response) if m.startswith('data: {"calls')
    )
    assert [call["id"] for call in next(messages)["calls"]] == [call_id]
    center.live.end(call_id, "demo-operator")
    assert next(messages)["calls"] == [], "an ended call leaves the board"
    stream.close()


def decoded(piece: Any) -> str:
    return piece.decode() if isinstance(piece, bytes) else str(piece)


def test_a_recording_is_heard_in_pieces_and_its_outline_drawn(app: Flask, center: Hub, call_id: str) -> None:
    client = client_of(app, "supervisor")
    assert client.get(f"/api/v1/calls/{call_id}/audio").status_code == 404
    recording = center.recordings.open(call_id, ["operator", "caller"], 8000)
    for channel, pcm in (("operator", b"\1\0"), ("caller", b"\2\0")):
        recording.write(AudioFrame(pcm * 160, 8000, channel, 0.0))
    recording.close()
    whole = client.get(f"/api/v1/calls/{call_id}/audio").data
    assert len(whole) == 44 + 160 * 4
    piece = client.get(f"/api/v1/calls/{call_id}/audio", headers={"Range": "bytes=44-47"})
    assert (piece.status_code, piece.data) == (206, b"\1\0\2\0")
    outline = client.get(f"/api/v1/calls/{call_id}/waveform").get_json()
    assert (outline["channels"], outline["duration_s"]) == (["operator", "caller"], 0.02)


def test_an_archive_page_goes_on_where_the_last_one_ended(app: Flask, center: Hub) -> None:
    ids = [handlers.start_call(center, commands.StartCall("manual", "demo-operator", "")).id for _ in range(60)]
    client = client_of(app, "supervisor")
    first = post(client, "/archive", 200)
    second = post(client, "/archive", 200, cursor=first["cursor"])
    assert (len(first["calls"]), len(second["calls"]), second["cursor"]) == (50, 10, "")
    assert {call["id"] for call in first["calls"] + second["calls"]} == set(ids)
    post(client, "/archive", 400, cursor="nowhere")
