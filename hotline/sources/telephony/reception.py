"""What all protocols share: how a connection in the event loop gets its stream, and how much it may do."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from hotline.domain.segment import Channel
from hotline.errors import CapacityError, HotlineError
from hotline.sources.telephony.access import Access, Limits
from hotline.streams import CallSpec, CallStream, StreamListener, StreamSpec, Switchboard

log = logging.getLogger(__name__)

ATTACH_THREADS = 8
LEAST_RATE_HZ, MOST_RATE_HZ = 4000, 192000


class Reception:
    """Admits streams. Opening and ending a stream touch the database, so they run beside the event loop."""

    def __init__(self, board: Switchboard, access: Access, limits: Limits) -> None:
        self.access = access
        self.limits = limits
        self._board = board
        self._threads = ThreadPoolExecutor(ATTACH_THREADS, "telephony")
        self.streams = 0
        """Attached now."""

    @property
    def full(self) -> bool:
        """Whether another stream would be too many."""
        return self.streams >= self.limits.streams

    async def attach(self, spec: StreamSpec, listener: StreamListener | None = None) -> CallStream:
        """Join a stream to its call. Raises: CapacityError, InputError, NotFoundError."""
        if self.full:
            raise CapacityError(
                "同时接入的音频流已满",
                expected=f"不超过 {self.limits.streams} 路",
                found="已达上限",
                remedy="请稍后再试",
            )
        self.streams += 1
        try:
            stream: CallStream = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._board.attach, spec, listener
            )
        except BaseException:
            self.streams -= 1
            raise
        log.info("stream attached", extra={"protocol": spec.protocol, "call_id": stream.call_id})
        return stream

    async def finish(self, stream: CallStream, note: str = "") -> None:
        """End a stream, once; the call ends with its last one."""
        self.streams -= 1
        await asyncio.get_running_loop().run_in_executor(self._threads, stream.finish, note)

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown()


def call_spec(parameters: dict[str, str], external_id: str = "") -> CallSpec:
    """Read the parameters that a peer may give: `call`, `call_id`, `caller`, `operator`."""
    return CallSpec(
        external_id=parameters.get("call", "") or external_id,
        call_id=parameters.get("call_id", ""),
        caller_number=parameters.get("caller", ""),
        operator=parameters.get("operator", ""),
    )


def channel_of(parameters: dict[str, str]) -> str:
    """Return the `channel` parameter; the caller is who is heard by default."""
    return parameters.get("channel", "") or Channel.CALLER.value


def short(error: HotlineError | str, most_bytes: int = 120) -> str:
    """Return a message that fits a WebSocket's close frame."""
    return str(error).encode()[:most_bytes].decode(errors="ignore")
