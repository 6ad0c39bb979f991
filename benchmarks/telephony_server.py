"""The server of `benchmarks.telephony_load`: the whole console but its pages, with a recogniser that does nothing."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import hotline.vad
from hotline.audio import AudioFrame
from hotline.bootstrap import build_bus, build_store, build_telephony, utc_now
from hotline.config import Config
from hotline.decider import Decider
from hotline.domain.segment import Channel, Transcript
from hotline.events import EventType
from hotline.hub import Hub
from hotline.live import LiveCalls
from hotline.ports import EngineInfo, Recording
from hotline.predicting import predict_call
from hotline.scripts import ScriptLibrary
from hotline.stores.recordings import WavRecordingStore
from hotline.streams import CallSpec
from hotline.switchboard import LiveSwitchboard

RTP_PORTS = "43000-43998"


class NoRecognizer:
    """Hears and says nothing."""

    info = EngineInfo("none", "none", "benchmark")

    def open(self, channel: str) -> NoSession:
        return NoSession()

    def close(self) -> None:
        pass


class NoVoiceActivity:
    """Takes everything for speech, at no cost."""

    def probability(self, window: object) -> float:
        return 1.0

    def reset(self) -> None:
        pass


class NoSession:
    """One channel of it."""

    def accept(self, frame: AudioFrame) -> None:
        pass

    def end_utterance(self) -> None:
        pass

    def results(self) -> Sequence[Transcript]:
        return ()

    def gaps(self) -> Sequence[Any]:
        return ()

    def waiting_s(self) -> float:
        return 0.0

    def room_s(self) -> float:
        return 5.0

    def restarts(self) -> int:
        return 0

    def finish(self, timeout_s: float = 30.0) -> Sequence[Transcript]:
        return ()

    def close(self) -> None:
        pass


class TimedRecordings(WavRecordingStore):
    """Records, and notes when each frame was."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.moments: dict[tuple[str, str], list[float]] = {}

    def open(self, call_id: str, channels: Sequence[str], rate_hz: int) -> Any:
        moments = {channel.value: self.moments.setdefault((call_id, channel.value), []) for channel in Channel}
        return TimedRecording(super().open(call_id, channels, rate_hz), moments)


class TimedRecording:
    """One call."""

    def __init__(self, inner: Recording, moments: dict[str, list[float]]) -> None:
        self._inner = inner
        self._moments = moments

    def write(self, frame: AudioFrame) -> None:
        self._inner.write(frame)
        self._moments[frame.channel].append(time.monotonic())

    def close(self) -> None:
        self._inner.close()


def build_hub(folder: Path, streams: int, **settings: str) -> tuple[Hub, TimedRecordings]:
    """Wire a hub as `hotline.bootstrap` does, without models."""
    config = Config(
        {
            "HOTLINE_DATA_DIR": str(folder),
            "HOTLINE_MAX_CALLS": str(streams + 10),
            "HOTLINE_WEBSOCKET_PORT": "0",
            "HOTLINE_AUDIOSOCKET_PORT": "0",
            "HOTLINE_AUDIOSOCKET_OPERATOR_PORT": "0",
            "HOTLINE_RTP_PORTS": RTP_PORTS,
            "HOTLINE_TELEPHONY_IDLE_S": "5",
            **settings,
        }
    )
    bus, recordings = build_bus(), TimedRecordings(folder / "recordings")
    recognizer = NoRecognizer()
    hub = Hub(
        config, utc_now, build_store(config, bus), bus, recordings, ScriptLibrary.load(),
        recognizer, recognizer.info, None,
    )  # fmt: skip
    hub.decider = Decider(lambda call_id: predict_call(hub, call_id))
    hub.live = LiveCalls(hub)
    hub.switchboard = LiveSwitchboard(hub)
    hub.telephony = build_telephony(config, hub)
    return hub, recordings


def main() -> None:
    """Serve until told to stop, then write what was recorded when."""
    folder, out, protocol, streams = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    if sys.argv[5] == "off":
        hotline.vad.SileroDetector = NoVoiceActivity  # type: ignore[assignment,misc]
    hub, recordings = build_hub(folder, streams)
    assert hub.telephony
    ports: dict[str, Any] = dict(hub.telephony.ports)
    if protocol == "rtp":
        assert hub.rtp
        ports["rtp"] = [hub.rtp.open(CallSpec(external_id(n)), channel(n)) for n in range(streams)]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    print(json.dumps(ports), flush=True)
    stop.wait()
    hub.close()
    save(folder, recordings, out, streams)


def save(folder: Path, recordings: TimedRecordings, out: str, streams: int) -> None:
    """Write when each frame of each stream was recorded, and how many gaps there were."""
    hub, _ = build_hub(folder, streams)
    result: dict[str, Any] = {"gaps": 0}
    with hub.store.transaction() as uow:
        by_id = {call.external_id: call.id for call in uow.calls(limit=2 * streams)}
    for n in range(streams):
        call_id = by_id.get(external_id(n), "")
        result[f"frames_{n}"] = np.array(recordings.moments.get((call_id, channel(n)), []))
        events = hub.store.events_after(call_id, 0, 100000) if call_id and n % 2 == 0 else []
        result["gaps"] += sum(event.type is EventType.AUDIO_GAP for event in events)
    np.savez(out, **result)
    hub.close()


def external_id(n: int) -> str:
    """Return the external id of a stream's call: two streams are one."""
    return f"00000000-0000-4000-8000-{n // 2:012d}"


def channel(n: int) -> str:
    """Return the side of its call that a stream carries."""
    return (Channel.OPERATOR if n % 2 else Channel.CALLER).value


if __name__ == "__main__":
    main()
