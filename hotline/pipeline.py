"""One call's audio on its way to text: source -> recording -> VAD gate -> recogniser -> handlers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from hotline import commands, handlers
from hotline.audio import AudioFrame, AudioGap, AudioItem, ChannelEnd, UtteranceEnd
from hotline.digit_sounds import is_dictation
from hotline.domain.segment import Transcript
from hotline.errors import CapacityError, HotlineError, RecognizerError
from hotline.events import CallEvent, EventType
from hotline.hub import Hub
from hotline.ports import AudioSource, RecognizerSession, Recording
from hotline.second_pass import order_after_call
from hotline.vad import ROOM_S, GateSettings, VadGate

log = logging.getLogger(__name__)

REOPEN_AFTER_S = 5.0
FILE_TRIES = 3
"""How often a file asks for a recogniser; each time waits until the recogniser gives up getting ready."""
WAIT_S = 0.02
COMMIT_ATTEMPTS = 20
COMMIT_PAUSE_S = 0.25


class CallListener(Protocol):
    """A peer that wants to hear what its audio became. Called from the call's threads; must not block."""

    def transcript(self, transcript: Transcript) -> None:
        """Take a partial or final transcript."""

    def channel_ended(self, channel: str) -> None:
        """Know that all that was said on the channel has been transcribed."""

    def call_ended(self) -> None:
        """Know that nothing more comes."""


class CallPipeline:
    """Drives one call from its first frame to its end. `run` blocks; give it a thread of its own.

    A failing recogniser, recording or store never ends the call: audio keeps flowing, the console is told,
    and the operator goes on by hand.
    """

    def __init__(self, hub: Hub, call_id: str, source: AudioSource, listener: CallListener | None = None) -> None:
        self.hub = hub
        self.call_id = call_id
        self.source = source
        self._listener = listener
        self._gates = {channel: self._new_gate(channel) for channel in source.channels}
        self._endings: list[threading.Thread] = []
        self._sessions: dict[str, RecognizerSession] = {}
        self._restarts = 0
        self._reopen_at = 0.0
        self.recognition_problem = ""
        """Why recognition was away for a part of the call, for the user; empty when it was not."""
        self._heard_s = 0.0
        self._partials: dict[str, str] = {}

    def run(self) -> None:
        """Process the call until its audio ends, then close it."""
        recording = self.hub.recordings.open(self.call_id, self.source.channels, self.source.rate_hz)
        try:
            self._begin_recognition()
            for item in self.source.frames():
                self._take(item, recording)
        except HotlineError as error:
            log.warning("audio ended early", extra={"call_id": self.call_id, "error": type(error).__name__})
            handlers.add_note(self.hub, commands.AddNote(self.call_id, "system", str(error)))
        finally:
            recording.close()
            self._finish()

    def _take(self, item: AudioItem, recording: Recording) -> None:
        if isinstance(item, AudioFrame):
            self._hear(item, recording)
        elif isinstance(item, AudioGap):
            handlers.report_gap(self.hub, self.call_id, item.channel, item.start_s, item.end_s)
        elif isinstance(item, ChannelEnd):
            self._end_channel(item.channel)
        elif isinstance(item, UtteranceEnd):
            self._end_utterance(item.channel)
        else:
            self._look_for_results()

    def _new_gate(self, channel: str) -> VadGate:
        pause_s = self.hub.config.number("asr_pause_s")
        return VadGate(channel, settings=GateSettings(hang_over_ms=1000 * pause_s) if pause_s else None)

    def _hear(self, frame: AudioFrame, recording: Recording) -> None:
        recording.write(frame)
        self._heard_s = max(self._heard_s, frame.end_s)
        self._recover()
        if frame.channel not in self._gates:
            self._add_channel(frame.channel)
        gate = self._gates[frame.channel].push(frame)
        session = self._sessions.get(frame.channel)
        if session is None:
            return
        try:
            for speech in gate.frames:
                session.accept(speech)
            if gate.utterance_ended:
                session.end_utterance()
            self._deliver(session.results())
            while self.source.patient and session.room_s() < ROOM_S:
                time.sleep(WAIT_S)
                self._deliver(session.results())
            for gap in session.gaps():
                handlers.report_gap(self.hub, self.call_id, gap.channel, gap.start_s, gap.end_s)
            self._report_restarts()
        except RecognizerError as error:
            self._lose_recognizer(str(error))

    def _add_channel(self, channel: str) -> None:
        """Begin to follow a channel that joined later; the others go on when there is no room for it."""
        self._gates[channel] = self._new_gate(channel)
        if self.hub.recognizer is None or self._reopen_at:
            return
        try:
            self._sessions[channel] = self.hub.recognizer.open(channel)
        except (CapacityError, RecognizerError) as error:
            if not self._sessions:
                self._lose_recognizer(str(error))
                return
            handlers.report_recognizer(self.hub, self.call_id, "unavailable", self.hub.recognizer_info, str(error))

    def _end_utterance(self, channel: str) -> None:
        """Let what was heard become final, and hear what follows as a new utterance."""
        if gate := self._gates.get(channel):
            gate.end()
        if session := self._sessions.get(channel):
            try:
                session.end_utterance()
            except RecognizerError as error:
                self._lose_recognizer(str(error))

    def _end_channel(self, channel: str) -> None:
        """Take in the last words of a channel without holding up the others."""
        self._gates.pop(channel, None)
        session = self._sessions.pop(channel, None)
        thread = threading.Thread(target=self._finish_channel, args=(channel, session), daemon=True)
        self._endings.append(thread)
        thread.start()

    def _look_for_results(self) -> None:
        try:
            for session in list(self._sessions.values()):
                self._deliver(session.results())
        except RecognizerError as error:
            self._lose_recognizer(str(error))

    def _begin_recognition(self) -> None:
        """Open the sessions; a file waits for a recogniser that is not ready yet, a live call does not."""
        for _ in range(FILE_TRIES if self.source.patient else 1):
            self._reopen_at = 0.0
            self._open_sessions()
            if self._sessions or self.hub.recognizer is None:
                self.recognition_problem = ""
                return
            time.sleep(WAIT_S)

    def _open_sessions(self) -> None:
        """Open one session a channel, or say on the console why there is none."""
        info = self.hub.recognizer_info
        if self.hub.recognizer is None:
            handlers.report_recognizer(self.hub, self.call_id, "off", info, info.reason)
            return
        try:
            for channel in self._gates:
                self._sessions[channel] = self.hub.recognizer.open(channel)
        except (CapacityError, RecognizerError) as error:
            self._lose_recognizer(str(error))
            return
        self._restarts = 0
        handlers.report_recognizer(self.hub, self.call_id, "ok", info, info.reason)

    def _lose_recognizer(self, reason: str) -> None:
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()
        self._reopen_at = time.monotonic() + REOPEN_AFTER_S
        self.recognition_problem = reason
        handlers.report_recognizer(self.hub, self.call_id, "unavailable", self.hub.recognizer_info, reason)

    def _recover(self) -> None:
        """Try again, now and then, to open sessions that were lost."""
        if self._sessions or not self._reopen_at or time.monotonic() < self._reopen_at:
            return
        self._reopen_at = 0.0
        self._open_sessions()

    def _report_restarts(self) -> None:
        restarts = max(session.restarts() for session in self._sessions.values())
        if restarts > self._restarts:
            self._restarts = restarts
            reason = "识别进程已自动更换，最近的话语可能缺失"
            handlers.report_recognizer(self.hub, self.call_id, "ok", self.hub.recognizer_info, reason)

    def _deliver(self, transcripts: Sequence[Transcript]) -> None:
        for transcript in transcripts:
            if transcript.is_final:
                self._partials.pop(transcript.channel, None)
                if transcript.text:
                    self._commit(transcript)
            elif transcript.text != self._partials.get(transcript.channel):
                self._partials[transcript.channel] = transcript.text
                if gate := self._gates.get(transcript.channel):
                    gate.dictation = gate.dictation or is_dictation(transcript.text)
                self._publish_partial(transcript)
            if self._listener:
                self._listener.transcript(transcript)

    def _commit(self, transcript: Transcript) -> None:
        """Store a final segment; a store that is busy or away is tried again for some seconds."""
        engine = self.hub.recognizer_info.engine
        for attempt in range(COMMIT_ATTEMPTS):
            try:
                handlers.record_segment(self.hub, self.call_id, transcript, engine)
                return
            except Exception as error:  # whatever the database driver raises
                log.error("segment not stored yet", extra={"call_id": self.call_id, "error": type(error).__name__})
                if attempt == COMMIT_ATTEMPTS - 1:
                    raise
                time.sleep(COMMIT_PAUSE_S)

    def _publish_partial(self, transcript: Transcript) -> None:
        data = {
            "channel": transcript.channel,
            "text": transcript.text,
            "start_s": transcript.start_s,
            "end_s": transcript.end_s,
        }
        self.hub.bus.publish(CallEvent(self.call_id, 0, EventType.PARTIAL, self.hub.clock(), data))

    def _finish(self) -> None:
        """Take in the last words, let the last prediction be made, close the call."""
        for channel in list(self._gates):
            self._end_channel(channel)
        for thread in self._endings:
            thread.join()
        self.hub.decider.drain(self.call_id)
        handlers.end_call(self.hub, commands.EndCall(self.call_id, "system"), self._heard_s)
        order_after_call(self.hub, self.call_id)

    def _finish_channel(self, channel: str, session: RecognizerSession | None) -> None:
        try:
            if session:
                self._deliver(session.finish())
        except Exception as error:  # the other channel must go on, and the peer must be told
            log.warning("last words lost", extra={"call_id": self.call_id, "error": type(error).__name__})
        finally:
            if session:
                session.close()
            if self._listener:
                self._listener.channel_ended(channel)
