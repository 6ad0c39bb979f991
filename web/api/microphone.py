"""The browser's microphone over a WebSocket: `GET /api/v1/calls/<id>/microphone`.

    page:   {"type": "start", "csrf_token", "channel", "rate_hz", "session"}, then binary frames, {"type": "stop"}
    server: {"type": "ready", "next"}, {"type": "heard", "next"} twice a second, {"type": "ended"},
            {"type": "error", "error": {...}} before it closes

The frames are those of `hotline.browser_audio`. A cookie alone opens nothing: the page's origin must be ours and its
first message must carry the CSRF token, since browsers send cookies with foreign pages' WebSockets too.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, request
from flask_login import current_user
from flask_sock import Sock
from flask_wtf.csrf import ValidationError, validate_csrf
from simple_websocket import ConnectionClosed
from simple_websocket import Server as Socket

from hotline.audio import FRAME_MS
from hotline.browser_audio import HEADER_BYTES, MOST_FRAMES, MOST_RATE_HZ, BrowserLine, LineSpec
from hotline.errors import CapacityError, HotlineError, InputError, PermissionDenied
from web.accounts import may_log_in
from web.api import blueprint
from web.context import browser_lines, hub, stream_slots
from web.errors import error_body
from web.roles import Permission, allowed

log = logging.getLogger(__name__)
sockets = Sock()

START_WITHIN_S = 10.0
PING_S = 20
RECEIVE_BYTES = 16_384
TELL_EVERY_S = 0.5
LOOK_AGAIN_S = 30.0
"""So often it is checked that the user may still work."""
MOST_WAITING = 400
"""Messages that may wait in the socket's own buffer."""
MOST_MESSAGE_BYTES = HEADER_BYTES + MOST_FRAMES * MOST_RATE_HZ * FRAME_MS // 1000 * 2
NORMAL, POLICY, TRY_AGAIN, INTERNAL = 1000, 1008, 1013, 1011


def init_sockets(app: Flask) -> None:
    """Bound what a socket may send."""
    app.config["SOCK_SERVER_OPTIONS"] = {
        "max_message_size": MOST_MESSAGE_BYTES,
        "ping_interval": PING_S,
        "receive_bytes": RECEIVE_BYTES,
    }
    sockets.init_app(app)


@sockets.route("/calls/<call_id>/microphone", bp=blueprint)  # type: ignore[untyped-decorator]
def microphone(socket: Socket, call_id: str) -> None:
    """Carry one microphone into a call."""
    code = NORMAL
    try:
        with stream_slots().taken():
            _carry(socket, call_id)
    except ConnectionClosed:
        return
    except HotlineError as error:
        log.warning("microphone refused", extra={"call_id": call_id, "error": type(error).__name__})
        code = TRY_AGAIN if isinstance(error, CapacityError) else POLICY
        _tell(socket, {"type": "error", "error": error_body(error)})
    except Exception as error:  # one page must never take another call down
        log.error("microphone failed", extra={"call_id": call_id, "error": type(error).__name__})
        code = INTERNAL
    socket.close(code)


def _carry(socket: Socket, call_id: str) -> None:
    _check_origin()
    if not allowed(current_user.role, Permission.WORK_CALLS):
        raise PermissionDenied("您的角色没有此权限", expected=Permission.WORK_CALLS, remedy="请换用坐席账号")
    line = browser_lines().join(_spec(socket, call_id))
    try:
        if _listen(socket, line):
            browser_lines().finish(line)
            _tell(socket, {"type": "ended"})
    finally:
        browser_lines().leave(line)


def _listen(socket: Socket, line: BrowserLine) -> bool:
    """Take frames until the page stops (True), the call ends or the socket is gone. Raises: HotlineError."""
    _tell(socket, {"type": "ready", "next": line.next_frame})
    session, told_at_s, looked_at_s = line.session, time.monotonic(), time.monotonic()
    while line.stream.live():
        message = socket.receive(timeout=TELL_EVERY_S)
        if line.session != session:
            raise InputError("麦克风已由另一个页面接管", remedy="请在那个页面继续")
        if len(socket.input_buffer) > MOST_WAITING:
            raise InputError("消息太频繁", expected="实时的音频", found="积压过多", remedy="请刷新页面")
        if isinstance(message, bytes):
            line.take(message)
        elif message is not None and _control(message).get("type") == "stop":
            return True
        now_s = time.monotonic()
        if now_s - told_at_s > TELL_EVERY_S:
            told_at_s = now_s
            _tell(socket, {"type": "heard", "next": line.next_frame})
        if now_s - looked_at_s > LOOK_AGAIN_S:
            looked_at_s = now_s
            _check_user()
    _tell(socket, {"type": "ended"})
    return False


def _spec(socket: Socket, call_id: str) -> LineSpec:
    """Wait for the first message. Raises: InputError, PermissionDenied."""
    message = socket.receive(timeout=START_WITHIN_S)
    start = _control(message) if isinstance(message, str) else {}
    if start.get("type") != "start":
        raise InputError("应先发送 start", expected='{"type": "start", …}', found="其他内容", remedy="请刷新页面")
    try:
        validate_csrf(start.get("csrf_token"))
    except ValidationError:
        raise PermissionDenied("页面已过期", expected="有效的页面令牌", remedy="请刷新页面后重试") from None
    rate_hz, channel, session = start.get("rate_hz"), start.get("channel"), start.get("session")
    if not isinstance(rate_hz, int) or not isinstance(channel, str) or not isinstance(session, str):
        raise InputError(
            "start 的内容不对", expected="rate_hz、channel、session", found="缺少或类型不对", remedy="请刷新页面"
        )
    return LineSpec(call_id, channel, rate_hz, session)


def _control(message: str) -> dict[str, Any]:
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError("控制消息不对", expected="一个 JSON 对象", found="无法解析", remedy="请刷新页面")
    return found


def _check_origin() -> None:
    """Raises: PermissionDenied unless the page is one of ours."""
    origin = urlsplit(request.headers.get("Origin", ""))
    if origin.netloc != request.host:
        raise PermissionDenied("来源不允许", expected=request.host, found="其他网站", remedy="请从坐席台打开")


def _check_user() -> None:
    """Raises: PermissionDenied when the account was disabled meanwhile."""
    with hub().store.transaction() as uow:
        user = uow.user(current_user.id)
    if user is None or not may_log_in(hub(), user) or not allowed(user.role, Permission.WORK_CALLS):
        raise PermissionDenied("账号已停用", remedy="请联系管理员")


def _tell(socket: Socket, message: dict[str, Any]) -> None:
    try:
        socket.send(json.dumps(message, ensure_ascii=False))
    except OSError:
        raise ConnectionClosed() from None
