"""The calls that run in this process."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from hotline import commands, handlers
from hotline.domain.call import Call
from hotline.errors import CapacityError
from hotline.hub import Hub
from hotline.pipeline import CallListener, CallPipeline
from hotline.ports import AudioSource
from hotline.refused import RefusedCalls
from hotline.sample import SAMPLE_CALL

log = logging.getLogger(__name__)


class LiveCalls:
    """Starts, follows and stops call pipelines, each in a thread of its own."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._sources: dict[str, AudioSource] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._refused = RefusedCalls(hub)
        self._lock = threading.Lock()

    def start(
        self,
        source: AudioSource,
        operator_id: str | None = None,
        caller_number: str = "",
        external_id: str = "",
        *,
        call: Call | None = None,
        listener: CallListener | None = None,
    ) -> Call:
        """Open a call on a source, or give its audio to a `call` that is open, and return at once.

        Beyond the limit a telephone's call (one with a listener) is opened all the same, to be worked on by hand.
        Raises: CapacityError.
        """
        limit = self._hub.config.integer("max_calls")
        command = commands.StartCall(source.name, operator_id, caller_number, external_id)
        with self._lock:
            call = call or (self._refused.known(external_id) if external_id else None)
            if len(self._threads) >= limit:
                source.close()
                error = CapacityError(
                    "同时识别的通话已满",
                    expected=f"不超过 {limit} 路",
                    found=f"{len(self._threads)} 路",
                    remedy="请稍后再试，或以手工方式记录",
                )
                if listener:
                    self._refused.take(call, command, error)
                raise error
            call = call or handlers.start_call(self._hub, command)
            arguments = (call.id, source, listener)
            thread = threading.Thread(target=self._run, args=arguments, name=f"call-{call.id[:8]}", daemon=True)
            self._sources[call.id] = source
            self._threads[call.id] = thread
        thread.start()
        return call

    def start_file(self, path: Path, *, realtime: bool, operator_id: str | None = None) -> Call:
        """Play a file as a call. Raises: AudioError, CapacityError."""
        from hotline.sources.file import FileSource

        return self.start(FileSource(path, realtime=realtime), operator_id)

    def start_sample(self, operator_id: str | None = None) -> Call:
        """Play the shipped synthetic call at real speed."""
        return self.start_file(SAMPLE_CALL, realtime=True, operator_id=operator_id)

    def start_microphone(
        self, *, backend: str = "sounddevice", device: str | None = None, operator_id: str | None = None
    ) -> Call:
        """Listen to a sound device of this machine. Raises: DeviceError, CapacityError."""
        from hotline.sources.microphone import MicrophoneSource

        return self.start(MicrophoneSource(backend=backend, device=device), operator_id)

    def running(self) -> list[str]:
        """Return the ids of the calls whose audio is being processed."""
        with self._lock:
            return list(self._threads)

    def stop(self, call_id: str) -> bool:
        """Stop a call's audio; its pipeline then ends the call. False when it does not run here."""
        with self._lock:
            source = self._sources.get(call_id)
        if source is None:
            return False
        source.close()
        return True

    def end(self, call_id: str, actor: str) -> None:
        """End a call on somebody's wish, whether its audio runs here or not. Raises: NotFoundError, StateError."""
        if not self.stop(call_id):
            handlers.end_call(self._hub, commands.EndCall(call_id, actor))

    def wait(self, call_id: str, timeout_s: float | None = None) -> None:
        """Wait until a call has ended."""
        with self._lock:
            thread = self._threads.get(call_id)
        if thread:
            thread.join(timeout_s)

    def close(self) -> None:
        """Stop all calls and wait for their last words."""
        for call_id in self.running():
            self.stop(call_id)
        for call_id in self.running():
            self.wait(call_id, 30)

    def _run(self, call_id: str, source: AudioSource, listener: CallListener | None) -> None:
        try:
            CallPipeline(self._hub, call_id, source, listener).run()
        except Exception as error:  # one call must never take another down
            log.error("call failed", extra={"call_id": call_id, "error": type(error).__name__})
        finally:
            if listener:
                listener.call_ended()
            with self._lock:
                self._sources.pop(call_id, None)
                self._threads.pop(call_id, None)
