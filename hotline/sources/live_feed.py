"""Live streams as an audio source: bounded, in call time, at one rate, gaps where audio is missing."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from hotline.audio import FRAME_MS, AudioFrame, AudioGap, AudioItem, ChannelEnd, Idle, UtteranceEnd
from hotline.resample import StreamResampler
from hotline.sources.stream_clock import StreamClock

CAPACITY_S = 10.0
IDLE_S = 0.1
SILENT_AFTER_S = 1.0
"""A channel on which nothing comes for so long has ended its utterance."""
SAME_PLACE_S = 0.001
EARLIEST_S = 10.0

Samples = npt.NDArray[np.int16]


class LiveFeed:
    """Implements `hotline.ports.AudioSource` for up to one stream a channel. Thread-safe."""

    def __init__(self, name: str, rate_hz: int, capacity_s: float = CAPACITY_S) -> None:
        """All audio is resampled to `rate_hz`. The call's time starts now."""
        self.name = name
        self.rate_hz = rate_hz
        self.channels: tuple[str, ...] = ()
        self.patient = False
        self.origin_s = time.monotonic()
        self._capacity_frames = int(capacity_s * 1000 / FRAME_MS)
        self._items: deque[AudioItem] = deque()
        self._waiting: dict[str, int] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._begun = False

    def open(self, channel: str, rate_hz: int, *, timed: bool = False) -> ChannelInput:
        """Return the input of a channel for audio of `rate_hz`."""
        with self._changed:
            if channel not in self.channels:
                self.channels = (*self.channels, channel)
                self._waiting[channel] = 0
        return ChannelInput(self, channel, rate_hz, timed=timed)

    def begin(self, at_s: float) -> float:
        """Return the call time of a stream's first sample, heard at the monotonic time `at_s`.

        The first stream of a call may have been heard a little before the call was opened; time then begins with it.
        """
        with self._changed:
            if not self._begun and -EARLIEST_S < at_s - self.origin_s < 0:
                self.origin_s = at_s
            self._begun = True
            return max(0.0, at_s - self.origin_s)

    def frames(self) -> Iterator[AudioItem]:
        """Yield what comes until `close`, and `Idle` while nothing comes."""
        while True:
            with self._changed:
                if not self._items and not self._closed:
                    self._changed.wait(IDLE_S)
                if not self._items and self._closed:
                    return
                item = self._items.popleft() if self._items else Idle()
                if isinstance(item, AudioFrame):
                    self._waiting[item.channel] -= 1
            yield item

    def close(self) -> None:
        """End the call after what is queued."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether the call was ended."""
        return self._closed

    def waiting_s(self, channel: str) -> float:
        """Return queued seconds of a channel."""
        return self._waiting[channel] * FRAME_MS / 1000

    def put(self, items: list[AudioItem]) -> None:
        """Queue items; where a channel is full its oldest frame becomes a gap."""
        with self._changed:
            if self._closed:
                return
            for item in items:
                if isinstance(item, AudioFrame):
                    if self._waiting[item.channel] >= self._capacity_frames:
                        self._drop_oldest(item.channel)
                    self._waiting[item.channel] += 1
                self._items.append(item)
            self._changed.notify()

    def _drop_oldest(self, channel: str) -> None:
        """Turn the channel's first queued frame into a gap, joined to the gap before it."""
        before: AudioGap | None = None
        for index, item in enumerate(self._items):
            if getattr(item, "channel", None) != channel:
                continue
            if isinstance(item, AudioGap):
                before, place = item, index
            if isinstance(item, AudioFrame):
                if before and abs(before.end_s - item.start_s) < SAME_PLACE_S:
                    self._items[place] = AudioGap(channel, before.start_s, item.end_s)
                    del self._items[index]
                else:
                    self._items[index] = AudioGap(channel, item.start_s, item.end_s)
                self._waiting[channel] -= 1
                return


class ChannelInput:
    """One stream into a channel. Thread-safe."""

    def __init__(self, feed: LiveFeed, channel: str, rate_hz: int, *, timed: bool) -> None:
        self.channel = channel
        self.start_s = 0.0
        self._feed = feed
        self._resampler = StreamResampler(rate_hz, feed.rate_hz)
        self._clock = StreamClock(timed=timed)
        self._size = feed.rate_hz * FRAME_MS // 1000
        self._rest: Samples = np.zeros(0, np.int16)
        self._half = b""
        self._place_s: float | None = None
        """Call time of the first sample in `_rest`."""
        self._slip = 0
        """Samples still to be doubled (above 0) or dropped."""
        self._rate_hz = rate_hz
        self._held_s = 0.0
        """Audio that the resampler's filter holds back."""
        self._speaking = False
        self._lock = threading.Lock()
        self.heard_at_s = time.monotonic()

    def push(self, pcm: bytes, arrival_s: float | None = None) -> None:
        """Take 16-bit samples that arrived at the monotonic time `arrival_s`; half a sample waits for its rest."""
        arrival_s = time.monotonic() if arrival_s is None else arrival_s
        with self._lock:
            self.heard_at_s = arrival_s
            pcm, self._half = _whole(self._half + pcm)
            if pcm:
                self._feed.put(self._taken(pcm, arrival_s))

    def _taken(self, pcm: bytes, arrival_s: float) -> list[AudioItem]:
        self._speaking = True
        duration_s = len(pcm) // 2 / self._rate_hz
        if self._place_s is None:
            self.start_s = self._place_s = self._feed.begin(arrival_s - duration_s)
        samples = self._resampler.push(pcm)
        self._held_s += duration_s - samples.size / self._feed.rate_hz
        self._rest = np.concatenate((self._rest, samples))
        hole_s, slip_s = self._clock.observe(arrival_s, self._lag_s(arrival_s), mending=self._slip != 0)
        items = self._moved(hole_s, lost=True) if hole_s else []
        self._feed.patient = self._clock.bulk
        if slip_s:
            self._slip = round(slip_s * self._feed.rate_hz)
        return items if self._clock.settling else items + self._cut()

    def skip(self, seconds: float, *, lost: bool) -> None:
        """Move on without audio; `lost` reports a gap."""
        with self._lock:
            self._skip(seconds, lost=lost)

    def resync(self, arrival_s: float | None = None) -> None:
        """Place the next audio where `arrival_s` is; time that passed in between is a gap."""
        arrival_s = time.monotonic() if arrival_s is None else arrival_s
        with self._lock:
            self._clock.restart()
            self._skip(self._lag_s(arrival_s), lost=True)

    def _skip(self, seconds: float, *, lost: bool) -> None:
        if self._place_s is not None and seconds > 0:
            self._feed.put([*self._flushed(), *self._moved(seconds, lost=lost)])

    def waiting_s(self) -> float:
        """Return queued seconds."""
        return self._feed.waiting_s(self.channel)

    def ahead_s(self) -> float:
        """Return how far the placed audio is ahead of the clock."""
        return max(0.0, -self._lag_s(time.monotonic()))

    def check_silence(self) -> None:
        """End the utterance when nothing has come for a while; called now and then."""
        if self._speaking and time.monotonic() - self.heard_at_s > SILENT_AFTER_S:
            with self._lock:
                self._speaking = False
                self._feed.put([*self._flushed(), UtteranceEnd(self.channel)])

    def settle(self) -> None:
        """Let all that was heard be transcribed, then go on."""
        with self._lock:
            self._feed.put([*self._flushed(), ChannelEnd(self.channel)])

    def finish(self) -> None:
        """End the channel, with the last part of a frame."""
        with self._lock:
            if self._place_s is not None:
                self._rest = np.concatenate((self._rest, self._resampler.push(b"", last=True)))
            self._feed.put([*self._flushed(), ChannelEnd(self.channel)])

    def _lag_s(self, arrival_s: float) -> float:
        if self._place_s is None:
            return 0.0
        end_s = self._place_s + self._rest.size / self._feed.rate_hz + self._held_s
        return arrival_s - self._feed.origin_s - end_s

    def _moved(self, seconds: float, *, lost: bool) -> list[AudioItem]:
        assert self._place_s is not None
        start_s, self._place_s = self._place_s, self._place_s + seconds
        return [AudioGap(self.channel, start_s, self._place_s)] if lost else []

    def _cut(self) -> list[AudioItem]:
        """Return frames of 20 ms of what was sent, each mended by at most one sample."""
        items: list[AudioItem] = []
        while self._rest.size >= self._size:
            taken, self._rest = self._rest[: self._size], self._rest[self._size :]
            step = (self._slip > 0) - (self._slip < 0)
            self._slip -= step
            items.append(self._frame(_stretched(taken, self._size + step) if step else taken))
        return items

    def _flushed(self) -> list[AudioItem]:
        """Return everything that waits, the last frame shorter."""
        items = self._cut()
        if self._rest.size:
            taken, self._rest = self._rest, np.zeros(0, np.int16)
            items.append(self._frame(taken))
        return items

    def _frame(self, samples: Samples) -> AudioFrame:
        assert self._place_s is not None
        frame = AudioFrame(samples.tobytes(), self._feed.rate_hz, self.channel, self._place_s)
        self._place_s += samples.size / self._feed.rate_hz
        return frame


def _whole(pcm: bytes) -> tuple[bytes, bytes]:
    return (pcm[:-1], pcm[-1:]) if len(pcm) % 2 else (pcm, b"")


def _stretched(samples: Samples, size: int) -> Samples:
    """Return the samples with one dropped or doubled, spread over the frame."""
    places = np.linspace(0, samples.size - 1, size)
    return np.rint(np.interp(places, np.arange(samples.size), samples)).astype(np.int16)
