"""A UDP port read by an event loop, each datagram with the time at which it reached this machine.

The kernel's time stamp (Linux, socket(7)) tells a late network from a process that was not given the processor: audio
that waited in the socket is placed where it arrived, and no gap is reported for it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable

RECENT_S = 0.005
"""A datagram that came so lately has none behind it: asking again would cost as much as reading it."""
MOST_AT_ONCE = 64
"""Datagrams that are read before other ports have their turn."""
MOST_BYTES = 4096
"""A longer datagram is no audio packet and is dropped."""
BUFFER_BYTES = 1 << 20
"""Asked of the kernel, which gives what its `net.core.rmem_max` allows: some seconds of packets."""
SO_TIMESTAMPNS = 35
"""asm-generic/socket.h; Python's socket module does not name it."""
STAMP = struct.Struct("@qq")
ANCILLARY_BYTES = socket.CMSG_SPACE(STAMP.size)

Take = Callable[[bytes, str, float], None]
"""Datagram, sender's address, monotonic time of arrival in seconds."""


class UdpPort:
    """One port. All calls belong to the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, host: str, port: int, take: Take) -> None:
        """Listen at once. Raises: OSError when the port is taken."""
        self._loop = loop
        self._take = take
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            if sys.platform == "linux":
                self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        loop.add_reader(self._socket, self.read)

    def read(self) -> bool:
        """Hand over what waits in the socket; False when there may be more."""
        now_s = time.monotonic()
        offset_s = now_s - time.time()
        for _ in range(MOST_AT_ONCE):
            try:
                data, ancillary, flags, address = self._socket.recvmsg(MOST_BYTES, ANCILLARY_BYTES)
            except OSError:  # nothing waits (BlockingIOError), or an ICMP error that is not ours
                return True
            arrival_s = _arrival_s(ancillary, offset_s)
            if not flags & socket.MSG_TRUNC:
                self._take(data, address[0], arrival_s)
            if arrival_s > now_s - RECENT_S:
                return True
        return False

    def close(self) -> None:
        """Stop listening."""
        self._loop.remove_reader(self._socket)
        self._socket.close()


def _arrival_s(ancillary: list[tuple[int, int, bytes]], offset_s: float) -> float:
    """Return the kernel's time stamp as monotonic time, or now where there is none that can be believed."""
    now_s = time.monotonic()
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) == STAMP.size:
            seconds, nanoseconds = STAMP.unpack(data)
            return min(now_s, float(seconds + nanoseconds * 1e-9 + offset_s))
    return now_s
