"""The trainer's part of the API: who may use it, files in and out, jobs, errors in one shape."""

from __future__ import annotations

import io
import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hotline.demo import DEMO_PASSWORD
from hotline.domain.job import Job
from hotline.hub import Hub
from hotline.jobs import start_job
from tests.conftest import MakeHub
from tests.test_labelling import finished, label
from web import create_app

PAGES = ("/train", "/train/data", "/train/models")
READS = ("/api/v1/train/queue", "/api/v1/train/datasets", "/api/v1/train/models", "/api/v1/train/export/data/0/jsonl")
WRITES = ("undo", "datasets", "test-sets", "import", "retrain", "promote", "roll-back", "agreement")


@pytest.fixture
def center(make_hub: MakeHub) -> Hub:
    return make_hub({"HOTLINE_DEMO": "1", "HOTLINE_LABEL_CONTROL_SHARE": "0"}, job_kinds=("retrain", "agreement"))


@pytest.fixture
def app(center: Hub) -> Flask:
    return create_app(center, {"TESTING": True, "WTF_CSRF_ENABLED": False})


def log_in(app: Flask, username: str = "trainer") -> FlaskClient:
    client = app.test_client()
    assert client.post("/login", data={"username": username, "password": DEMO_PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize("role", ["operator", "supervisor", "reviewer", "admin"])
def test_only_trainers_train(app: Flask, role: str) -> None:
    client = log_in(app, role)
    for path in (*PAGES, *READS):
        assert client.get(path).status_code == 403, path
    for name in WRITES:
        assert client.post(f"/api/v1/train/{name}", json={}).status_code == 403, name


def test_trainers_pages_are_there(app: Flask, center: Hub) -> None:
    client = log_in(app)
    call_id = finished(center)
    for path in (*PAGES, *READS, f"/train/calls/{call_id}", f"/api/v1/train/calls/{call_id}"):
        assert client.get(path).status_code == 200, path
    assert client.get("/train/calls/nobody").status_code == 404


def test_labelling_by_the_api(app: Flask, center: Hub) -> None:
    client = log_in(app)
    call_id = finished(center)
    row = client.get("/api/v1/train/queue").json["rows"][0]  # type: ignore[index]
    assert (row["call_id"], row["reason"], row["model_label"]) == (call_id, "uncertain", "authority")
    segment = client.get(f"/api/v1/train/calls/{call_id}").json["segments"][0]  # type: ignore[index]
    answer = {"label": "authority", "evidence": [{"segment_id": segment["id"], "start": 0, "end": 3}]}
    stored = client.post(f"/api/v1/train/calls/{call_id}/label", json=answer)
    assert stored.status_code == 201 and stored.json["label"]["evidence"][0]["text"] == "公安局"  # type: ignore[index]
    for wrong in ({"label": "dance"}, {"label": 3}, {"label": "loan", "evidence": [{"start": "x"}]}, {}):
        refused = client.post(f"/api/v1/train/calls/{call_id}/label", json=wrong)
        assert refused.status_code == 400 and refused.json["error"]["expected"]  # type: ignore[index]
    assert client.post("/api/v1/train/undo").json == {"call_id": call_id}
    assert client.post("/api/v1/train/undo").status_code == 409


@pytest.mark.parametrize("name", ["jsonl", "csv", "label_studio", "doccano"])
def test_exports_are_masked_and_audited(app: Flask, center: Hub, name: str) -> None:
    client = log_in(app)
    label(center, finished(center, "卡号6217003810026894579让我转到安全账户"), "demo-trainer")
    answer = client.get(f"/api/v1/train/export/data/0/{name}")
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    assert "安全账户" in answer.text and "6217003810026894579" not in answer.text and "***" in answer.text
    with center.store.transaction() as uow:
        assert any(row["action"] == "labels.export" for row in uow.audit_trail())
    for wrong in ("data/0/xlsx", "data/x/jsonl"):
        assert client.get(f"/api/v1/train/export/{wrong}").status_code == 400
    assert client.get("/api/v1/train/export/data/9/jsonl").status_code == 404


def test_a_bad_file_is_refused_with_its_line(app: Flask) -> None:
    client = log_in(app)
    good = json.dumps({"id": "x", "label": "loan", "turns": [{"speaker": "caller", "text": "要贷款"}]})
    form = {"format": "jsonl", "file": (io.BytesIO(f"{good}\n{{".encode()), "labels.jsonl")}
    refused = client.post("/api/v1/train/import", data=form)
    assert refused.status_code == 400 and "第 2 行" in refused.json["error"]["message"]  # type: ignore[index]
    form = {"format": "jsonl", "file": (io.BytesIO(good.encode()), "labels.jsonl")}
    assert client.post("/api/v1/train/import", data=form).json == {  # type: ignore[comparison-overlap]
        "imported": {"labels": 0, "prelabels": 0, "examples": 1}
    }
    assert client.post("/api/v1/train/import", data={"format": "jsonl"}).status_code == 400


def test_jobs_are_seen_by_who_asked_and_by_trainers(app: Flask, center: Hub) -> None:
    job: Job = start_job(center, "agreement", {"key": ""}, "demo-operator")
    assert log_in(app, "operator").get(f"/api/v1/jobs/{job.id}").json["job"]["state"] == "queued"  # type: ignore[index]
    assert log_in(app, "supervisor").get(f"/api/v1/jobs/{job.id}").status_code == 403
    trainer = log_in(app)
    assert trainer.post(f"/api/v1/jobs/{job.id}/cancel").json["job"]["state"] == "cancelled"  # type: ignore[index]
    assert trainer.post(f"/api/v1/jobs/{job.id}/cancel").status_code == 409
    assert trainer.get("/api/v1/jobs/nobody").status_code == 404


def test_wrong_orders_are_refused(app: Flask) -> None:
    client = log_in(app)
    for body in ({"dataset": 1}, {"dataset": "1"}, {"dataset": 1, "epochs": 99}, {"dataset": True}):
        assert client.post("/api/v1/train/retrain", json=body).status_code in (400, 404)
    assert client.post("/api/v1/train/promote", json={"version": "nobody"}).status_code == 404
    assert client.post("/api/v1/train/roll-back").status_code == 409
    assert client.post("/api/v1/train/datasets").status_code == 409
    assert client.post("/api/v1/train/test-sets").status_code == 409
