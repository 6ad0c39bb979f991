"""Calls as a telephone system sees them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import request

from hotline import commands, integration
from hotline.domain.call import Call, CallState
from hotline.domain.integration import Scope
from hotline.errors import PermissionDenied
from hotline.queries import snapshot
from hotline.stream_addresses import address_of
from hotline.views import call_view, mask_call
from web.context import hub
from web.cti.operations import actor, current_key, operation
from web.cti.schemas import (
    CallAnswer,
    CallList,
    CallQuery,
    CallRequest,
    LabelAnswer,
    StreamAnswer,
    StreamRequest,
    TranscriptAnswer,
    TranscriptQuery,
)

SOURCE = "cti"


@operation("POST", "/calls", Scope.WRITE_CALLS, {201: CallAnswer, 200: CallAnswer}, errors=(409,), body=CallRequest)
def create_call(body: CallRequest) -> tuple[CallAnswer, int]:
    """Open a call: 201 when it is new, 200 when its external id was opened before, 409 when that one was another."""
    center = hub()
    operator_id = integration.operator_id(center, body.operator)
    command = commands.StartCall(SOURCE, operator_id, body.caller_number, body.external_id, body.direction)
    call, fresh = integration.open_external_call(center, actor(), command)
    if fresh:
        center.switchboard.expect(call)
    return _answer(call), 201 if fresh else 200


@operation("GET", "/calls", Scope.READ_CALLS, {200: CallList}, query=CallQuery)
def list_calls(query: CallQuery) -> CallList:
    """List calls, newest first."""
    found = integration.find_external_calls(hub(), query.external_id, query.state, query.limit)
    return CallList(calls=[_answer(call) for call in found])


@operation("GET", "/calls/{call_id}", Scope.READ_CALLS, {200: CallAnswer}, errors=(404,))
def get_call(call_id: str) -> CallAnswer:
    """Return a call."""
    return _answer(_call(call_id))


@operation(
    "POST", "/calls/{call_id}/streams", Scope.WRITE_STREAMS, {201: StreamAnswer}, errors=(404, 409, 503),
    body=StreamRequest,
)  # fmt: skip
def create_stream(call_id: str, body: StreamRequest) -> tuple[StreamAnswer, int]:
    """Return where one channel of the call's audio may be sent."""
    asked_host = urlsplit(request.host_url).hostname or ""
    address, parameters = address_of(hub(), call_id, body.protocol, body.channel, asked_host)
    with hub().store.transaction() as uow:
        uow.audit(actor(), "call.stream", call_id, f"{body.protocol} {body.channel}")
    answer = StreamAnswer(
        call_id=call_id, protocol=body.protocol, channel=body.channel, address=address, parameters=parameters
    )
    return answer, 201


@operation("POST", "/calls/{call_id}/end", Scope.WRITE_CALLS, {200: CallAnswer}, errors=(404,))
def end_call(call_id: str) -> CallAnswer:
    """End a call; ending it again changes nothing. The last words may still be transcribed afterwards."""
    if _call(call_id).state is CallState.LIVE:
        integration.end_external_call(hub(), actor(), call_id)
    return _answer(_call(call_id))


@operation(
    "GET", "/calls/{call_id}/transcript", Scope.READ_TRANSCRIPTS, {200: TranscriptAnswer}, errors=(404,),
    query=TranscriptQuery,
)  # fmt: skip
def get_transcript(call_id: str, query: TranscriptQuery) -> TranscriptAnswer:
    """Return what was said so far, numbers written as digits; masked unless `personal` is asked for."""
    if query.personal:
        _admit_personal(call_id)
    said = snapshot(hub(), call_id, masked=not query.personal)
    return TranscriptAnswer.model_validate(
        {
            "call_id": call_id,
            "state": said["call"]["state"],
            "masked": not query.personal,
            "segments": [{**line, "text": line["normalised"] or line["text"]} for line in said["segments"]],
            "gaps": said["gaps"],
        }
    )


@operation("GET", "/calls/{call_id}/label", Scope.READ_CALLS, {200: LabelAnswer}, errors=(404,))
def get_label(call_id: str) -> LabelAnswer:
    """Return the scam type as it stands, with the words that led to it, masked."""
    said = snapshot(hub(), call_id, masked=True)
    call: dict[str, Any] = said["call"]
    prediction: dict[str, Any] = said["prediction"] or {}
    return LabelAnswer(
        call_id=call_id,
        state=call["state"],
        label=call["label"],
        label_name=call["label_name"],
        probability=call["label_probability"],
        source=call["label_source"],
        risk=call["risk"],
        unsure=prediction.get("unsure", True),
        stage=prediction.get("stage"),
        reasons=prediction.get("reasons", []),
        evidence=prediction.get("evidence", []),
        model_version=prediction.get("model_version", ""),
    )


def _call(call_id: str) -> Call:
    with hub().store.transaction() as uow:
        return uow.call(call_id)


def _answer(call: Call) -> CallAnswer:
    return CallAnswer.model_validate(mask_call(call_view(call)))


def _admit_personal(call_id: str) -> None:
    if Scope.READ_PERSONAL not in current_key().scopes:
        raise PermissionDenied(
            "API 密钥没有此权限",
            expected=Scope.READ_PERSONAL,
            found="未授予",
            remedy="请向管理员申请，或去掉 personal 参数",
        )
    with hub().store.transaction() as uow:
        uow.audit(actor(), "call.reveal", uow.call(call_id).id, "api")
