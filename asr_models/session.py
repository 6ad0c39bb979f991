"""One channel's audio between a call and a worker: what must be sent, what is not decided yet, what came back."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from hotline.audio import AudioFrame, AudioGap
from hotline.domain.segment import Transcript
from hotline.errors import RecognizerError

WINDOW_S = 1.0
"""Audio that a worker may hold unheard; the rest waits here, where it can be dropped."""
SAME_PLACE_S = 0.001


@dataclass(frozen=True)
class Item:
    """A frame, or the end of an utterance (None), with its number."""

    seq: int
    frame: AudioFrame | None

    @property
    def duration_s(self) -> float:
        """Seconds of audio."""
        return self.frame.duration_s if self.frame else 0.0


class Supervision:
    """What a session needs of its worker."""

    changed: threading.Condition
    """Guards the sessions of one worker."""

    def check(self) -> None:
        """Raise: RecognizerError when the worker was given up."""
        raise NotImplementedError

    def forget(self, session: WorkerSession) -> None:
        """Stop serving a session."""
        raise NotImplementedError


class WorkerSession:
    """Implements `hotline.ports.RecognizerSession`. The underscore-free methods below `close` are the worker's.

    Items are unsent, then unheard (sent, not decoded), then undecided (decoded, but no final result covers them).
    All three are fed again when the worker is replaced.
    """

    def __init__(self, worker: Supervision, session_id: int, channel: str, max_lag_s: float) -> None:
        self.id = session_id
        self.channel = channel
        self.opened = False
        self._worker = worker
        self._max_lag_s = max_lag_s
        self._unsent: deque[Item] = deque()
        self._unheard: deque[Item] = deque()
        self._undecided: deque[Item] = deque()
        self._unsent_s = self._unheard_s = 0.0
        self._fed_again_s = 0.0
        """Audio that waits because a worker died; it is not counted as lag."""
        self._seq = self._decided_seq = 0
        self._results: deque[Transcript] = deque()
        self._gaps: deque[AudioGap] = deque()
        self._restarts = 0

    def accept(self, frame: AudioFrame) -> None:
        """Queue speech; when the worker lags too far the oldest audio that it has not got yet is dropped.

        Raises: RecognizerError when there is no worker any more.
        """
        self._worker.check()
        with self._worker.changed:
            self._append(frame)
            while self._unsent and self._room_s() < 0:
                self._drop(self._take_unsent())
            self._worker.changed.notify_all()

    def end_utterance(self) -> None:
        """Say that speech paused, so that what was heard becomes final."""
        with self._worker.changed:
            self._append(None)
            self._worker.changed.notify_all()

    def results(self) -> Sequence[Transcript]:
        """Return what has been recognised since the last call. Raises: RecognizerError."""
        with self._worker.changed:
            found = tuple(self._results)
            self._results.clear()
        if not found:
            self._worker.check()
        return found

    def gaps(self) -> Sequence[AudioGap]:
        """Return the audio that was dropped since the last call."""
        with self._worker.changed:
            found = tuple(self._gaps)
            self._gaps.clear()
        return found

    def waiting_s(self) -> float:
        """Return the seconds of audio that wait to be decoded."""
        with self._worker.changed:
            return self._unsent_s + self._unheard_s

    def room_s(self) -> float:
        """Return the seconds of audio that `accept` can still queue before it drops any."""
        with self._worker.changed:
            return self._room_s()

    def restarts(self) -> int:
        """Number of times that the worker behind this session was replaced."""
        return self._restarts

    def finish(self, timeout_s: float = 30.0) -> Sequence[Transcript]:
        """End the audio and return the remaining transcripts. Raises: RecognizerError, also after the time-out."""
        self.end_utterance()
        with self._worker.changed:
            done = self._worker.changed.wait_for(lambda: self._decided_seq >= self._seq or self._failed(), timeout_s)
        if not done:
            raise RecognizerError(
                "识别没有按时结束", expected=f"{timeout_s:.0f} 秒内", found="超时", remedy="可在通话后重新转写"
            )
        return self.results()

    def close(self) -> None:
        """Drop the session without waiting."""
        self._worker.forget(self)

    def next_to_send(self) -> Item | None:
        """Return the next item when the worker may have it."""
        if not self._unsent or self._unheard_s >= WINDOW_S:
            return None
        item = self._take_unsent()
        self._unheard.append(item)
        self._unheard_s += item.duration_s
        return item

    def owes_answer(self) -> bool:
        """Say whether the worker holds something that it has not decoded."""
        return bool(self._unheard)

    def heard(self, seq: int) -> bool:
        """Note how far the worker has decoded; True when that is farther than before."""
        before = len(self._unheard)
        while self._unheard and self._unheard[0].seq <= seq:
            item = self._unheard.popleft()
            self._unheard_s -= item.duration_s
            self._undecided.append(item)
        self._fed_again_s = min(self._fed_again_s, self._unsent_s + self._unheard_s)
        return len(self._unheard) < before

    def decoded(self, transcripts: Sequence[Transcript], decided_seq: int | None) -> None:
        """Take the result of a job, and forget the audio that it decided."""
        self._results.extend(transcripts)
        if decided_seq is None:
            return
        self.heard(decided_seq)
        self._decided_seq = max(decided_seq, self._decided_seq)
        while self._undecided and self._undecided[0].seq <= decided_seq:
            self._undecided.popleft()

    def feed_again(self, *, skip: bool) -> None:
        """Prepare for a new worker: all undecided audio goes first, or nothing of it when workers died on it."""
        held = [*self._undecided, *self._unheard]
        self._undecided.clear()
        self._unheard.clear()
        self._unheard_s = 0.0
        self.opened = False
        self._restarts += 1
        if skip:
            for item in held:
                self._drop(item)
            self._decided_seq = held[-1].seq if held else self._decided_seq
        else:
            self._unsent.extendleft(reversed(held))
            self._unsent_s += sum(item.duration_s for item in held)
            self._fed_again_s = self._unsent_s

    def _room_s(self) -> float:
        return self._max_lag_s + self._fed_again_s - self._unsent_s - self._unheard_s

    def _append(self, frame: AudioFrame | None) -> None:
        self._seq += 1
        item = Item(self._seq, frame)
        self._unsent.append(item)
        self._unsent_s += item.duration_s

    def _take_unsent(self) -> Item:
        item = self._unsent.popleft()
        self._unsent_s -= item.duration_s
        return item

    def _failed(self) -> bool:
        try:
            self._worker.check()
        except RecognizerError:
            return True
        return False

    def _drop(self, item: Item) -> None:
        """Note dropped audio as a gap, joined to the one before where they touch."""
        if item.frame is None:
            return
        start_s = item.frame.start_s
        if self._gaps and abs(self._gaps[-1].end_s - start_s) < SAME_PLACE_S:
            start_s = self._gaps.pop().start_s
        self._gaps.append(AudioGap(self.channel, start_s, item.frame.end_s))
