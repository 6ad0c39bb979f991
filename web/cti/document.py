"""The OpenAPI document of the API (OpenAPI 3.1), made from the declared operations."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from flask import jsonify
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.wrappers import Response

from hotline.domain.integration import HookEvent, Scope
from web.cti import PREFIX, blueprint
from web.cti.operations import OPERATIONS, Operation
from web.cti.schemas import ErrorAnswer, HookBody

REF = "#/components/schemas/"
COMMON_ERRORS = (400, 401, 403, 429)
ERRORS = {
    400: "Not what this document describes.",
    401: "No key, a wrong one, or one that was revoked.",
    403: "The key lacks the scope.",
    404: "No such call or address.",
    409: "The call's state does not allow it, or the external id was used otherwise.",
    429: "Too many requests; `Retry-After` says when to go on.",
    503: "No room, or the protocol is switched off here.",
}
HOOK_HEADERS = {
    "webhook-id": "The same for every attempt: your idempotency key.",
    "webhook-timestamp": "Seconds since 1970 of this attempt; refuse what is older than five minutes.",
    "webhook-signature": "`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body` (standardwebhooks.com).",
}


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Serve the document; it holds no secrets and needs no key."""
    return jsonify(document())


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "反诈热线 CTI 接口 · Anti-fraud hotline CTI API",
            "version": "1",
            "description": "Open calls, attach their audio, end them; read transcript and label; be told by web hooks.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "security": [{"key": []}],
        "paths": paths,
        "webhooks": {event.value: _hook(event) for event in HookEvent},
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key from the administrator's page. Scopes: " + ", ".join(Scope),
                }
            },
        },
    }


def _models() -> list[tuple[type[BaseModel], Any]]:
    taken: set[type[BaseModel]] = {op.body for op in OPERATIONS if op.body} | {
        op.query for op in OPERATIONS if op.query
    }
    given: set[type[BaseModel]] = {model for op in OPERATIONS for model in op.answers.values()}
    given |= {ErrorAnswer, HookBody}
    modes: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in taken]
    modes.extend((model, "serialization") for model in given)
    return sorted(modes, key=lambda pair: pair[0].__name__)


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = models_json_schema(_models(), ref_template=REF + "{model}")[1]["$defs"]
    return found


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Scope: `{operation.scope}`",
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            for name in re.findall(r"{(\w+)}", operation.path)
        ],
        "responses": {
            **{str(code): _json(model, model.__doc__ or "") for code, model in operation.answers.items()},
            **{str(code): _json(ErrorAnswer, ERRORS[code]) for code in (*COMMON_ERRORS, *operation.errors)},
        },
    }
    if operation.query:
        described["parameters"] += _query(operation.query)
    if operation.body:
        described["requestBody"] = {"required": True, **_content(operation.body)}
    return described


def _query(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = _schemas()[model.__name__]
    return [
        {"name": name, "in": "query", "description": value.get("description", ""), "schema": value}
        for name, value in schema["properties"].items()
    ]


def _hook(event: HookEvent) -> dict[str, Any]:
    headers = [
        {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in HOOK_HEADERS.items()
    ]
    summary = "The risk level rose to 高 or 紧急." if event is HookEvent.ALERT else "A call ended."
    answers = {"2XX": {"description": "Received."}, "410": {"description": "Never send to this address again."}}
    body = {"required": True, **_content(HookBody)}
    described = {
        "operationId": event.value, "summary": summary, "parameters": headers, "requestBody": body, "responses": answers,
    }  # fmt: skip
    return {"post": {**described, "security": []}}


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": REF + model.__name__}}}}


def _json(model: type[BaseModel], description: str) -> dict[str, Any]:
    return {"description": description, **_content(model)}
