"""Streams of every protocol become calls and channels: which stream belongs to which call, and when a call ends."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hotline import commands, handlers
from hotline.domain.call import Call, CallState
from hotline.domain.segment import Channel, Transcript
from hotline.errors import CapacityError, HotlineError, InputError
from hotline.hub import Hub
from hotline.integration import operator_id
from hotline.sources.live_feed import ChannelInput, LiveFeed
from hotline.streams import LONGEST_ID, LONGEST_NUMBER, CallSpec, StreamListener, StreamSpec

log = logging.getLogger(__name__)

WATCH_S = 0.25
REPLACE_AFTER_S = 3.0
"""A stream that was silent for so long makes room for a new one on the same channel: a peer that came back."""


class _Streams:
    """The streams of one call; implements `hotline.pipeline.CallListener`."""

    def __init__(self) -> None:
        self.attached: dict[str, JoinedStream] = {}
        self._finishing: dict[str, list[tuple[JoinedStream, Callable[[], None]]]] = {}

    def finishing(self, stream: JoinedStream, tell: Callable[[], None]) -> None:
        """Note that a channel's next end is this stream's."""
        self._finishing.setdefault(stream.channel, []).append((stream, tell))

    def transcript(self, transcript: Transcript) -> None:
        """Pass a transcript to the channel's stream, or to the one that is ending."""
        waiting = self._finishing.get(transcript.channel)
        stream = waiting[0][0] if waiting else self.attached.get(transcript.channel)
        if stream and stream.listener:
            stream.listener.transcript(transcript)

    def channel_ended(self, channel: str) -> None:
        """Tell a stream that its last words were passed on."""
        if waiting := self._finishing.get(channel):
            waiting.pop(0)[1]()

    def call_ended(self) -> None:
        """Let go of all streams."""
        ending = [stream for waiting in self._finishing.values() for stream, _ in waiting]
        for stream in [*self.attached.values(), *ending]:
            stream.tell_ended()


@dataclass
class _Entry:
    """A call that streams may join."""

    call: Call
    feed: LiveFeed | None = None
    streams: _Streams = field(default_factory=_Streams)
    empty_since_s: float = field(default_factory=time.monotonic)


class JoinedStream:
    """Implements `hotline.streams.CallStream`."""

    def __init__(
        self, board: LiveSwitchboard, entry: _Entry, spec: StreamSpec, listener: StreamListener | None
    ) -> None:
        assert entry.feed is not None
        self.call_id = entry.call.id
        self.channel = spec.channel
        self.listener = listener
        self.finished = False
        self._told = False
        self._board = board
        self._entry = entry
        self._feed = entry.feed
        self.input: ChannelInput = entry.feed.open(spec.channel, spec.rate_hz, timed=spec.timed)

    @property
    def start_s(self) -> float:
        """Call time of the first sample."""
        return self.input.start_s

    def push(self, pcm: bytes, arrival_s: float | None = None) -> None:
        """Take samples; what comes after the end is dropped."""
        if not self.finished:
            self.input.push(pcm, arrival_s)

    def skip(self, seconds: float, *, lost: bool) -> None:
        """Move on without audio."""
        self.input.skip(seconds, lost=lost)

    def resync(self, arrival_s: float | None = None) -> None:
        """Place the next audio where it arrives."""
        self.input.resync(arrival_s)

    def waiting_s(self) -> float:
        """Return queued seconds."""
        return self.input.waiting_s()

    def ahead_s(self) -> float:
        """Return how far the audio is ahead of the clock."""
        return self.input.ahead_s()

    def settle(self) -> None:
        """Ask for all that was said so far; the listener is told when it has come."""
        if self.listener:
            self._entry.streams.finishing(self, self.listener.settled)
        self.input.settle()

    def finish(self, note: str = "") -> None:
        """End the stream, once."""
        self._board.leave(self._entry, self, note)

    def tell_ended(self) -> None:
        """Tell the listener, once."""
        if self.listener and not self._told:
            self._told = True
            self.listener.ended()

    def live(self) -> bool:
        """Return False when the stream or its call has ended."""
        return not (self.finished or self._feed.closed)


class LiveSwitchboard:
    """Implements `hotline.streams.Switchboard` on the calls of this process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None

    def open_call(self, spec: CallSpec, source: str) -> Call:
        """Open a call whose audio comes later; it ends when none comes in `stream_wait_s`. Raises: InputError."""
        _check(spec)
        with self._lock:
            known = self._find(spec)
            if known is not None:
                raise InputError(
                    "该通话编号已在使用", expected="尚未使用的编号", found="通话进行中", remedy="请使用已有的通话"
                )
            command = commands.StartCall(
                source, operator_id(self._hub, spec.operator), spec.caller_number, spec.external_id
            )
            entry = _Entry(handlers.start_call(self._hub, command))
            self._entries[entry.call.id] = entry
        self._watch()
        return entry.call

    def expect(self, call: Call) -> None:
        """Wait for streams of a call that is open already; it ends when none comes in `stream_wait_s`."""
        with self._lock:
            self._entries.setdefault(call.id, _Entry(call))
        self._watch()

    def attach(self, spec: StreamSpec, listener: StreamListener | None = None) -> JoinedStream:
        """Join a stream to its call, or open one. Raises: CapacityError, InputError, NotFoundError."""
        _check(spec.call)
        if spec.channel not in tuple(Channel):
            raise InputError(
                "没有这个声道", expected="、".join(Channel), found=spec.channel[:20], remedy="请改正 channel 参数"
            )
        with self._lock:
            entry = self._find(spec.call)
            if entry is None:
                entry = self._opened(spec)
            elif entry.feed is None:
                entry.feed = self._started(entry, spec)
            self._make_room(entry, spec.channel)
            stream = JoinedStream(self, entry, spec, listener)
            entry.streams.attached[spec.channel] = stream
        self._watch()
        return stream

    def leave(self, entry: _Entry, stream: JoinedStream, note: str) -> None:
        """End a stream; the call ends at once when nobody could come back to it, else after a while."""
        with self._lock:
            if stream.finished:
                return
            stream.finished = True
            entry.streams.finishing(stream, stream.tell_ended)
            entry.streams.attached.pop(stream.channel, None)
            entry.empty_since_s = time.monotonic()
            stream.input.finish()
            if not entry.streams.attached and not entry.call.external_id:
                self._end(entry)
        if note:
            self._note(stream.call_id, note)

    def streams(self) -> int:
        """Return how many streams are attached."""
        with self._lock:
            return sum(len(entry.streams.attached) for entry in self._entries.values())

    def close(self) -> None:
        """End all calls that streams opened."""
        self._stop.set()
        with self._lock:
            for entry in list(self._entries.values()):
                self._end(entry)
        if self._watcher:
            self._watcher.join()

    def _find(self, spec: CallSpec) -> _Entry | None:
        """Return the live call that a stream names. Raises: NotFoundError, InputError for a call that is not live."""
        if spec.call_id:
            with self._hub.store.transaction() as uow:
                call = uow.call(spec.call_id)
            if call.state is not CallState.LIVE or self._gone(self._entries.get(call.id)):
                raise InputError("通话已经结束", expected="进行中的通话", found=call.state, remedy="请新建通话")
            if call.id not in self._entries and call.id in self._hub.live.running():
                raise InputError(
                    "通话已有音频来源", expected="尚无音频的通话", found=call.source, remedy="请核对 call_id 参数"
                )
            return self._entries.setdefault(call.id, _Entry(call))
        if not spec.external_id:
            return None
        wanted = spec.external_id  # AudioSocket can say a UUID only: our own id where the API opened the call
        named = (entry for entry in self._entries.values() if wanted in (entry.call.external_id, entry.call.id))
        return next((entry for entry in named if not self._gone(entry)), None)

    def _gone(self, entry: _Entry | None) -> bool:
        return entry is not None and entry.feed is not None and entry.feed.closed

    def _opened(self, spec: StreamSpec) -> _Entry:
        who = operator_id(self._hub, spec.call.operator)
        feed = LiveFeed(spec.protocol, _working_rate(spec.rate_hz))
        streams, wanted = _Streams(), spec.call
        call = self._hub.live.start(feed, who, wanted.caller_number, wanted.external_id, listener=streams)
        return self._entries.setdefault(call.id, _Entry(call, feed, streams))

    def _started(self, entry: _Entry, spec: StreamSpec) -> LiveFeed:
        feed = LiveFeed(spec.protocol, _working_rate(spec.rate_hz))
        try:
            self._hub.live.start(feed, call=entry.call, listener=entry.streams)
        except CapacityError:
            self._entries.pop(entry.call.id)  # a call that goes on by hand does not end because no audio comes
            raise
        waited_s = (self._hub.clock() - entry.call.started_at).total_seconds()
        feed.origin_s -= max(0.0, waited_s)
        return feed

    def _make_room(self, entry: _Entry, channel: str) -> None:
        old = entry.streams.attached.get(channel)
        if old is None:
            return
        if time.monotonic() - old.input.heard_at_s < REPLACE_AFTER_S:
            raise InputError(
                "该声道已有音频接入", expected="空闲的声道", found=f"{channel} 正在使用", remedy="请核对 channel 参数"
            )
        self.leave(entry, old, "")

    def _note(self, call_id: str, note: str) -> None:
        try:
            handlers.add_note(self._hub, commands.AddNote(call_id, "system", note))
        except HotlineError as error:
            log.warning("note not stored", extra={"call_id": call_id, "error": type(error).__name__})

    def _end(self, entry: _Entry) -> None:
        self._entries.pop(entry.call.id, None)
        for stream in list(entry.streams.attached.values()):
            self.leave(entry, stream, "")
        if entry.feed is not None:
            entry.feed.close()
            return
        try:
            handlers.end_call(self._hub, commands.EndCall(entry.call.id, "system"))
        except HotlineError:
            log.info("call was ended already", extra={"call_id": entry.call.id})

    def _watch(self) -> None:
        with self._lock:
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._look_after, name="switchboard", daemon=True)
                self._watcher.start()

    def _look_after(self) -> None:
        while not self._stop.wait(WATCH_S):
            try:
                self._round()
            except Exception as error:  # the watch must go on for all other calls
                log.error("switchboard watch failed", extra={"error": type(error).__name__})

    def _round(self) -> None:
        linger_s, wait_s = self._hub.config.number("stream_linger_s"), self._hub.config.number("stream_wait_s")
        now_s = time.monotonic()
        with self._lock:
            for entry in list(self._entries.values()):
                limit_s = linger_s if entry.feed else wait_s
                if self._gone(entry) or (not entry.streams.attached and now_s - entry.empty_since_s > limit_s):
                    self._end(entry)
                for stream in list(entry.streams.attached.values()):
                    stream.input.check_silence()


def _working_rate(rate_hz: int) -> int:
    return 8000 if rate_hz <= 8000 else 16000


def _check(spec: CallSpec) -> None:
    """Refuse values that no telephone system sends. Raises: InputError."""
    longest = {"external_id": LONGEST_ID, "call_id": 36, "caller_number": LONGEST_NUMBER, "operator": LONGEST_ID}
    for name, most in longest.items():
        value = getattr(spec, name)
        if len(value) > most or not value.isprintable():
            raise InputError(
                "参数不对", expected=f"{name}：至多 {most} 个可见字符", found=f"{len(value)} 个字符", remedy="请改正"
            )
