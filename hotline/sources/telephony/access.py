"""Who may send audio, and how much: allow-lists, tokens, rates."""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hotline.errors import ConfigError, InputError, PermissionDenied

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Access:
    """Networks that may connect, and tokens of which one must be shown where there are any."""

    networks: tuple[Network, ...]
    tokens: tuple[str, ...] = ()

    @classmethod
    def parse(cls, networks: str, tokens: str) -> Access:
        """Read comma-separated networks (CIDR) and tokens. Raises: ConfigError."""
        try:
            parsed = tuple(ipaddress.ip_network(text, strict=False) for text in parts(networks))
        except ValueError:
            raise ConfigError(
                "允许接入的网段写错了",
                expected="逗号分隔的地址或网段，如 10.0.0.0/8",
                found=networks[:60],
                remedy="改正 HOTLINE_TELEPHONY_ALLOW",
            ) from None
        return cls(parsed, tuple(parts(tokens)))

    def admits(self, address: str) -> bool:
        """Say whether an address may connect at all."""
        try:
            peer = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped:
            peer = peer.ipv4_mapped
        return any(peer in network for network in self.networks)

    def check_token(self, token: str) -> None:
        """Raises: PermissionDenied unless the token is one of ours, or none is needed."""
        known = [hmac.compare_digest(token.encode(), ours.encode()) for ours in self.tokens]
        if self.tokens and not any(known):
            raise PermissionDenied(
                "接入口令不对", expected="有效的 token", found="缺少或不符", remedy="请核对 HOTLINE_TELEPHONY_TOKENS"
            )


@dataclass(frozen=True)
class Limits:
    """What one stream may do."""

    message_bytes: int = 1 << 20
    """Largest message of a WebSocket."""
    idle_s: float = 60.0
    """Longest silence of a peer."""
    total_s: float = 4 * 3600.0
    """Longest stream."""
    live_factor: float = 1.5
    """How much faster than real time a live stream may send, after `burst_s`."""
    burst_s: float = 15.0
    streams: int = 200
    """Streams of all protocols at the same time."""


class Meter:
    """A leaky bucket of audio seconds, and the age of the stream."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._began_s = self._at_s = time.monotonic()
        self._level_s = 0.0

    def take(self, seconds: float) -> None:
        """Count audio or an equivalent message. Raises: InputError when it is too much or too long."""
        now_s = time.monotonic()
        leaked_s = (now_s - self._at_s) * self._limits.live_factor
        self._level_s = max(0.0, self._level_s - leaked_s) + seconds
        self._at_s = now_s
        if self._level_s > self._limits.burst_s:
            raise InputError(
                "音频来得太快",
                expected=f"至多 {self._limits.live_factor} 倍实时",
                found="持续超出",
                remedy="请核对对端设置",
            )
        self.check_age()

    def check_age(self) -> None:
        """Raises: InputError when the stream is older than it may be."""
        if time.monotonic() - self._began_s > self._limits.total_s:
            raise InputError(
                "通话超过最长时间",
                expected=f"{self._limits.total_s / 3600:.0f} 小时内",
                found="已超过",
                remedy="请重新接入",
            )


def parts(text: str) -> Sequence[str]:
    """Return what stands between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]
