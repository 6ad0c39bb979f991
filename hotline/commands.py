"""What people and peers ask for. One handler each, in `hotline.handlers`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hotline.domain.freeze import FreezeFields
from hotline.domain.review import Answer


@dataclass(frozen=True)
class StartCall:
    """Open a call."""

    source: str
    operator_id: str | None = None
    caller_number: str = ""
    external_id: str = ""
    direction: str = ""
    layout: str = ""


@dataclass(frozen=True)
class EndCall:
    """Close a live call."""

    call_id: str
    actor: str


@dataclass(frozen=True)
class AnswerFacts:
    """Record the operator's answers to the two safety questions; None clears an answer."""

    call_id: str
    actor: str
    money_gone: bool | None
    being_coached: bool | None


@dataclass(frozen=True)
class CorrectLabel:
    """The operator says which scam type it is."""

    call_id: str
    actor: str
    label: str


@dataclass(frozen=True)
class SwapChannels:
    """The two sides of a finished call were taken for one another."""

    call_id: str
    actor: str


@dataclass(frozen=True)
class AddNote:
    """The operator writes a line by hand: a remark, or words typed while recognition is down."""

    call_id: str
    actor: str
    text: str


@dataclass(frozen=True)
class TypeSegment:
    """The operator types what was said, for when recognition is off; it is classified like speech."""

    call_id: str
    actor: str
    channel: str
    text: str


@dataclass(frozen=True)
class RequestFreeze:
    """Send a payment-stop request. `request_id` comes from the browser: a repeated click is one request."""

    request_id: str
    call_id: str | None
    actor: str
    fields: FreezeFields


@dataclass(frozen=True)
class AmendFreeze:
    """Correct a mismatched request: a new request that replaces it."""

    request_id: str
    replaces: str
    actor: str
    fields: FreezeFields


@dataclass(frozen=True)
class DecideFreeze:
    """A second person lets a payment-stop request go out, or sends it back with a reason."""

    request_id: str
    actor: str
    approved: bool
    reason: str = ""


@dataclass(frozen=True)
class CorrectSegment:
    """Say what was really said, and by whom."""

    call_id: str
    segment_id: str
    actor: str
    text: str
    channel: str


@dataclass(frozen=True)
class CheckQuality:
    """Answer the checklist for a call."""

    call_id: str
    actor: str
    answers: Mapping[str, Answer]
    comment: str = ""


@dataclass(frozen=True)
class SendToTrainer:
    """Ask a trainer to label the call."""

    call_id: str
    actor: str
    comment: str = ""
