"""The listeners: one event loop in a thread of its own, a task a connection."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from hotline.domain.segment import Channel
from hotline.errors import CapacityError, ConfigError, HotlineError
from hotline.sources.telephony.access import Access, Limits
from hotline.sources.telephony.audiosocket import AudioSocketSession
from hotline.sources.telephony.reception import Reception, short
from hotline.sources.telephony.rtp import RtpPortRange, RtpSettings
from hotline.sources.telephony.twilio import serve_twilio
from hotline.sources.telephony.twilio_signature import TwilioSignature
from hotline.sources.telephony.vosk_ws import serve_vosk
from hotline.streams import Switchboard

log = logging.getLogger(__name__)

TWILIO_PATH = "/twilio"
VOSK_PATHS = ("/", "/vosk")
OPEN_S, CLOSE_S, PING_S = 10.0, 2.0, 20.0
TRY_AGAIN, POLICY, INTERNAL = 1013, 1008, 1011
START_S = 20.0


@dataclass(frozen=True)
class TelephonySettings:
    """What listens where. A port of None is off, 0 takes any free one (`Telephony.ports` says which)."""

    host: str
    access: Access
    limits: Limits = field(default=Limits())
    websocket_port: int | None = None
    audiosocket_port: int | None = None
    audiosocket_operator_port: int | None = None
    audiosocket_rates: Mapping[int, int] = field(default_factory=dict)
    rtp: RtpSettings | None = None
    twilio: TwilioSignature = field(default=TwilioSignature(()))
    tls: ssl.SSLContext | None = None
    """For the WebSockets; Asterisk's AudioSocket has no TLS."""


def tls_context(certificate: str, key: str) -> ssl.SSLContext | None:
    """Return the context of a certificate chain and key (PEM files); None when neither is given. Raises: ConfigError."""
    if not certificate and not key:
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(Path(certificate), Path(key) if key else None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            "证书无法使用",
            expected="PEM 格式的证书和私钥",
            found=type(error).__name__,
            remedy="改正 HOTLINE_TELEPHONY_TLS_CERT、HOTLINE_TELEPHONY_TLS_KEY",
        ) from None
    return context


class Telephony:
    """Starts and stops the listeners."""

    def __init__(self, board: Switchboard, settings: TelephonySettings) -> None:
        """Listen at once. Raises: ConfigError when a port cannot be had."""
        self.ports: dict[str, int] = {}
        self._settings = settings
        self._reception = Reception(board, settings.access, settings.limits)
        self._loop = asyncio.new_event_loop()
        self._servers: list[Server | asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="telephony", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(START_S)
        except OSError as error:
            self.close()
            raise ConfigError(
                "电话接入端口无法使用", expected="空闲的端口", found=f"errno {error.errno}", remedy="更换端口设置"
            ) from None
        self.rtp = RtpPortRange(self._reception, settings.rtp, self._loop) if settings.rtp else None

    def streams(self) -> int:
        """Return how many streams are attached through these listeners."""
        return self._reception.streams

    def close(self) -> None:
        """Stop listening, let go of all peers, and wait for the loop."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(START_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._reception.close()

    async def _listen(self) -> None:
        settings = self._settings
        if settings.websocket_port is not None:
            server = await serve(
                self._websocket,
                settings.host,
                settings.websocket_port,
                ssl=settings.tls,
                process_request=self._admit,
                max_size=settings.limits.message_bytes,
                max_queue=4,
                compression=None,
                open_timeout=OPEN_S,
                close_timeout=CLOSE_S,
                ping_interval=PING_S,
                ping_timeout=settings.limits.idle_s,
            )
            self._note("websocket", server)
        for name, port, channel in (
            ("audiosocket", settings.audiosocket_port, Channel.CALLER),
            ("audiosocket_operator", settings.audiosocket_operator_port, Channel.OPERATOR),
        ):
            if port is not None:
                handler = partial(self._audiosocket, channel.value)
                self._note(name, await asyncio.start_server(handler, settings.host, port))

    def _note(self, name: str, server: Server | asyncio.Server) -> None:
        self._servers.append(server)
        self.ports[name] = next(iter(server.sockets)).getsockname()[1]
        log.info("listening for %s on port %d", name, self.ports[name])

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        """Refuse strangers, unknown paths and too many before the connection is upgraded."""
        if not self._reception.access.admits(_address(socket.remote_address)):
            return socket.respond(HTTPStatus.FORBIDDEN, "address not allowed\n")
        if self._reception.full:
            return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many streams\n")
        path = urlsplit(request.path).path
        if path not in (*VOSK_PATHS, TWILIO_PATH):
            return socket.respond(HTTPStatus.NOT_FOUND, "no such path\n")
        signature = self._settings.twilio
        if path == TWILIO_PATH and signature.secrets and not signature.admits(request.headers, request.path):
            return socket.respond(HTTPStatus.FORBIDDEN, "not signed by Twilio\n")
        return None

    async def _websocket(self, socket: ServerConnection) -> None:
        path = urlsplit(socket.request.path).path if socket.request else "/"
        signed = bool(self._settings.twilio.secrets)
        if path == TWILIO_PATH:
            code, reason = await self._guarded(lambda: serve_twilio(socket, self._reception, signed=signed))
        else:
            code, reason = await self._guarded(lambda: serve_vosk(socket, self._reception))
        await socket.close(code, reason)

    async def _audiosocket(self, channel: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._reception.access.admits(_address(writer.get_extra_info("peername"))):
                session = AudioSocketSession(reader, self._reception, channel, self._settings.audiosocket_rates)
                await self._guarded(session.run)
        finally:
            writer.close()

    async def _guarded(self, run: Callable[[], Awaitable[None]]) -> tuple[int, str]:
        """Run a session; return the WebSocket close code that says how it ended."""
        try:
            await run()
        except CapacityError as error:
            return TRY_AGAIN, short(error)
        except HotlineError as error:
            log.warning("peer refused", extra={"error": type(error).__name__, "found": error.found})
            return POLICY, short(error)
        except Exception as error:  # one peer must never take another down
            log.error("telephone stream failed", extra={"error": type(error).__name__})
            return INTERNAL, ""
        return 1000, ""


def _address(peer: object) -> str:
    return str(peer[0]) if isinstance(peer, tuple) and peer else ""
