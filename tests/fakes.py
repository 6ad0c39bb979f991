"""One fake a seam. They are scripted, not patched in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hotline.audio import AudioFrame, AudioGap
from hotline.domain.freeze import FreezeOutcome, FreezeRequest, FreezeStatus
from hotline.domain.risk import EvidenceSpan, Prediction, RiskLevel
from hotline.domain.segment import Transcript, Turn
from hotline.ports import EngineInfo
from hotline.taxonomy import NOT_FRAUD, load_taxonomy

FRAME_S = 0.02
RATE_HZ = 8000


@dataclass
class ScriptedSource:
    """Yields silence for `seconds` on the given channels, as fast as it is read."""

    seconds: float = 1.0
    channels: tuple[str, ...] = ("operator", "caller")
    name: str = "scripted"
    rate_hz: int = RATE_HZ
    gaps: Sequence[AudioGap] = ()
    closed: bool = False
    patient: bool = False

    def frames(self) -> Iterator[AudioFrame | AudioGap]:
        yield from self.gaps
        for index in range(int(self.seconds / FRAME_S)):
            if self.closed:
                return
            for channel in self.channels:
                yield AudioFrame(b"\0" * int(RATE_HZ * FRAME_S) * 2, RATE_HZ, channel, index * FRAME_S)

    def close(self) -> None:
        self.closed = True


@dataclass
class ScriptedSession:
    """Gives out its transcripts one by one, each at the first poll after it was asked for."""

    script: list[Transcript]
    restart_count: int = 0

    def accept(self, frame: AudioFrame) -> None:
        pass

    def end_utterance(self) -> None:
        pass

    def results(self) -> Sequence[Transcript]:
        return [self.script.pop(0)] if self.script else []

    def gaps(self) -> Sequence[AudioGap]:
        return []

    def waiting_s(self) -> float:
        return 0.0

    def room_s(self) -> float:
        return 10.0

    def restarts(self) -> int:
        return self.restart_count

    def finish(self, timeout_s: float = 30.0) -> Sequence[Transcript]:
        rest, self.script = self.script, []
        return rest

    def close(self) -> None:
        pass


@dataclass
class ScriptedRecognizer:
    """Recognises the same transcripts on every call; `open_error` is raised while it is set."""

    transcripts: Sequence[Transcript] = ()
    info: EngineInfo = field(default_factory=lambda: EngineInfo("fake", "scripted", "测试用"))
    open_error: Exception | None = None
    sessions: list[ScriptedSession] = field(default_factory=list)

    def open(self, channel: str) -> ScriptedSession:
        if self.open_error:
            raise self.open_error
        session = ScriptedSession([t for t in self.transcripts if t.channel == channel])
        self.sessions.append(session)
        return session

    def close(self) -> None:
        pass


class KeywordClassifier:
    """Says `authority` with 0.9 once a caller says 安全账户, else `not_fraud`."""

    version = "fake-1"
    labels = load_taxonomy().codes

    def predict(self, calls: Sequence[Sequence[Turn]]) -> list[Prediction]:
        return [self._one(turns) for turns in calls]

    def _one(self, turns: Sequence[Turn]) -> Prediction:
        for index, turn in enumerate(turns):
            start = turn.text.find("安全账户")
            if start >= 0:
                span = EvidenceSpan(index, start, start + 4, "安全账户", 1.0)
                return self._prediction("authority", RiskLevel.HIGH, (span,))
        return self._prediction(NOT_FRAUD, RiskLevel.LOW, ())

    def _prediction(self, label: str, risk: RiskLevel, evidence: tuple[EvidenceSpan, ...]) -> Prediction:
        rest = 0.1 / (len(self.labels) - 1)
        probabilities = {code: 0.9 if code == label else rest for code in self.labels}
        return Prediction(label, 0.9, probabilities, self.version, evidence, risk=risk, reasons=("fake",))


@dataclass
class MemoryGateway:
    """A bank side that stops everything at once and remembers what it was asked."""

    outcomes: dict[str, FreezeOutcome] = field(default_factory=dict)

    def submit(self, request: FreezeRequest) -> FreezeOutcome:
        outcome = FreezeOutcome(FreezeStatus.STOPPED, f"R-{len(self.outcomes) + 1}", stopped_at=request.created_at)
        return self.outcomes.setdefault(request.id, outcome)

    def status(self, request_id: str) -> FreezeOutcome | None:
        return self.outcomes.get(request_id)


class NullRecordings:
    """Keeps no audio."""

    def open(self, call_id: str, channels: Sequence[str], rate_hz: int) -> NullRecordings:
        return self

    def write(self, frame: AudioFrame) -> None:
        pass

    def close(self) -> None:
        pass

    def paths(self, call_id: str) -> dict[str, str]:
        return {}

    def swap(self, call_id: str) -> None:
        pass


def said(channel: str, text: str, start_s: float, *, final: bool = True) -> Transcript:
    """A transcript of two seconds."""
    return Transcript(channel, text, start_s, start_s + 2.0, is_final=final)
