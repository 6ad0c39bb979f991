"""UDP packets out of a network capture: what `tcpdump -w -` writes, or a pcap or pcapng file."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import dpkt

from hotline.errors import InputError

PCAPNG = b"\x0a\x0d\x0d\x0a"
"""First bytes of a pcapng file; such a file must be one that can be read from its beginning again."""


@dataclass(frozen=True, slots=True)
class UdpPacket:
    """One datagram as it was seen on the wire."""

    source: str
    source_port: int
    target: str
    target_port: int
    payload: bytes
    seen_s: float
    """Seconds since 1970 at the capturing machine."""


def read_capture(file: BinaryIO) -> Iterator[UdpPacket]:
    """Yield the unfragmented UDP packets of a capture as they come. Raises: InputError for what is no capture."""
    try:
        reader = dpkt.pcapng.Reader(file) if _is_pcapng(file) else dpkt.pcap.Reader(file)
        link = LINKS.get(reader.datalink())
    except (ValueError, dpkt.Error):
        raise _wrong("pcap 或 pcapng 数据", "其他内容") from None
    if link is None:
        raise _wrong("以太网、cooked（any）、loopback 或裸 IP 链路", f"链路类型 {reader.datalink()}")
    for seen_s, data in reader:
        try:
            packet = _udp(link(data), float(seen_s))
        except (dpkt.Error, ValueError, IndexError, AttributeError):  # cut off or not what its header says
            continue
        if packet:
            yield packet


def _is_pcapng(file: BinaryIO) -> bool:
    if not file.seekable():
        return False
    start = file.read(len(PCAPNG))
    file.seek(0)
    return start == PCAPNG


def _udp(network: object, seen_s: float) -> UdpPacket | None:
    datagram = getattr(network, "data", None)
    if not isinstance(network, dpkt.ip.IP | dpkt.ip6.IP6) or not isinstance(datagram, dpkt.udp.UDP):
        return None
    source, target = (str(ipaddress.ip_address(address)) for address in (network.src, network.dst))
    return UdpPacket(source, datagram.sport, target, datagram.dport, bytes(datagram.data), seen_s)


def _raw(data: bytes) -> object:
    return dpkt.ip6.IP6(data) if data[0] >> 4 == 6 else dpkt.ip.IP(data)


LINKS: Mapping[int, Callable[[bytes], object]] = {
    dpkt.pcap.DLT_EN10MB: lambda data: dpkt.ethernet.Ethernet(data).data,
    dpkt.pcap.DLT_LINUX_SLL: lambda data: dpkt.sll.SLL(data).data,
    dpkt.pcap.DLT_LINUX_SLL2: lambda data: dpkt.sll2.SLL2(data).data,
    dpkt.pcap.DLT_NULL: lambda data: dpkt.loopback.Loopback(data).data,
    dpkt.pcap.DLT_RAW: _raw,
}
"""Link types of tcpdump.org/linktypes.html that a mirror port gives; VLAN tags are skipped."""


def _wrong(expected: str, found: str) -> InputError:
    return InputError("抓包数据无法读取", expected=expected, found=found, remedy="请用 tcpdump -w - 产生")
