"""Codecs of telephone audio, decoded by FFmpeg's libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import av
import numpy as np
import numpy.typing as npt

from hotline.errors import ConfigError

Decode = Callable[[bytes], bytes]
"""Payload to little-endian 16-bit samples; keeps state where the codec has some."""


@dataclass(frozen=True)
class Payload:
    """What an RTP payload type means."""

    codec: str
    """pcmu, pcma, g722, s16be or s16le."""
    rate_hz: int
    """Rate of the decoded samples."""
    clock_hz: int
    """Rate of the time stamps."""

    @property
    def bytes_per_s(self) -> int:
        """Bytes of payload that are a second."""
        return 2 * self.rate_hz if self.codec.startswith("s16") else 8000


def parse_payloads(text: str) -> dict[int, Payload]:
    """Read a table like `0=pcmu/8000,9=g722/16000/8000`. Raises: ConfigError."""
    table = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        number, _, meaning = part.partition("=")
        codec, *rates = meaning.split("/")
        if (
            codec not in DECODERS
            or not number.isdigit()
            or not 1 <= len(rates) <= 2
            or not all(map(str.isdigit, rates))
        ):
            raise ConfigError(
                "RTP 负载类型表写错了",
                expected="号=编码/采样率[/时钟]，编码为 " + "、".join(DECODERS),
                found=part[:40],
                remedy="改正 HOTLINE_RTP_PAYLOADS",
            )
        table[int(number)] = Payload(codec, int(rates[0]), int(rates[-1]))
    return table


def decoder(codec: str) -> Decode:
    """Return a decoder for one stream."""
    return DECODERS[codec]()


@lru_cache
def _table(name: str) -> npt.NDArray[np.int16]:
    """Return the sample of each of the 256 codes, as FFmpeg decodes them."""
    return np.frombuffer(_stateful(name)(bytes(range(256))), "<i2")


def _by_table(name: str) -> Callable[[], Decode]:
    return lambda: lambda payload: _table(name)[np.frombuffer(payload, np.uint8)].tobytes()


def _stateful(name: str) -> Decode:
    context = av.CodecContext.create(name, "r")
    context.sample_rate = 16000 if name == "g722" else 8000  # type: ignore[attr-defined]
    context.layout = "mono"  # type: ignore[attr-defined]

    def decode(payload: bytes) -> bytes:
        frames = context.decode(av.Packet(payload)) if payload else []  # type: ignore[attr-defined]
        return b"".join(frame.to_ndarray().astype("<i2").tobytes() for frame in frames)

    return decode


def _swapped(payload: bytes) -> bytes:
    return np.frombuffer(payload[: len(payload) // 2 * 2], ">i2").astype("<i2").tobytes()


DECODERS: Mapping[str, Callable[[], Decode]] = {
    "pcmu": _by_table("pcm_mulaw"),
    "pcma": _by_table("pcm_alaw"),
    "g722": lambda: _stateful("g722"),
    "s16be": lambda: _swapped,
    "s16le": lambda: lambda payload: payload[: len(payload) // 2 * 2],
}
