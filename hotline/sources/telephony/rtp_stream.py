"""One RTP stream's way into a call: source choice, order, decoding, losses, silence that was not sent."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.sources.telephony.codecs import Decode, Payload, decoder
from hotline.sources.telephony.concealment import CONCEALED_S, Concealment
from hotline.sources.telephony.jitter import JitterBuffer, Playout
from hotline.sources.telephony.rtp_packet import CLOCK_MODULUS, RtpPacket, forward
from hotline.streams import CallStream

SWITCH_AFTER = 3
"""Packets in a row of another source that make it ours."""
CLOCK_TRUST_S = 2.0
"""Time stamps that differ more than this from the time of arrival are not believed."""
WORTH_A_NOTE_PERCENT = 1.0


class RtpAudio:
    """Feeds one `CallStream`. Not thread-safe."""

    def __init__(self, stream: CallStream, payloads: Mapping[int, Payload], rate_hz: int, hold_s: float = 0.1) -> None:
        self.buffer = JitterBuffer(hold_s)
        self.concealed_s = self.gap_s = 0.0
        self.unknown = 0
        self._stream = stream
        self._payloads = payloads
        self._rate_hz = rate_hz
        self._decoders: dict[int, Decode] = {}
        self._concealment = Concealment(rate_hz)
        self._ssrc: int | None = None
        self._strangers = 0
        self._expected: int | None = None
        self._last: RtpPacket | None = None

    def take(self, packet: RtpPacket) -> None:
        """Take a packet from the network."""
        if not self._is_ours(packet):
            return
        self._play(self.buffer.put(packet))

    def tick(self, now_s: float) -> None:
        """Go on behind holes that were not filled in time."""
        self._play(self.buffer.due(now_s))

    def flush(self) -> None:
        """Play what waits."""
        self._play(self.buffer.flush())

    def summary(self) -> str:
        """Return a line about losses for the call, or nothing where they were few."""
        stats = self.buffer.stats
        if stats.loss_percent < WORTH_A_NOTE_PERCENT:
            return ""
        return (
            f"RTP 丢包 {stats.loss_percent:.1f}%（{stats.lost} 包）："
            f"已补偿 {self.concealed_s:.1f} 秒，缺失 {self.gap_s:.1f} 秒，乱序 {stats.reordered} 包，迟到 {stats.late} 包"
        )

    def _is_ours(self, packet: RtpPacket) -> bool:
        """Stay with one source; go over to another when it alone sends."""
        if packet.ssrc == self._ssrc:
            self._strangers = 0
            return True
        self._strangers += 1
        if self._ssrc is not None and self._strangers < SWITCH_AFTER:
            return False
        if self._ssrc is not None:
            self.flush()
            stats, self.buffer = self.buffer.stats, JitterBuffer(self.buffer.hold_s)
            self.buffer.stats = stats
            stats.restarts += 1
            self._resync(packet)
        self._ssrc, self._strangers = packet.ssrc, 0
        return True

    def _play(self, playouts: list[Playout]) -> None:
        for playout in playouts:
            self._place(playout)
            self._sound(playout.packet)

    def _place(self, playout: Playout) -> None:
        """Fill the time between the last packet and this one."""
        packet, meaning = playout.packet, self._payloads.get(playout.packet.payload_type)
        if meaning is None or self._expected is None or self._last is None:
            return
        missing_s = forward(packet.timestamp, self._expected, CLOCK_MODULUS) / meaning.clock_hz
        waited_s = packet.arrival_s - self._last.arrival_s
        if playout.restart or abs(missing_s) > CLOCK_TRUST_S + max(0.0, waited_s):
            self._resync(packet)
        elif missing_s <= 0:
            return
        elif not playout.missing:
            self._stream.skip(missing_s, lost=False)
        elif missing_s <= CONCEALED_S:
            self.concealed_s += missing_s
            self._stream.push(self._concealment.conceal(round(missing_s * self._rate_hz)), packet.arrival_s)
        else:
            self.gap_s += missing_s
            self._stream.skip(missing_s, lost=True)

    def _resync(self, packet: RtpPacket) -> None:
        self._expected = None
        self._stream.resync(packet.arrival_s)

    def _sound(self, packet: RtpPacket) -> None:
        meaning = self._payloads.get(packet.payload_type)
        if meaning is None or meaning.rate_hz != self._rate_hz:
            self.unknown += 1
            return
        decode = self._decoders.setdefault(packet.payload_type, decoder(meaning.codec))
        pcm = decode(packet.payload)
        duration = len(pcm) // 2 * meaning.clock_hz // meaning.rate_hz
        self._expected = (packet.timestamp + duration) % CLOCK_MODULUS
        self._last = packet
        self._concealment.hear(pcm)
        self._stream.push(pcm, packet.arrival_s)
