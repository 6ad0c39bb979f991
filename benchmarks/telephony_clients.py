"""The clients of `benchmarks.telephony_load`: each stream sends the sample call's voices at real speed."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import struct
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import av
import httpx
import numpy as np
from websockets.asyncio.client import connect

from hotline.demo import DEMO_PASSWORD
from hotline.sample import SAMPLE_CALL

RATE_HZ = 8000
SPREAD_S = 2.0
"""Streams begin spread over so long."""


def sides() -> tuple[np.ndarray, np.ndarray]:
    """Return the sample call's operator and caller as 16-bit samples."""
    with av.open(str(SAMPLE_CALL)) as container:
        pcm = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in container.decode(audio=0)])
    return pcm[:, 0], pcm[:, 1]


def encoded(samples: np.ndarray) -> np.ndarray:
    """Return samples as mu-law."""
    encoder = av.CodecContext.create("pcm_mulaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE_HZ, "mono", "s16"  # type: ignore[attr-defined]
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = RATE_HZ
    law = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])  # type: ignore[attr-defined]
    return np.frombuffer(law, np.uint8)


def voices() -> tuple[np.ndarray, np.ndarray]:
    """Return both sides in one channel, as 16-bit samples and as mu-law."""
    mixed = np.add(*(side.astype(np.int32) for side in sides())).clip(-32000, 32000).astype("<i2")
    return mixed, encoded(mixed)


class Streams:
    """All streams of one run."""

    def __init__(self, ports: dict[str, Any], seconds: float, block_ms: int) -> None:
        self.ports = ports
        self.samples = RATE_HZ * block_ms // 1000
        self.blocks = int(seconds * 1000 / block_ms)
        self.block_s = block_ms / 1000
        self.pcm, self.law = voices()
        self.sent: dict[int, list[float]] = {}
        self.replies: list[float] = []

    async def pace(self, stream: int, send: Callable[[int, int], Awaitable[None]]) -> None:
        """Send every block when its last sample would have been spoken."""
        moments = self.sent.setdefault(stream, [])
        await asyncio.sleep(SPREAD_S * (stream % 25) / 25)
        began_s = time.monotonic()
        for index in range(self.blocks):
            await asyncio.sleep(max(0.0, began_s + (index + 1) * self.block_s - time.monotonic()))
            start = (stream * 31000 + index * self.samples) % (len(self.pcm) - self.samples)
            moments.append(time.monotonic())
            await send(index, start)

    def pcm_block(self, start: int) -> bytes:
        """Return a block of 16-bit samples."""
        return bytes(self.pcm[start : start + self.samples].tobytes())

    def law_block(self, start: int) -> bytes:
        """Return a block of mu-law."""
        return bytes(self.law[start : start + self.samples].tobytes())


def call_id(stream: int) -> uuid.UUID:
    """The external id that the server expects: two streams are the sides of one call."""
    return uuid.UUID(f"00000000-0000-4000-8000-{stream // 2:012d}")


def channel(stream: int) -> str:
    """The side that a stream carries."""
    return "operator" if stream % 2 else "caller"


async def vosk(streams: Streams, stream: int) -> None:
    """vosk-server's protocol: a reply to every block."""
    address = f"ws://127.0.0.1:{streams.ports['websocket']}/?call={call_id(stream)}&channel={channel(stream)}"
    async with connect(address, proxy=None, compression=None) as socket_:
        waiting: asyncio.Queue[float] = asyncio.Queue()

        async def listen() -> None:
            async for _ in socket_:
                streams.replies.append(time.monotonic() - waiting.get_nowait())

        async def send(_: int, start: int) -> None:
            waiting.put_nowait(time.monotonic())
            await socket_.send(streams.pcm_block(start))

        listener = asyncio.create_task(listen())
        await streams.pace(stream, send)
        await asyncio.sleep(2)
        listener.cancel()


async def audiosocket(streams: Streams, stream: int) -> None:
    """Asterisk's framing."""
    port = streams.ports["audiosocket_operator" if stream % 2 else "audiosocket"]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(struct.pack("!BH", 1, 16) + call_id(stream).bytes)

    async def send(_: int, start: int) -> None:
        block = streams.pcm_block(start)
        writer.write(struct.pack("!BH", 0x10, len(block)) + block)

    await streams.pace(stream, send)
    writer.write(b"\0\0\0")
    await writer.drain()
    writer.close()


async def twilio(streams: Streams, stream: int) -> None:
    """Twilio's messages: both tracks of a call on one connection."""
    if stream % 2:
        return
    address = f"ws://127.0.0.1:{streams.ports['websocket']}/twilio"
    async with connect(address, proxy=None, compression=None) as socket_:
        start_message = {"event": "start", "start": {"callSid": str(call_id(stream)), "customParameters": {}}}
        await socket_.send(json.dumps(start_message))

        async def send(track: str, index: int, start: int) -> None:
            media = {
                "track": track,
                "chunk": str(index + 1),
                "timestamp": str(index * 20),
                "payload": base64.b64encode(streams.law_block(start)).decode(),
            }
            await socket_.send(json.dumps({"event": "media", "media": media}))

        tracks = (streams.pace(stream + n, partial(send, track)) for n, track in enumerate(("inbound", "outbound")))
        await asyncio.gather(*tracks)
        await socket_.send('{"event": "stop"}')


async def rtp(streams: Streams, stream: int) -> None:
    """PCMU packets."""
    port = streams.ports["rtp"][stream]
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    async def send(index: int, start: int) -> None:
        header = struct.pack("!BBHII", 0x80, 0, index % 65536, index * streams.samples, stream)
        sender.sendto(header + streams.law_block(start), ("127.0.0.1", port))

    await streams.pace(stream, send)
    sender.close()


async def browser(streams: Streams, stream: int) -> None:
    """The console's microphone page: numbered 20 ms frames at 16 kHz."""
    host = f"127.0.0.1:{streams.ports['console']}"
    address = f"ws://{host}/api/v1/calls/{streams.ports['calls'][stream // 2]}/microphone"
    headers = {"Cookie": streams.ports["cookie"]}
    origin = f"http://{host}"
    async with connect(address, origin=origin, additional_headers=headers, proxy=None, compression=None) as socket_:
        start_message = {
            "type": "start",
            "csrf_token": streams.ports["csrf"],
            "channel": channel(stream),
            "rate_hz": 16000,
        }
        await socket_.send(json.dumps({**start_message, "session": f"benchmark-{stream}"}))

        async def listen() -> None:
            async for _ in socket_:
                pass

        async def send(index: int, start: int) -> None:
            samples = np.repeat(streams.pcm[start : start + streams.samples], 2)
            await socket_.send(struct.pack("<I", index) + samples.tobytes())

        listener = asyncio.create_task(listen())
        await streams.pace(stream, send)
        await asyncio.sleep(2)
        await socket_.send('{"type": "stop"}')
        await asyncio.sleep(1)
        listener.cancel()


def log_in(ports: dict[str, Any]) -> dict[str, Any]:
    """Add the cookie and the page's token of a demo operator, where there is a console."""
    if "console" not in ports:
        return ports
    with httpx.Client(base_url=f"http://127.0.0.1:{ports['console']}", trust_env=False) as client:
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
        assert token
        form = {"username": "operator", "password": DEMO_PASSWORD, "csrf_token": token[1]}
        client.post("/login", data=form)
        page = re.search(r'"csrf_token": ?"([^"]+)"', client.get("/calls").text)
        assert page
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return {**ports, "csrf": page[1], "cookie": cookie}


PROTOCOLS = {"vosk": vosk, "audiosocket": audiosocket, "twilio": twilio, "rtp": rtp, "browser": browser}


async def main() -> None:
    """Run all streams and write when each block was sent."""
    protocol, ports, out, count, seconds, block_ms = sys.argv[1:]
    streams = Streams(log_in(json.loads(ports)), float(seconds), int(block_ms))
    await asyncio.gather(*(PROTOCOLS[protocol](streams, stream) for stream in range(int(count))))
    moments: dict[str, Any] = {f"sent_{stream}": np.array(sent) for stream, sent in streams.sent.items()}
    np.savez(out, replies=np.array(streams.replies), **moments)


if __name__ == "__main__":
    asyncio.run(main())
