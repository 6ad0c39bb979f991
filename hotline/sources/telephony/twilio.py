"""Twilio Media Streams: JSON messages on a WebSocket, base64 mu-law, both sides of a call on one connection.

Source: twilio.com/docs/voice/media-streams/websocket-messages. Numbers arrive as strings. Call parameters and the
token come as `customParameters`, since Twilio strips the query of a stream's address.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import time
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from hotline.domain.segment import Channel
from hotline.errors import InputError
from hotline.sources.telephony.access import Limits, Meter
from hotline.sources.telephony.codecs import decoder
from hotline.sources.telephony.concealment import CONCEALED_S, Concealment
from hotline.sources.telephony.reception import Reception, call_spec
from hotline.streams import CallStream, StreamSpec

RATE_HZ = 8000
MOST_TEXT = 64 * 1024
MESSAGES_PER_S = 500
TRACKS = {"inbound": Channel.CALLER.value, "outbound": Channel.OPERATOR.value}
JUMP_MS = 30_000
"""A time stamp that is farther off than this is not believed."""


@dataclass
class _Track:
    stream: CallStream
    meter: Meter
    concealment: Concealment
    expected_ms: int | None = None
    chunk: int | None = None


class TwilioSession:
    """One connection."""

    def __init__(self, socket: ServerConnection, reception: Reception, *, signed: bool) -> None:
        self._signed = signed
        self._socket = socket
        self._reception = reception
        self._meter = Meter(Limits(live_factor=1.0, burst_s=2.0, total_s=reception.limits.total_s))
        self._started = False
        self._parameters: dict[str, str] = {}
        self._call_sid = ""
        self._tracks: dict[str, _Track] = {}
        self._decode = decoder("pcmu")

    async def run(self) -> None:
        """Serve until `stop`, or until the peer goes or does wrong. Raises: HotlineError."""
        try:
            while True:
                async with asyncio.timeout(self._reception.limits.idle_s):
                    message = _message(await self._socket.recv())
                self._meter.take(1 / MESSAGES_PER_S)
                event = message.get("event")
                if event == "start":
                    self._start(_object(message, "start"))
                elif event == "media":
                    await self._hear(_object(message, "media"))
                elif event == "stop":
                    return
                elif event not in ("connected", "dtmf", "mark"):
                    raise _wrong("connected、start、media、dtmf、mark 或 stop", str(event)[:20])
                if any(not track.stream.live() for track in self._tracks.values()):
                    return
        except (ConnectionClosed, TimeoutError):
            return
        finally:
            for track in self._tracks.values():
                await self._reception.finish(track.stream)

    def _start(self, start: dict[str, Any]) -> None:
        if self._started:
            raise _wrong("一次 start", "重复的 start")
        custom = start.get("customParameters") or {}
        media_format = start.get("mediaFormat") or {}
        if not isinstance(custom, dict) or not isinstance(media_format, dict):
            raise _wrong("customParameters、mediaFormat：JSON 对象", "其他类型")
        found = (str(media_format.get("encoding", "audio/x-mulaw")), _number(media_format, "sampleRate", RATE_HZ))
        if found != ("audio/x-mulaw", RATE_HZ):
            raise _wrong("audio/x-mulaw、8000 Hz", f"{found[0][:30]}、{found[1]} Hz")
        self._parameters = {str(key): str(value) for key, value in custom.items()}
        if not self._signed:
            self._reception.access.check_token(self._parameters.get("token", ""))
        self._call_sid = str(start.get("callSid") or "")
        self._started = True

    async def _hear(self, media: dict[str, Any]) -> None:
        if not self._started:
            raise _wrong("先有 start", "media")
        arrival_s = time.monotonic()
        name = str(media.get("track", "inbound"))
        if name not in TRACKS:
            raise _wrong("、".join(TRACKS), name[:20])
        try:
            payload = base64.b64decode(str(media.get("payload", "")), validate=True)
        except (binascii.Error, ValueError):
            raise _wrong("base64 的 payload", "无法解码") from None
        track = self._tracks.get(name) or await self._attach(name)
        track.meter.take(len(payload) / RATE_HZ)
        self._move(track, media, len(payload))
        pcm = self._decode(payload)
        track.concealment.hear(pcm)
        track.stream.push(pcm, arrival_s)

    async def _attach(self, name: str) -> _Track:
        call = call_spec(self._parameters, self._call_sid)
        spec = StreamSpec("twilio", TRACKS[name], RATE_HZ, call, timed=True)
        track = _Track(await self._reception.attach(spec), Meter(self._reception.limits), Concealment(RATE_HZ))
        self._tracks[name] = track
        return track

    def _move(self, track: _Track, media: dict[str, Any], samples: int) -> None:
        """Leave out the time that the time stamp says was not sent; a missing chunk number means that it was lost.

        Short losses are concealed, as in RTP.
        """
        duration_ms = samples * 1000 // RATE_HZ
        at_ms = _number(media, "timestamp", track.expected_ms or 0)
        chunk = _number(media, "chunk", (track.chunk or 0) + 1)
        if track.expected_ms is not None:
            missing_ms = at_ms - track.expected_ms
            if abs(missing_ms) > JUMP_MS:
                track.stream.resync()
            elif missing_ms >= duration_ms > 0:
                lost = track.chunk is None or chunk > track.chunk + 1
                if lost and missing_ms <= CONCEALED_S * 1000:
                    track.stream.push(track.concealment.conceal(missing_ms * RATE_HZ // 1000))
                else:
                    track.stream.skip(missing_ms / 1000, lost=lost)
            else:
                at_ms = track.expected_ms
        track.expected_ms, track.chunk = at_ms + duration_ms, chunk


def _message(text: str | bytes) -> dict[str, Any]:
    if isinstance(text, bytes) or len(text) > MOST_TEXT:
        raise _wrong("文字消息", "二进制或过长的消息")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise _wrong("JSON 对象", "其他文字")
    return message


def _object(message: dict[str, Any], name: str) -> dict[str, Any]:
    value = message.get(name)
    if not isinstance(value, dict):
        raise _wrong(f"{name}：JSON 对象", type(value).__name__)
    return value


def _number(values: dict[str, Any], name: str, default: int) -> int:
    """Read a whole number that may be written as text. Raises: InputError."""
    value = values.get(name, default)
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise _wrong(f"{name}：整数", str(value)[:20]) from None
    if not 0 <= number < 1 << 53:
        raise _wrong(f"{name}：0 以上的整数", str(number)[:20])
    return number


def _wrong(expected: str, found: str) -> InputError:
    return InputError("Twilio 消息不对", expected=expected, found=found, remedy="请核对对端设置")


async def serve_twilio(socket: ServerConnection, reception: Reception, *, signed: bool = False) -> None:
    """Serve one media stream; where its handshake was `signed` no token is asked for. Raises: HotlineError."""
    await TwilioSession(socket, reception, signed=signed).run()
