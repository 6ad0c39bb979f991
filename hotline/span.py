"""Mirrored RTP, live from tcpdump or out of a file, into a console as calls: what `python -m hotline span` does."""

from __future__ import annotations

import argparse
import logging
import queue
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import httpx

from hotline.config import Config
from hotline.domain.segment import Channel
from hotline.errors import GatewayError, InputError
from hotline.sources.telephony.access import Access
from hotline.sources.telephony.capture import UdpPacket, read_capture
from hotline.sources.telephony.codecs import parse_payloads
from hotline.sources.telephony.span import OpenedCall, Splitter

log = logging.getLogger(__name__)

LOOK_S = 0.25
MOST_QUEUED = 20_000
"""Packets between the reader of the capture and the splitter."""
ANSWER_S = 20.0
THREADS = 4


class ConsoleDesk:
    """Implements `hotline.sources.telephony.span.Desk` by the CTI API."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._client = httpx.Client(base_url=f"{url}/api/cti/v1", headers=headers, timeout=ANSWER_S, trust_env=False)

    def open(self, external_id: str) -> OpenedCall:
        """Open a call with an RTP port for either side. Raises: GatewayError."""
        call_id = str(self._post("/calls", {"external_id": external_id})["id"])
        sides = {}
        for channel in Channel:
            answer = self._post(f"/calls/{call_id}/streams", {"protocol": "rtp", "channel": channel.value})
            address = urlsplit(str(answer["address"]))
            sides[channel.value] = (address.hostname or "", address.port or 0)
        return OpenedCall(call_id, sides)

    def end(self, call_id: str) -> None:
        """End a call; one that has ended already is left alone. Raises: GatewayError."""
        self._post(f"/calls/{call_id}/end", None, accepted=(409,))

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _post(self, path: str, body: dict[str, str] | None, accepted: tuple[int, ...] = ()) -> dict[str, Any]:
        try:
            answer = self._client.post(path, json=body) if body is not None else self._client.post(path)
        except httpx.HTTPError as error:
            raise _unanswered(type(error).__name__) from None
        if answer.is_error and answer.status_code not in accepted:
            raise _unanswered(f"HTTP {answer.status_code}")
        found = answer.json()
        return found if isinstance(found, dict) else {}


def _unanswered(found: str) -> GatewayError:
    return GatewayError(
        "坐席台没有接受通话",
        expected="CTI 接口的正常应答",
        found=found,
        remedy="请核对地址、密钥权限和 HOTLINE_RTP_PORTS",
    )


def run(arguments: argparse.Namespace) -> int:
    """Split a capture to its end. Raises: ConfigError, InputError."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    operators = Access.parse(arguments.operators, "").networks
    payload_types = parse_payloads(Config()["rtp_payloads"])
    with ExitStack() as stack:
        live = arguments.capture == "-"
        file = sys.stdin.buffer if live else stack.enter_context(_opened(Path(arguments.capture)))
        desk = ConsoleDesk(arguments.console.rstrip("/"), _key(arguments.key_file))
        stack.callback(desk.close)
        sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        threads = stack.enter_context(ThreadPoolExecutor(THREADS, "span"))
        splitter = Splitter(desk, operators, payload_types, sender.sendto, threads, arguments.quiet_s)
        stack.callback(splitter.close)
        for packet in _packets(read_capture(file), live=live):
            if packet:
                splitter.take(packet)
            else:
                splitter.look_after()
        _wait_for_last_packets(splitter, arguments.quiet_s)
    log.info("%d calls", splitter.calls)
    return 0


def _packets(capture: Iterator[UdpPacket], *, live: bool) -> Iterator[UdpPacket | None]:
    """Yield packets as they come, or at the speed at which they were captured, and None every `LOOK_S`."""
    waiting: queue.Queue[UdpPacket | Exception | None] = queue.Queue(MOST_QUEUED)

    def read() -> None:
        shift_s: float | None = None
        try:
            for packet in capture:
                if shift_s is None:
                    shift_s = time.time() - packet.seen_s
                if not live:
                    time.sleep(max(0.0, packet.seen_s + shift_s - time.time()))
                waiting.put(packet)
            waiting.put(None)
        except Exception as error:  # the main thread reports it
            waiting.put(error)

    threading.Thread(target=read, name="capture", daemon=True).start()
    look_s = time.monotonic() + LOOK_S
    while True:
        try:
            item = waiting.get(timeout=max(0.0, look_s - time.monotonic()))
        except queue.Empty:
            item = None
        else:
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item
        if time.monotonic() >= look_s:
            look_s = time.monotonic() + LOOK_S
            yield None


def _wait_for_last_packets(splitter: Splitter, quiet_s: float) -> None:
    """Let calls that are being opened take what waits for them."""
    deadline_s = time.monotonic() + quiet_s + LOOK_S
    while splitter.busy and time.monotonic() < deadline_s:
        splitter.look_after()
        time.sleep(LOOK_S)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(
            "抓包文件打不开", expected="可读的 pcap 文件", found=error.strerror or "", remedy="请核对路径"
        ) from None


def _key(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "密钥文件打不开",
            expected="含一个 hk_ 密钥的文件",
            found=path.name,
            remedy="python -m hotline api-key create",
        ) from None
