"""The seam between telephone protocols and calls: a protocol hands over audio, a switchboard makes it a call.

Whatever speaks a protocol (WebSocket, AudioSocket, RTP, the browser) calls `Switchboard.attach` once a stream and
then only the `CallStream`. Both are thread-safe and never wait, so that one slow call cannot hold up another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hotline.domain.call import Call
from hotline.domain.segment import Channel, Transcript

LONGEST_ID = 128
"""Characters of an external id or an operator's name."""
LONGEST_NUMBER = 40
"""Characters of a caller's number."""


@dataclass(frozen=True)
class CallSpec:
    """What a telephone system says about a call. All may be empty."""

    external_id: str = ""
    """The telephone system's id of the call; streams that carry the same one are one call while it is live."""
    call_id: str = ""
    """Our own id, where the telephone system got it from the HTTP API."""
    caller_number: str = ""
    operator: str = ""
    """User name or id of the operator."""


@dataclass(frozen=True)
class StreamSpec:
    """One stream: one channel of one call."""

    protocol: str
    """vosk_ws, audiosocket, rtp, twilio, browser: becomes the source of a call that it opens."""
    channel: str = Channel.CALLER.value
    rate_hz: int = 8000
    call: CallSpec = field(default=CallSpec())
    timed: bool = False
    """The protocol says when audio is missing (time stamps); otherwise the time of arrival decides."""


class StreamListener(Protocol):
    """Hears what becomes of a stream; called from the call's thread, must not block."""

    def transcript(self, transcript: Transcript) -> None:
        """Take a partial or final transcript of this stream's channel."""

    def settled(self) -> None:
        """Know that all that was said until `settle` has been transcribed."""

    def ended(self) -> None:
        """Know that all that was said on the channel has been transcribed, after `finish` or the call's end."""


class CallStream(Protocol):
    """One attached stream. `arrival_s` is the monotonic time at which audio arrived; None means now."""

    call_id: str

    @property
    def start_s(self) -> float:
        """Call time of the first sample."""

    def push(self, pcm: bytes, arrival_s: float | None = None) -> None:
        """Take little-endian 16-bit samples of the stream's rate. The oldest audio is dropped when too much waits."""

    def skip(self, seconds: float, *, lost: bool) -> None:
        """Move on by time without audio; `lost` shows it as a gap, otherwise it was silence that was not sent."""

    def resync(self, arrival_s: float | None = None) -> None:
        """Forget the peer's clock: the next audio is placed where it arrives."""

    def waiting_s(self) -> float:
        """Return seconds of audio that the call has not taken yet."""

    def ahead_s(self) -> float:
        """Return how far the audio is ahead of the time since it began: above 0 for a file sent fast."""

    def settle(self) -> None:
        """Ask for all that was said so far as final text; the listener is told when it has come."""

    def finish(self, note: str = "") -> None:
        """End the stream; `note` is written on the call. The call ends with its last stream. May be repeated."""

    def live(self) -> bool:
        """Return False when the call was ended by somebody else, so that the peer can be let go."""


class Switchboard(Protocol):
    """Where streams become calls."""

    def open_call(self, spec: CallSpec, source: str) -> Call:
        """Open a call before its audio comes. Raises: CapacityError, InputError for an unknown operator."""

    def attach(self, spec: StreamSpec, listener: StreamListener | None = None) -> CallStream:
        """Join a stream to its call, or open one.

        Raises: CapacityError, InputError (channel taken, unknown operator), NotFoundError (unknown `call_id`).
        """


class RtpPorts(Protocol):
    """RTP receivers, one port a stream."""

    def open(self, spec: CallSpec, channel: str) -> int:
        """Listen for the RTP of one channel of a call (`call_id` or `external_id`) and return the UDP port.

        The port is free again when the call ends. Raises: CapacityError, ConfigError when RTP is off.
        """
