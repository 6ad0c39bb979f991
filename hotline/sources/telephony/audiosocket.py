"""Asterisk's AudioSocket: TCP, messages of one byte type, two bytes big-endian length, payload.

Source: docs.asterisk.org, Configuration/Channel-Drivers/AudioSocket. The protocol has no credentials: who may
connect is the allow-list's matter. The UUID is the call's external id, so two sockets with the same UUID, one on the
caller's port and one on the operator's, are one call. DTMF digits are not kept: callers type card numbers and PINs.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping

from hotline.errors import ConfigError, HotlineError, InputError
from hotline.sources.telephony.access import Limits, Meter
from hotline.sources.telephony.reception import Reception
from hotline.streams import CallSpec, CallStream, StreamSpec

HANGUP, UUID, DTMF, ERROR = 0x00, 0x01, 0x03, 0xFF
HEADER_BYTES = 3
UUID_BYTES = 16
UUID_WITHIN_S = 5.0
MESSAGES_PER_S = 500


def parse_rates(text: str) -> dict[int, int]:
    """Read a table like `0x10=8000,0x12=16000`: message type to sample rate. Raises: ConfigError."""
    try:
        pairs = [part.split("=") for part in text.split(",") if part.strip()]
        table = {int(kind, 0): int(rate) for kind, rate in pairs}
    except ValueError:
        table = {}
    if not table or not all(0 < kind < ERROR and kind not in (UUID, DTMF) and rate > 0 for kind, rate in table.items()):
        raise ConfigError(
            "AudioSocket 类型表写错了",
            expected="如 0x10=8000,0x12=16000",
            found=text[:60],
            remedy="改正 HOTLINE_AUDIOSOCKET_RATES",
        )
    return table


class AudioSocketSession:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, reception: Reception, channel: str, rates: Mapping[int, int]
    ) -> None:
        self._reader = reader
        self._reception = reception
        self._channel = channel
        self._rates = rates
        self._meter = Meter(reception.limits)
        self._messages = Meter(Limits(live_factor=1.0, burst_s=2.0, total_s=reception.limits.total_s))
        self._external_id = ""
        self._stream: CallStream | None = None
        self._kind = 0

    async def run(self) -> None:
        """Serve until hang-up, or until the peer goes or does wrong. Raises: HotlineError."""
        note = ""
        try:
            await self._identify()
            while True:
                async with asyncio.timeout(self._reception.limits.idle_s):
                    kind, payload = await self._message()
                if kind == HANGUP:
                    return
                if kind == ERROR:
                    note = f"电话系统报告音频出错（代码 {payload[:1].hex() or '无'}）"
                    return
                if kind in self._rates:
                    await self._hear(kind, payload)
                elif kind == UUID:
                    raise _wrong("一次 UUID", "重复的 UUID")
                if self._stream and not self._stream.live():
                    return
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            return
        except HotlineError as error:
            note = str(error)
            raise
        finally:
            if self._stream:
                await self._reception.finish(self._stream, note)

    async def _message(self) -> tuple[int, bytes]:
        header = await self._reader.readexactly(HEADER_BYTES)
        payload = await self._reader.readexactly(int.from_bytes(header[1:], "big"))
        self._messages.take(1 / MESSAGES_PER_S)
        return header[0], payload

    async def _identify(self) -> None:
        """Wait for the UUID, which must come first."""
        async with asyncio.timeout(UUID_WITHIN_S):
            kind, payload = await self._message()
        if kind != UUID or len(payload) != UUID_BYTES:
            raise _wrong("先有 16 字节的 UUID", f"类型 0x{kind:02x}，{len(payload)} 字节")
        self._external_id = str(uuid.UUID(bytes=payload))

    async def _hear(self, kind: int, payload: bytes) -> None:
        rate_hz, arrival_s = self._rates[kind], time.monotonic()
        self._meter.take(len(payload) / 2 / rate_hz)
        if self._stream is None:
            spec = StreamSpec("audiosocket", self._channel, rate_hz, CallSpec(self._external_id))
            self._stream, self._kind = await self._reception.attach(spec), kind
        if kind != self._kind:
            raise _wrong(f"同一采样率（类型 0x{self._kind:02x}）", f"类型 0x{kind:02x}")
        self._stream.push(payload, arrival_s)


def _wrong(expected: str, found: str) -> InputError:
    return InputError("AudioSocket 消息不对", expected=expected, found=found, remedy="请核对对端设置")
