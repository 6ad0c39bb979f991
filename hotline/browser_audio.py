"""The browser's microphone protocol: numbered 20 ms frames, so that a line that broke goes on where it stopped.

A message is the number of its first frame (32 bits, little-endian) and then 1 to 50 whole frames of 16-bit samples
at the rate that was agreed. The browser keeps some seconds of frames that were not acknowledged and sends them again
after a reconnect; frames that are known already are passed over, frames that never came are a gap.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from hotline.audio import FRAME_MS
from hotline.errors import CapacityError, InputError
from hotline.streams import CallSpec, CallStream, StreamSpec, Switchboard

log = logging.getLogger(__name__)

PROTOCOL = "browser"
HEADER_BYTES = 4
MOST_FRAMES = 50
FRAME_S = FRAME_MS / 1000
LEAST_RATE_HZ, MOST_RATE_HZ = 8000, 96000
AHEAD_S = 10.0
"""Audio may be ahead of the clock by so much: frames that were kept while the line was broken come fast."""
TAKE_OVER_AFTER_S = 3.0
"""A page that was loaded again takes over a microphone that has been silent for so long."""
MESSAGES_PER_S, MESSAGE_BURST = 100.0, 1000.0
WATCH_S = 0.5


class BrowserLine:
    """One microphone: a channel of a call, whatever socket carries it now. Thread-safe."""

    def __init__(self, stream: CallStream, rate_hz: int, session: str) -> None:
        self.stream = stream
        self.rate_hz = rate_hz
        self.session = session
        self.next_frame = 0
        self.heard_at_s = time.monotonic()
        self.connections = 0
        self._frame_bytes = rate_hz * FRAME_MS // 1000 * 2
        self._began_s: float | None = None
        self._first_frame = 0
        self._allowance = MESSAGE_BURST
        self._lock = threading.Lock()

    def take(self, message: bytes) -> None:
        """Take one message. Raises: InputError when it is malformed or there is more audio than time."""
        now_s = time.monotonic()
        with self._lock:
            self._count(now_s)
            pcm = message[HEADER_BYTES:]
            frames, rest = divmod(len(pcm), self._frame_bytes)
            if rest or not 0 < frames <= MOST_FRAMES:
                raise InputError(
                    "音频消息格式不对",
                    expected=f"4 字节编号和 1 到 {MOST_FRAMES} 个整帧（每帧 {self._frame_bytes} 字节）",
                    found=f"{len(message)} 字节",
                    remedy="请刷新页面",
                )
            self._place(int.from_bytes(message[:HEADER_BYTES], "little"), frames, pcm, now_s)
            self.heard_at_s = now_s

    def restart(self, session: str, rate_hz: int) -> None:
        """Go on with a page that was loaded again: its frames are numbered from 0, time in between is a gap."""
        if rate_hz != self.rate_hz:
            raise InputError(
                "采样率变了", expected=f"{self.rate_hz} Hz", found=f"{rate_hz} Hz", remedy="请使用原来的设备"
            )
        with self._lock:
            self.session, self.next_frame, self._began_s = session, 0, None
        self.stream.resync()

    def _place(self, index: int, frames: int, pcm: bytes, now_s: float) -> None:
        if self._began_s is None:
            self._began_s, self._first_frame, self.next_frame = now_s, index, index
        elapsed_s = now_s - self._began_s
        if (index + frames - self._first_frame) * FRAME_S > elapsed_s + AHEAD_S:
            raise InputError(
                "音频比时间还多", expected="实时的音频", found="帧编号超前太多", remedy="请刷新页面后重新开始"
            )
        if index + frames <= self.next_frame:
            return
        if index > self.next_frame:
            self.stream.skip((index - self.next_frame) * FRAME_S, lost=True)
        known = max(self.next_frame - index, 0)
        self.next_frame = index + frames
        self.stream.push(pcm[known * self._frame_bytes :], now_s)

    def _count(self, now_s: float) -> None:
        """Let only so many messages through. Raises: InputError."""
        gained = (now_s - self.heard_at_s) * MESSAGES_PER_S
        self._allowance = min(MESSAGE_BURST, self._allowance + gained) - 1
        self.heard_at_s = now_s
        if self._allowance < 0:
            raise InputError(
                "消息太频繁", expected=f"每秒不超过 {MESSAGES_PER_S:g} 条", found="持续超出", remedy="请刷新页面"
            )


@dataclass(frozen=True)
class LineSpec:
    """What a page asks for."""

    call_id: str
    channel: str
    rate_hz: int
    session: str
    """Made by the page; the same after a reconnect, another after it was loaded again."""

    def check(self) -> None:
        """Raises: InputError."""
        if not LEAST_RATE_HZ <= self.rate_hz <= MOST_RATE_HZ or self.rate_hz % (1000 // FRAME_MS):
            raise InputError(
                "采样率不能使用",
                expected=f"{LEAST_RATE_HZ} 到 {MOST_RATE_HZ} Hz",
                found=f"{self.rate_hz} Hz",
                remedy="请换一个设备",
            )
        if not 8 <= len(self.session) <= 64 or not self.session.isascii():
            raise InputError("会话编号不对", expected="8 到 64 个字符", found="其他", remedy="请刷新页面")


@dataclass
class BrowserLines:
    """The microphones of this process. A line that nobody carries ends after `linger_s`."""

    board: Switchboard
    linger_s: float
    idle_s: float = 60.0
    most: int = 200
    _lines: dict[tuple[str, str], BrowserLine] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _watched: bool = False

    def join(self, spec: LineSpec) -> BrowserLine:
        """Return the line that a socket carries from now on. Raises: CapacityError, InputError, NotFoundError."""
        spec.check()
        with self._lock:
            line = self._lines.get((spec.call_id, spec.channel))
            if line is not None and line.stream.live():
                self._go_on(line, spec)
            else:
                line = self._open(spec)
            line.connections += 1
            line.heard_at_s = time.monotonic()
            return line

    def leave(self, line: BrowserLine) -> None:
        """Say that a socket is gone; the line waits for another."""
        with self._lock:
            line.connections -= 1
            line.heard_at_s = time.monotonic()

    def finish(self, line: BrowserLine) -> None:
        """End a line at once: somebody pressed stop."""
        with self._lock:
            self._lines = {key: other for key, other in self._lines.items() if other is not line}
        line.stream.finish()

    def _go_on(self, line: BrowserLine, spec: LineSpec) -> None:
        if line.session == spec.session:
            return
        if line.connections and time.monotonic() - line.heard_at_s < TAKE_OVER_AFTER_S:
            raise InputError(
                "该声道已有麦克风", expected="空闲的声道", found="另一个页面正在使用", remedy="请先在那个页面停止"
            )
        line.restart(spec.session, spec.rate_hz)

    def _open(self, spec: LineSpec) -> BrowserLine:
        if len(self._lines) >= self.most:
            raise CapacityError(
                "同时使用的麦克风已满", expected=f"不超过 {self.most} 个", found="已满", remedy="请稍后再试"
            )
        call = CallSpec(call_id=spec.call_id)
        stream = self.board.attach(StreamSpec(PROTOCOL, spec.channel, spec.rate_hz, call, timed=True), None)
        line = BrowserLine(stream, spec.rate_hz, spec.session)
        self._lines[spec.call_id, spec.channel] = line
        if not self._watched:
            self._watched = True
            threading.Thread(target=self._look_after, name="browser-lines", daemon=True).start()
        return line

    def _look_after(self) -> None:
        while True:
            time.sleep(WATCH_S)
            with self._lock:
                lines = list(self._lines.values())
                self._watched = bool(lines)
            if not lines:
                return
            for line in lines:
                silent_s = time.monotonic() - line.heard_at_s
                if not line.stream.live() or silent_s > (self.idle_s if line.connections else self.linger_s):
                    self._end(line)

    def _end(self, line: BrowserLine) -> None:
        try:
            self.finish(line)
        except Exception as error:  # the watch must go on for all other lines
            log.error("microphone not ended", extra={"error": type(error).__name__})
