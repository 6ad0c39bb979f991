"""Live streams, and the same events by polling where a stream cannot be had."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, jsonify, request

from hotline.errors import InputError
from hotline.queries import board, list_calls
from hotline.views import event_view
from web.access import own_calls
from web.api import blueprint
from web.api.calls import with_operator
from web.context import display_names, hub, stream_slots
from web.roles import Permission, requires
from web.sessions import is_revealed
from web.streams import call_stream as call_events_live
from web.streams import calls_stream as calls_live

STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@blueprint.get("/calls/<call_id>/stream")
@requires(Permission.VIEW_CALLS)
def call_stream(call_id: str) -> Response:
    """Events of a call after `after` (or the browser's Last-Event-ID), then live ones with partial texts."""
    after = max(_number(request.args.get("after", "0")), _number(request.headers.get("Last-Event-ID", "0")))
    return _stream(call_events_live(hub(), call_id, after, masked=not is_revealed(call_id)))


@blueprint.get("/calls/stream")
@requires(Permission.VIEW_CALLS)
def calls_stream() -> Response:
    """Changed rows of the list of calls."""
    center, names, own = hub(), display_names(), own_calls()
    return _stream(calls_live(center, lambda: [with_operator(row, names) for row in list_calls(center, **own)]))


@blueprint.get("/board/stream")
@requires(Permission.WATCH_BOARD)
def board_stream() -> Response:
    """All live calls whenever one of them changes."""
    center, names = hub(), display_names()
    return _stream(calls_live(center, lambda: [with_operator(row, names) for row in board(center)], whole=True))


@blueprint.get("/calls/<call_id>/events")
@requires(Permission.VIEW_CALLS)
def call_events(call_id: str) -> Response:
    """Stored events of a call after `after`: what the stream would give, without partial texts."""
    masked = not is_revealed(call_id)
    events = hub().store.events_after(call_id, _number(request.args.get("after", "0")))
    return jsonify({"events": [event_view(event, masked=masked) for event in events]})


def _stream(events: Iterator[str]) -> Response:
    return Response(stream_slots().hold(events), mimetype="text/event-stream", headers=STREAM_HEADERS)


def _number(value: str) -> int:
    try:
        return max(int(value), 0)
    except ValueError:
        raise InputError("事件编号不对", expected="不小于 0 的整数", found=value[:20], remedy="请刷新页面") from None
