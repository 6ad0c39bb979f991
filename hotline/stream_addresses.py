"""Where a telephone system may send the audio of a call that it opened by the API."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from hotline.domain.call import Call, CallState
from hotline.domain.segment import Channel
from hotline.errors import StateError
from hotline.hub import Hub
from hotline.streams import CallSpec

ANY_ADDRESS = ("0.0.0.0", "::", "")
Address = tuple[str, dict[str, str]]
"""An address, and what must be said on the connection."""


def address_of(hub: Hub, call_id: str, protocol: str, channel: str, asked_host: str) -> Address:
    """Return where one channel of a live call may be sent; `asked_host` is where the API was found.

    Raises: NotFoundError, StateError when the call has ended or the protocol is off, CapacityError.
    """
    with hub.store.transaction() as uow:
        call = uow.call(call_id)
    if call.state is not CallState.LIVE:
        raise StateError("通话已经结束", expected=CallState.LIVE, found=call.state, remedy="请新建通话")
    return MAKERS[protocol](hub, call, channel, _host(hub, asked_host))


def _host(hub: Hub, asked_host: str) -> str:
    """Return the host that peers should use: as configured, where we listen, or where they asked."""
    public, listening = urlsplit(hub.config["public_url"]).hostname, hub.config["telephony_host"]
    found = public or (asked_host if listening in ANY_ADDRESS else listening)
    return f"[{found}]" if ":" in found and not found.startswith("[") else found


def _vosk(hub: Hub, call: Call, channel: str, host: str) -> Address:
    said = _said(hub, call, channel)
    return f"{_websocket(hub, host)}/vosk?{urlencode(said)}", said


def _twilio(hub: Hub, call: Call, channel: str, host: str) -> Address:
    said = _said(hub, call, channel)
    del said["channel"]  # Twilio's tracks say it: inbound is the caller, outbound the operator
    return f"{_websocket(hub, host)}/twilio", said


def _audiosocket(hub: Hub, call: Call, channel: str, host: str) -> Address:
    name = "audiosocket_operator" if channel == Channel.OPERATOR else "audiosocket"
    return f"tcp://{host}:{_port(hub, name)}", {"uuid": call.id}


def _rtp(hub: Hub, call: Call, channel: str, host: str) -> Address:
    if hub.rtp is None:
        raise _off("rtp")
    return f"udp://{host}:{hub.rtp.open(CallSpec(call_id=call.id), channel)}", {}


def _said(hub: Hub, call: Call, channel: str) -> dict[str, str]:
    token = hub.config["telephony_tokens"].split(",")[0].strip()
    return {"call_id": call.id, "channel": channel, **({"token": token} if token else {})}


def _websocket(hub: Hub, host: str) -> str:
    scheme = "wss" if hub.config["telephony_tls_cert"] else "ws"
    return f"{scheme}://{host}:{_port(hub, 'websocket')}"


def _port(hub: Hub, name: str) -> int:
    port = hub.telephony.ports.get(name) if hub.telephony else None
    if port is None:
        raise _off(name)
    return port


def _off(name: str) -> StateError:
    return StateError("该协议未启用", expected="已启用的协议", found=name, remedy="见 docs/telephony.md 的端口设置")


MAKERS: dict[str, Callable[[Hub, Call, str, str], Address]] = {
    "vosk_ws": _vosk,
    "twilio": _twilio,
    "audiosocket": _audiosocket,
    "rtp": _rtp,
}
