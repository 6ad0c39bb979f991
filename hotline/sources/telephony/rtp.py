"""RTP receivers on UDP ports of a range, one port a stream: ARI externalMedia, SIPREC, ffmpeg. RTCP is not needed."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from hotline.errors import CapacityError, ConfigError, HotlineError, InputError
from hotline.sources.telephony.access import Meter
from hotline.sources.telephony.codecs import Payload
from hotline.sources.telephony.reception import Reception
from hotline.sources.telephony.rtp_packet import RtpPacket, parse_rtp
from hotline.sources.telephony.rtp_stream import RtpAudio
from hotline.sources.telephony.udp import UdpPort
from hotline.streams import CallSpec, StreamSpec

log = logging.getLogger(__name__)

LOOK_S = 0.1
"""How often a stream is looked at: whether its call goes on, and whether something waits behind a hole."""
PACKET_S = 0.02
"""What a packet of unknown kind counts for."""
MOST_EARLY = 500
"""Packets kept while the call is being opened: ten seconds, as a call may have waiting later."""
MOST_KNOWN = 100
"""Senders' addresses that are remembered as allowed or not."""
OPEN_S = 10.0


@dataclass(frozen=True)
class RtpSettings:
    """Where and how RTP is received."""

    host: str
    ports: range
    """Even ports of the range are used."""
    payloads: Mapping[int, Payload]
    hold_s: float = 0.1
    wait_s: float = 300.0
    """How long a port waits for its first packet."""


def parse_ports(text: str) -> range:
    """Read `30000-30199`; empty is none. Raises: ConfigError."""
    if not text:
        return range(0)
    first, _, last = text.partition("-")
    if not (first.isdigit() and last.isdigit() and 0 < int(first) <= int(last) < 65536):
        raise ConfigError(
            "RTP 端口范围写错了", expected="如 30000-30199", found=text[:40], remedy="改正 HOTLINE_RTP_PORTS"
        )
    return range((int(first) + 1) // 2 * 2, int(last) + 1, 2)


class RtpReceiver:
    """One port."""

    def __init__(self, reception: Reception, settings: RtpSettings, call: CallSpec, channel: str) -> None:
        self._reception = reception
        self._settings = settings
        self._call = call
        self._channel = channel
        self._meter = Meter(reception.limits)
        self._audio: RtpAudio | None = None
        self._early: list[RtpPacket] = []
        self._heard = asyncio.Event()
        self._last_s = time.monotonic()
        self._admitted: dict[str, bool] = {}
        self._error: HotlineError | None = None

    def take(self, data: bytes, address: str, arrival_s: float) -> None:
        """Take one datagram; what is not RTP from an allowed address is dropped."""
        if not self._allowed(address):
            return
        packet = parse_rtp(data, arrival_s)
        if packet is None or self._error:
            return
        meaning = self._settings.payloads.get(packet.payload_type)
        try:
            self._meter.take(len(packet.payload) / meaning.bytes_per_s if meaning else PACKET_S)
        except InputError as error:
            self._error = error
            return
        self._last_s = arrival_s
        if self._audio:
            self._audio.take(packet)
        elif len(self._early) < MOST_EARLY and meaning:
            self._early.append(packet)
            self._heard.set()

    async def run(self, port: UdpPort) -> None:
        """Serve the port until the call ends, the peer falls silent or does wrong."""
        async with asyncio.timeout(self._settings.wait_s):
            await self._heard.wait()
        rate_hz = self._settings.payloads[self._early[0].payload_type].rate_hz
        spec = StreamSpec("rtp", self._channel, rate_hz, self._call, timed=True)
        stream = await self._reception.attach(spec)
        audio = RtpAudio(stream, self._settings.payloads, rate_hz, self._settings.hold_s)
        try:
            for packet in self._early:
                audio.take(packet)
            self._early.clear()
            self._audio = audio
            while stream.live() and not self._error and self._quiet_s() < self._reception.limits.idle_s:
                await asyncio.sleep(LOOK_S)
                # What waits in the socket comes first: it may be what the hole is waiting for.
                if audio.buffer.deadline_s() is not None and port.read():
                    audio.tick(time.monotonic())
        finally:
            audio.flush()
            await self._reception.finish(stream, str(self._error) if self._error else audio.summary())

    def _quiet_s(self) -> float:
        return time.monotonic() - self._last_s

    def _allowed(self, address: str) -> bool:
        known = self._admitted.get(address)
        if known is None:
            if len(self._admitted) > MOST_KNOWN:
                self._admitted.clear()
            known = self._admitted[address] = self._reception.access.admits(address)
        return known


class RtpPortRange:
    """Implements `hotline.streams.RtpPorts` on the telephony loop; `open` may be called from any thread but its own."""

    def __init__(self, reception: Reception, settings: RtpSettings, loop: asyncio.AbstractEventLoop) -> None:
        self._reception = reception
        self._settings = settings
        self._loop = loop
        self._used: dict[int, asyncio.Task[None]] = {}
        self._asked: dict[tuple[CallSpec, str], int] = {}
        self._next = 0
        self._lock = threading.Lock()

    def open(self, spec: CallSpec, channel: str) -> int:
        """Listen for one channel of a call and return the port, the same when asked again. Raises: CapacityError."""
        with self._lock:
            return asyncio.run_coroutine_threadsafe(self._open(spec, channel), self._loop).result(OPEN_S)

    async def _open(self, spec: CallSpec, channel: str) -> int:
        ports = self._settings.ports
        self._asked = {asked: port for asked, port in self._asked.items() if port in self._used}
        if (spec, channel) in self._asked:
            return self._asked[spec, channel]
        for offset in range(len(ports)):
            port = ports[(self._next + offset) % len(ports)]
            if port in self._used:
                continue
            receiver = RtpReceiver(self._reception, self._settings, spec, channel)
            try:
                socket = UdpPort(self._loop, self._settings.host, port, receiver.take)
            except OSError:
                continue
            self._next = (self._next + offset + 1) % len(ports)
            self._asked[spec, channel] = port
            self._used[port] = self._loop.create_task(self._serve(port, receiver, socket))
            return port
        raise CapacityError(
            "没有空闲的 RTP 端口", expected=f"{len(ports)} 个端口内", found="已用完", remedy="扩大 HOTLINE_RTP_PORTS"
        )

    async def _serve(self, port: int, receiver: RtpReceiver, socket: UdpPort) -> None:
        try:
            await receiver.run(socket)
        except TimeoutError:
            log.info("no RTP came", extra={"port": port})
        except Exception as error:  # one stream must never take another down
            log.warning("RTP stream failed", extra={"port": port, "error": type(error).__name__})
        finally:
            socket.close()
            self._used.pop(port, None)
