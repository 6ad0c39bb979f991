"""RTP packets (RFC 3550, section 5.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER = struct.Struct("!BBHII")
RTCP_TYPES = range(192, 224)
"""Second byte of RTCP packets that share the port (RFC 5761, section 4)."""
SEQ_MODULUS = 1 << 16
CLOCK_MODULUS = 1 << 32


@dataclass(frozen=True)
class RtpPacket:
    """One packet; `arrival_s` is the monotonic time at which it came."""

    payload_type: int
    seq: int
    timestamp: int
    ssrc: int
    payload: bytes
    arrival_s: float
    marker: bool = False


def parse_rtp(data: bytes, arrival_s: float) -> RtpPacket | None:
    """Return the packet, or None for RTCP and for what is not RTP version 2 or is cut off."""
    if len(data) < HEADER.size or data[0] >> 6 != 2 or data[1] in RTCP_TYPES:
        return None
    flags, second, seq, timestamp, ssrc = HEADER.unpack_from(data)
    start, end = HEADER.size + 4 * (flags & 0x0F), len(data)
    if flags & 0x10:
        if end < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if flags & 0x20:
        end -= data[-1] or end
    if end < start:
        return None
    return RtpPacket(second & 0x7F, seq, timestamp, ssrc, data[start:end], arrival_s, bool(second & 0x80))


def forward(later: int, earlier: int, modulus: int) -> int:
    """Return later - earlier on a counter that wraps, in [-modulus / 2, modulus / 2)."""
    return (later - earlier + modulus // 2) % modulus - modulus // 2
