"""The seams. Adapters implement these; `hotline.bootstrap` alone wires them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hotline.audio import AudioFrame, AudioGap, AudioItem
from hotline.domain.call import Call
from hotline.domain.entities import Entity
from hotline.domain.freeze import FreezeOutcome, FreezeRequest, FreezeStatus
from hotline.domain.risk import Prediction
from hotline.domain.segment import Segment, Transcript, Turn
from hotline.events import CallEvent, EventType
from hotline.integration_ports import IntegrationUnitOfWork
from hotline.job_ports import JobUnitOfWork
from hotline.review_ports import ReviewUnitOfWork
from hotline.search_ports import SearchUnitOfWork
from hotline.second_pass_ports import SecondPassUnitOfWork
from hotline.training_ports import TrainingUnitOfWork


class AudioSource(Protocol):
    """Yields the frames of one call, in order per channel; live sources may yield gaps and ends."""

    name: str
    channels: tuple[str, ...]
    """Those known at the start; a live source may add the other one later."""
    rate_hz: int
    patient: bool
    """The audio can wait, as a file can: when recognition lags it is read later, and nothing is dropped."""

    def frames(self) -> Iterator[AudioItem]:
        """Yield 20 ms frames until the audio ends. Raises: AudioError, DeviceError."""

    def close(self) -> None:
        """Stop; `frames` then ends soon. May be called from another thread, and twice."""


@dataclass(frozen=True)
class EngineInfo:
    """Which recogniser runs, and why it was chosen."""

    engine: str
    """`vosk`, `whisper` or `off`."""
    model: str
    reason: str
    """One sentence for people."""
    rate_hz: int = 16000


class Recognizer(Protocol):
    """A speech recogniser shared by all calls of this process; it works in processes of its own."""

    info: EngineInfo

    def open(self, channel: str) -> RecognizerSession:
        """Start recognising one channel. Raises: CapacityError, RecognizerError."""

    def close(self) -> None:
        """Stop the worker processes."""


class RecognizerSession(Protocol):
    """One channel's recognition. Frames of any rate are accepted; results carry call time."""

    def accept(self, frame: AudioFrame) -> None:
        """Queue speech. Does not block; when the worker lags too far the oldest audio is dropped."""

    def end_utterance(self) -> None:
        """Say that speech paused, so that what was heard becomes final."""

    def results(self) -> Sequence[Transcript]:
        """Return what has been recognised since the last call, without waiting."""

    def gaps(self) -> Sequence[AudioGap]:
        """Return audio that was dropped since the last call."""

    def waiting_s(self) -> float:
        """Return the seconds of audio that wait to be decoded."""

    def room_s(self) -> float:
        """Return the seconds of audio that can still be queued before any is dropped."""

    def restarts(self) -> int:
        """Number of times that the worker behind this session was replaced."""

    def finish(self, timeout_s: float = 30.0) -> Sequence[Transcript]:
        """End the audio and return the remaining transcripts."""

    def close(self) -> None:
        """Drop the session without waiting."""


class Classifier(Protocol):
    """Labels calls. Thread-safe."""

    version: str
    labels: tuple[str, ...]

    def predict(self, calls: Sequence[Sequence[Turn]]) -> list[Prediction]:
        """Return one prediction for each call so far (a sequence of turns). Raises: ModelError."""


@dataclass(frozen=True)
class User:
    """Somebody who may log in."""

    id: str
    username: str
    display_name: str
    role: str
    """operator, supervisor, trainer, reviewer or admin."""
    password_hash: str
    active: bool = True
    failed_logins: int = 0
    locked_until: datetime | None = None


@dataclass(frozen=True)
class OutboxMessage:
    """Something that must be sent at least once."""

    id: int
    kind: str
    """`freeze` or `webhook`."""
    key: str
    """Idempotency key: the id of the request or of the delivery."""
    attempts: int
    due_at: datetime


class UnitOfWork(
    JobUnitOfWork,
    IntegrationUnitOfWork,
    ReviewUnitOfWork,
    SearchUnitOfWork,
    SecondPassUnitOfWork,
    TrainingUnitOfWork,
    Protocol,
):
    """One database transaction. Everything read and written through it is atomic."""

    def add_call(self, call: Call) -> None:
        """Store a new call."""

    def call(self, call_id: str) -> Call:
        """Return a call. Raises: NotFoundError."""

    def save_call(self, call: Call) -> None:
        """Store the changed call. Raises: NotFoundError."""

    def calls(
        self, *, live: bool | None = None, limit: int = 100, of_operator: str | None = None, with_freeze: bool = False
    ) -> list[Call]:
        """Return calls, newest first; `of_operator` gives his own and those that nobody has taken."""

    def add_segment(self, segment: Segment) -> None:
        """Store a final segment and make it findable."""

    def segments(self, call_id: str) -> list[Segment]:
        """Return the segments of a call in the order of their start, with corrections applied."""

    def replace_entities(self, call_id: str, entities: Sequence[Entity]) -> None:
        """Make `entities` the entities of the call."""

    def entities(self, call_id: str) -> list[Entity]:
        """Return the entities of a call."""

    def add_prediction(self, call_id: str, segment_id: str | None, prediction: Prediction) -> None:
        """Store a prediction with the model that made it."""

    def latest_prediction(self, call_id: str) -> Prediction | None:
        """Return the newest prediction of a call."""

    def add_correction(self, call_id: str, user_id: str, label: str, model_label: str | None) -> None:
        """Store an operator's label: it becomes training data."""

    def add_freeze(self, request: FreezeRequest) -> bool:
        """Store a new request; False when one with this id is stored already (a repeated click)."""

    def freeze(self, request_id: str) -> FreezeRequest:
        """Return a request. Raises: NotFoundError."""

    def save_freeze(self, request: FreezeRequest) -> FreezeRequest:
        """Store the changed request and return it with its new version. Raises: StateError when stale."""

    def freezes(
        self, *, call_id: str | None = None, status: FreezeStatus | None = None, limit: int = 100
    ) -> list[FreezeRequest]:
        """Return requests, newest first."""

    def stops_of_account(self, account: str) -> int:
        """Return how many requests on this account ended in a stop, across all calls."""

    def freezes_on_account(self, account: str) -> list[FreezeRequest]:
        """Return the requests on this account that ended in a stop, newest first."""

    def enqueue(self, kind: str, key: str, due_at: datetime) -> None:
        """Put a message into the outbox."""

    def claim_due(self, kind: str, now: datetime, worker: str, lease_s: float, limit: int) -> list[OutboxMessage]:
        """Claim due messages of a kind for `lease_s`; no two workers get the same one at the same time."""

    def complete(self, message_id: int) -> None:
        """Take a message out of the outbox."""

    def reschedule(self, message_id: int, due_at: datetime, error: str) -> None:
        """Release a claimed message to be tried again at `due_at`."""

    def append_event(self, call_id: str, event_type: EventType, data: dict[str, Any]) -> CallEvent:
        """Number and store an event of a call. It is published when the transaction has committed."""

    def user(self, user_id: str) -> User | None:
        """Return a user by id."""

    def user_by_name(self, username: str) -> User | None:
        """Return a user by log-in name."""

    def users(self) -> list[User]:
        """Return all users by name."""

    def save_user(self, user: User) -> None:
        """Store a new or changed user."""

    def audit(self, actor: str, action: str, target: str, detail: str = "", ok: bool = True) -> None:
        """Append to the hash-chained audit trail. `detail` must hold no personal data."""

    def audit_trail(self, limit: int = 200, before: int | None = None) -> list[dict[str, Any]]:
        """Return the newest audit rows, of those with an id below `before` if given."""


class Store(Protocol):
    """The database."""

    def transaction(self) -> AbstractContextManager[UnitOfWork]:
        """Open a transaction: commits on leaving, rolls back on an error, then publishes its events."""

    def events_after(self, call_id: str, seq: int, limit: int = 1000) -> list[CallEvent]:
        """Return stored events of a call with a number above `seq`, in order."""

    def close(self) -> None:
        """Release connections."""


class EventBus(Protocol):
    """Carries events to consoles. Bounded; it may lose events, it never blocks."""

    def publish(self, event: CallEvent) -> None:
        """Hand an event to all subscribers."""

    def subscribe(self, call_id: str | None = None) -> Subscription:
        """Listen to one call, or to all with None."""

    def close(self) -> None:
        """Release resources."""


class Subscription(Protocol):
    """One listener's bounded queue."""

    def get(self, timeout_s: float) -> CallEvent | None:
        """Return the next event, or None after `timeout_s`."""

    def close(self) -> None:
        """Stop listening."""


class FreezeGateway(Protocol):
    """The bank side. Idempotent on the request id. Raises: GatewayError."""

    def submit(self, request: FreezeRequest) -> FreezeOutcome:
        """Send a request and return its outcome, or status SENT when the outcome comes later."""

    def status(self, request_id: str) -> FreezeOutcome | None:
        """Return the outcome, SENT while it is pending, None when the bank side never got the request."""


class Recording(Protocol):
    """The crash-safe recording of one call, a file a channel."""

    def write(self, frame: AudioFrame) -> None:
        """Append a frame; time that was not heard becomes silence."""

    def close(self) -> None:
        """Finish the files."""


class RecordingStore(Protocol):
    """Where recordings live."""

    def open(self, call_id: str, channels: Sequence[str], rate_hz: int) -> Recording:
        """Start recording a call."""

    def paths(self, call_id: str) -> dict[str, str]:
        """Return the file of each channel that has one."""

    def swap(self, call_id: str) -> None:
        """Let the files of operator and caller change places; a swap that was cut off is finished first."""


Clock = Callable[[], datetime]
