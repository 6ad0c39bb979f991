"""A jitter buffer for recognition: packets in order pass at once, only a hole makes those behind it wait."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.sources.telephony.rtp_packet import SEQ_MODULUS, RtpPacket, forward

MOST_WAITING = 64
RESTART_SEQ = 3000
"""A sequence number farther off than this is another stream, not reordering (RFC 3550, A.1: MAX_DROPOUT)."""


@dataclass
class JitterStats:
    """What was seen so far, in packets."""

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    reordered: int = 0
    restarts: int = 0

    @property
    def loss_percent(self) -> float:
        """Share of packets that never came in time, in percent."""
        expected = self.received - self.late - self.duplicate + self.lost
        return 100.0 * self.lost / expected if expected else 0.0


@dataclass(frozen=True)
class Playout:
    """A packet whose turn it is; `missing` packets before it did not come; `restart`: the count began anew."""

    packet: RtpPacket
    missing: int = 0
    restart: bool = False


class JitterBuffer:
    """Puts the packets of one source in order. Holds those behind a hole for at most `hold_s`."""

    def __init__(self, hold_s: float = 0.1) -> None:
        self.stats = JitterStats()
        self.hold_s = hold_s
        self._next: int | None = None
        self._waiting: dict[int, RtpPacket] = {}

    def put(self, packet: RtpPacket) -> list[Playout]:
        """Take a packet; return those whose turn it is now."""
        self.stats.received += 1
        if self._next is None:
            return [self._play(packet)]
        distance = forward(packet.seq, self._next, SEQ_MODULUS)
        if abs(distance) > RESTART_SEQ:
            return self._restart(packet)
        if distance < 0:
            self.stats.late += 1
            return []
        if packet.seq in self._waiting:
            self.stats.duplicate += 1
            return []
        if distance == 0:
            self.stats.reordered += 1 if self._waiting else 0
            return [self._play(packet), *self._run()]
        self._waiting[packet.seq] = packet
        return self.due(packet.arrival_s)

    def due(self, now_s: float) -> list[Playout]:
        """Return packets that have waited long enough for what is missing before them."""
        ready: list[Playout] = []
        while self._waiting and (len(self._waiting) > MOST_WAITING or now_s >= (self.deadline_s() or 0.0)):
            ready += self._give_up()
        return ready

    def deadline_s(self) -> float | None:
        """Return when `due` should be asked again; None when nothing waits."""
        if not self._waiting:
            return None
        return min(packet.arrival_s for packet in self._waiting.values()) + self.hold_s

    def flush(self) -> list[Playout]:
        """Return everything that waits."""
        ready: list[Playout] = []
        while self._waiting:
            ready += self._give_up()
        return ready

    def _give_up(self) -> list[Playout]:
        """Go on behind the nearest hole."""
        assert self._next is not None
        expected = self._next
        nearest = min(self._waiting, key=lambda seq: forward(seq, expected, SEQ_MODULUS))
        missing = forward(nearest, expected, SEQ_MODULUS)
        self.stats.lost += missing
        return [self._play(self._waiting.pop(nearest), missing), *self._run()]

    def _restart(self, packet: RtpPacket) -> list[Playout]:
        rest = self.flush()
        self.stats.restarts += 1
        return [*rest, Playout(self._play(packet).packet, restart=True)]

    def _run(self) -> list[Playout]:
        run = []
        while self._next is not None and (packet := self._waiting.pop(self._next, None)):
            run.append(self._play(packet))
        return run

    def _play(self, packet: RtpPacket, missing: int = 0) -> Playout:
        self._next = (packet.seq + 1) % SEQ_MODULUS
        return Playout(packet, missing)
