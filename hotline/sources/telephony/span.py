"""Mirrored RTP split into calls: both directions at an operator's address and port are one conversation.

Phones send from the port that they listen on (symmetric RTP, RFC 4961), so what goes to an operator's port is the
caller's voice and what comes from it is the operator's. Packets are passed on as they are; order, loss and codecs are
the receiver's business.
"""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Protocol

from hotline.domain.segment import Channel
from hotline.errors import HotlineError
from hotline.sources.telephony.access import Network
from hotline.sources.telephony.capture import UdpPacket
from hotline.sources.telephony.rtp_packet import SEQ_MODULUS, forward, parse_rtp

log = logging.getLogger(__name__)

SURE_AFTER = 5
"""Packets of one source in near order that make a flow a voice: other UDP looks like RTP now and then."""
NEAR_SEQ = 20
MOST_WAITING = 1000
"""Packets kept while the console opens the call: ten seconds of both sides."""

Address = tuple[str, int]


@dataclass(frozen=True)
class OpenedCall:
    """A call of the console and where its sides may be sent."""

    call_id: str
    sides: dict[str, Address]


class Desk(Protocol):
    """The console. Both may take long and raise a HotlineError; they are called from the splitter's threads."""

    def open(self, external_id: str) -> OpenedCall:
        """Open a call with a receiver for either side."""

    def end(self, call_id: str) -> None:
        """End it."""


@dataclass
class _Flow:
    ssrc: int = 0
    seq: int = 0
    in_order: int = 0

    def sure(self, ssrc: int, seq: int) -> bool:
        """Note a packet; return whether the flow is a voice."""
        near = ssrc == self.ssrc and abs(forward(seq, self.seq, SEQ_MODULUS)) <= NEAR_SEQ
        self.in_order = self.in_order + 1 if near else 1
        self.ssrc, self.seq = ssrc, seq
        return self.in_order >= SURE_AFTER


@dataclass
class _Conversation:
    external_id: str
    heard_s: float
    flows: dict[str, _Flow] = field(default_factory=dict)
    waiting: list[tuple[str, bytes]] = field(default_factory=list)
    opening: Future[OpenedCall] | None = None
    opened: OpenedCall | None = None
    refused: bool = False


class Splitter:
    """Takes packets, opens and ends calls, passes voices on. `take` and `look_after` belong to one thread."""

    def __init__(
        self,
        desk: Desk,
        operators: Iterable[Network],
        payload_types: Collection[int],
        send: Callable[[bytes, Address], object],
        threads: Executor,
        quiet_s: float = 10.0,
    ) -> None:
        """`operators` are the networks of the operators' phones; a call ends after `quiet_s` without a packet."""
        self.calls = 0
        self._desk = desk
        self._operators = tuple(operators)
        self._payload_types = payload_types
        self._send = send
        self._threads = threads
        self._quiet_s = quiet_s
        self._conversations: dict[Address, _Conversation] = {}
        self._known: dict[str, bool] = {}

    @property
    def busy(self) -> bool:
        """Whether a conversation goes on."""
        return bool(self._conversations)

    def take(self, packet: UdpPacket) -> None:
        """Take a packet of the mirror; what is no voice of one operator and one other is passed over."""
        sends, receives = self._is_operator(packet.source), self._is_operator(packet.target)
        rtp = parse_rtp(packet.payload, 0.0) if sends != receives else None
        if rtp is None or rtp.payload_type not in self._payload_types:
            return
        channel = (Channel.OPERATOR if sends else Channel.CALLER).value
        here = (packet.source, packet.source_port) if sends else (packet.target, packet.target_port)
        talk = self._conversations.get(here)
        if talk is None:
            external_id = f"span-{here[0]}-{here[1]}-{packet.seen_s:.3f}"
            talk = self._conversations[here] = _Conversation(external_id, time.monotonic())
        sure = talk.flows.setdefault(channel, _Flow()).sure(rtp.ssrc, rtp.seq)
        talk.heard_s = time.monotonic()
        if sure and talk.opening is None:
            talk.opening = self._threads.submit(self._desk.open, talk.external_id)
        if not talk.refused:
            self._pass_on(talk, channel, packet.payload)

    def look_after(self) -> None:
        """Pass on what waited for an opened call, and end calls that fell silent; called now and then."""
        now_s = time.monotonic()
        for here, talk in list(self._conversations.items()):
            self._is_open(talk)
            if now_s - talk.heard_s > self._quiet_s:
                del self._conversations[here]
                self._end(talk)

    def close(self) -> None:
        """End all calls."""
        for talk in self._conversations.values():
            self._end(talk)
        self._conversations.clear()

    def _is_operator(self, address: str) -> bool:
        known = self._known.get(address)
        if known is None:
            if len(self._known) > MOST_WAITING:
                self._known.clear()
            parsed = ipaddress.ip_address(address)
            known = self._known[address] = any(parsed in network for network in self._operators)
        return known

    def _pass_on(self, talk: _Conversation, channel: str, payload: bytes) -> None:
        if self._is_open(talk) and talk.opened:
            self._send(payload, talk.opened.sides[channel])
        elif len(talk.waiting) < MOST_WAITING:
            talk.waiting.append((channel, payload))

    def _is_open(self, talk: _Conversation) -> bool:
        """Return whether the console opened the call, taking notice of its answer."""
        if talk.opened or talk.refused or talk.opening is None or not talk.opening.done():
            return talk.opened is not None
        waiting, talk.waiting = talk.waiting, []
        try:
            talk.opened = talk.opening.result()
        except HotlineError as error:
            talk.refused = True
            log.warning("call not opened: %s", error)
            return False
        self.calls += 1
        for channel, payload in waiting:
            self._send(payload, talk.opened.sides[channel])
        return True

    def _end(self, talk: _Conversation) -> None:
        if talk.opening is not None:
            self._threads.submit(self._finish, talk.opening)

    def _finish(self, opening: Future[OpenedCall]) -> None:
        try:
            self._desk.end(opening.result().call_id)
        except HotlineError as error:
            log.warning("call not ended: %s", error)
