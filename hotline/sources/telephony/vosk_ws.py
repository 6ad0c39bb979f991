"""vosk-server's WebSocket protocol, so that what speaks to vosk-server speaks to us (its `asr_server.py`).

A `config` gets no reply; each binary block exactly one, a partial or a result; `eof` the last result, then we close;
`reset` the result so far. Beyond it: call, channel, operator, caller and token as query parameters or in the first
config. A client may not choose the model, and `phrase_list` is accepted but does not narrow what is recognised.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from hotline.domain.segment import Transcript
from hotline.errors import InputError
from hotline.sources.telephony.access import Limits, Meter
from hotline.sources.telephony.reception import LEAST_RATE_HZ, MOST_RATE_HZ, Reception, call_spec, channel_of
from hotline.sources.telephony.vosk_results import partial_json, result_json
from hotline.streams import CallStream, StreamSpec

DEFAULT_RATE_HZ = 8000
PIECE_S = 0.5
AHEAD_S = 1.0
"""Audio that a client which is faster than real time may have waiting; then its reply waits."""
WAIT_STEP_S = 0.01
FINAL_S = 30.0
MOST_TEXT = 64 * 1024
MESSAGES_PER_S = 500
KEYS = ("call", "call_id", "caller", "operator", "channel", "token")


class VoskSession:
    """One connection."""

    def __init__(self, socket: ServerConnection, reception: Reception) -> None:
        self._socket = socket
        self._reception = reception
        self._limits = reception.limits
        self._meter = Meter(Limits(live_factor=1.0, burst_s=2.0, total_s=reception.limits.total_s))
        query = urlsplit(socket.request.path).query if socket.request else ""
        self._parameters = {key: value for key, value in parse_qsl(query) if key in KEYS}
        self._rate_hz = DEFAULT_RATE_HZ
        self._words, self._alternatives = True, 0
        self._stream: CallStream | None = None
        self._ears = _Ears(asyncio.get_running_loop())

    async def run(self) -> None:
        """Serve until the peer goes, says eof or does wrong. Raises: HotlineError."""
        try:
            while True:
                async with asyncio.timeout(self._limits.idle_s):
                    message = await self._socket.recv()
                self._meter.take(1 / MESSAGES_PER_S)
                command = _command(message)
                if command is None:
                    await self._hear(message if isinstance(message, bytes) else message.encode())
                elif "config" in command:
                    self._configure(command["config"])
                elif "eof" in command:
                    await self._end()
                    return
                elif "reset" in command:
                    await self._reply(await self._settled())
                else:
                    raise _wrong("音频、config、eof 或 reset", "其他消息")
                if self._stream and not self._stream.live():
                    return
        except (ConnectionClosed, TimeoutError):
            return
        finally:
            if self._stream:
                await self._reception.finish(self._stream)

    async def _hear(self, pcm: bytes) -> None:
        arrival_s = time.monotonic()
        stream = await self._attached()
        piece = int(PIECE_S * self._rate_hz) * 2
        for start in range(0, len(pcm), piece):
            stream.push(pcm[start : start + piece], arrival_s if start == 0 else None)
            while stream.waiting_s() > AHEAD_S and stream.ahead_s() > AHEAD_S and stream.live():
                await asyncio.sleep(WAIT_STEP_S)
        finals = self._ears.take_finals()
        await self._reply(self._result(finals) if finals else partial_json(self._ears.partial))

    async def _end(self) -> None:
        """Answer eof with the last result; without audio that is an empty one."""
        stream = self._stream
        if stream:
            self._stream = None
            await self._reception.finish(stream)
            await self._ears.wait_ended(FINAL_S)
        await self._reply(self._result(self._ears.take_finals(), stream))

    async def _settled(self) -> str:
        if self._stream:
            self._ears.settling.clear()
            self._stream.settle()
            await self._ears.wait_settled(FINAL_S)
        return self._result(self._ears.take_finals())

    def _result(self, finals: list[Transcript], stream: CallStream | None = None) -> str:
        stream = stream or self._stream
        start_s = stream.start_s if stream else 0.0
        return result_json(finals, start_s, words=self._words, alternatives=self._alternatives)

    async def _reply(self, text: str) -> None:
        async with asyncio.timeout(self._limits.idle_s):
            await self._socket.send(text)

    async def _attached(self) -> CallStream:
        if self._stream is None:
            self._reception.access.check_token(self._token())
            spec = StreamSpec("vosk_ws", channel_of(self._parameters), self._rate_hz, call_spec(self._parameters))
            self._stream = await self._reception.attach(spec, self._ears)
        return self._stream

    def _token(self) -> str:
        header = self._socket.request.headers.get("Authorization", "") if self._socket.request else ""
        return self._parameters.get("token", "") or header.removeprefix("Bearer ")

    def _configure(self, config: Any) -> None:
        """Take a config; the rate and the call count until audio comes. Raises: InputError."""
        if not isinstance(config, dict):
            raise _wrong("config：JSON 对象", type(config).__name__)
        if "model" in config:
            raise _wrong("由服务端选定的模型", "config.model")
        self._words = bool(config.get("words", self._words))
        try:
            rate_hz = int(float(config.get("sample_rate", self._rate_hz)))
            self._alternatives = int(config.get("max_alternatives", self._alternatives))
        except (TypeError, ValueError, OverflowError):
            raise _wrong("数字的 sample_rate、max_alternatives", "不是数字") from None
        if not LEAST_RATE_HZ <= rate_hz <= MOST_RATE_HZ:
            raise _wrong(f"{LEAST_RATE_HZ} 到 {MOST_RATE_HZ} 的 sample_rate", str(rate_hz))
        if self._stream is None:
            self._rate_hz = rate_hz
            self._parameters |= {key: str(config[key]) for key in KEYS if key in config}


class _Ears:
    """Collects transcripts from the call's threads for the event loop; implements `StreamListener`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.partial = ""
        self.settling = asyncio.Event()
        self._loop = loop
        self._finals: deque[Transcript] = deque()
        self._ended = asyncio.Event()

    def transcript(self, transcript: Transcript) -> None:
        """Take a transcript, in the call's thread."""
        self._tell(self._take, transcript)

    def ended(self) -> None:
        """Know that the stream has ended."""
        self._tell(self._ended.set)
        self.settled()

    def settled(self) -> None:
        """Know that all until `settle` was transcribed."""
        self._tell(self.settling.set)

    def take_finals(self) -> list[Transcript]:
        """Return the finals that were not sent yet."""
        finals = list(self._finals)
        self._finals.clear()
        return finals

    async def wait_ended(self, timeout_s: float) -> None:
        """Wait for the last words, at most so long."""
        await _wait(self._ended, timeout_s)

    async def wait_settled(self, timeout_s: float) -> None:
        """Wait for the words until `settle`, at most so long."""
        await _wait(self.settling, timeout_s)

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(callback, *arguments)

    def _take(self, transcript: Transcript) -> None:
        if not transcript.is_final:
            self.partial = transcript.text
            return
        self.partial = ""
        if transcript.text:
            self._finals.append(transcript)


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return


def _command(message: str | bytes) -> dict[str, Any] | None:
    """Return a JSON command; None for audio. Raises: InputError for other text."""
    if isinstance(message, bytes):
        return None
    if len(message) > MOST_TEXT:
        raise _wrong(f"至多 {MOST_TEXT} 个字符的文字消息", f"{len(message)} 个")
    try:
        command = json.loads(message)
    except (ValueError, RecursionError):
        command = None
    if not isinstance(command, dict):
        raise _wrong("JSON 对象", "其他文字")
    return command


def _wrong(expected: str, found: str) -> InputError:
    return InputError("WebSocket 消息不对", expected=expected, found=found, remedy="请核对客户端")


async def serve_vosk(socket: ServerConnection, reception: Reception) -> None:
    """Serve one vosk-server client. Raises: HotlineError."""
    await VoskSession(socket, reception).run()
