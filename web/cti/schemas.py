"""What the API takes and gives. The field descriptions are the API's documentation."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hotline.domain.call import CallState
from hotline.domain.integration import Direction, HookEvent
from hotline.domain.segment import Channel
from hotline.streams import LONGEST_ID, LONGEST_NUMBER

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
NUMBER = r"^[0-9+*# ()-]*$"
ExternalId = Annotated[str, StringConstraints(max_length=LONGEST_ID, pattern=PRINTABLE)]


class Taken(BaseModel):
    """Input: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class CallRequest(Taken):
    """A call that begins."""

    external_id: ExternalId = Field(
        "", description="The telephone system's id of the call. Asking again with the same id gives the same call."
    )
    caller_number: Annotated[str, StringConstraints(max_length=LONGEST_NUMBER, pattern=NUMBER)] = Field(
        "", description="Masked wherever it is shown, never logged."
    )
    operator: ExternalId = Field("", description="User name of the operator; empty when nobody has taken it yet.")
    direction: Direction = Field(Direction.INBOUND, description="Who called whom.")


class CallQuery(Taken):
    """Which calls to list."""

    external_id: ExternalId = Field("", description="Only calls with this id.")
    state: CallState | None = Field(None, description="Only calls in this state.")
    limit: int = Field(50, ge=1, le=100, description="At most so many, newest first.")


class CallAnswer(BaseModel):
    """A call."""

    id: str
    external_id: str
    state: CallState
    direction: str = Field(description="`inbound`, `outbound` or empty.")
    source: str = Field(description="`cti` until audio comes, else the protocol or page that opened the call.")
    operator_id: str | None
    caller_number: str = Field(description="Masked.")
    started_at: str = Field(description="ISO 8601, UTC.")
    ended_at: str | None
    duration_s: float
    label: str | None = Field(description="Code of the scam type that is shown, null while undecided.")
    label_name: str
    risk: str | None = Field(description="紧急, 高, 中 or 低; null while undecided.")


class CallList(BaseModel):
    """Calls, newest first."""

    calls: list[CallAnswer]


class StreamProtocol(StrEnum):
    """Protocols that carry a call's audio to us (docs/telephony.md)."""

    VOSK_WS = "vosk_ws"
    TWILIO = "twilio"
    AUDIOSOCKET = "audiosocket"
    RTP = "rtp"


class StreamRequest(Taken):
    """A stream that the telephone system wants to send."""

    protocol: StreamProtocol
    channel: Channel = Field(Channel.CALLER, description="Whose voice it carries; Twilio's tracks say it themselves.")


class StreamAnswer(BaseModel):
    """Where the stream may be sent."""

    call_id: str
    protocol: StreamProtocol
    channel: Channel
    address: str = Field(description="`ws://…`, `tcp://host:port` or `udp://host:port`.")
    parameters: dict[str, str] = Field(
        description="What must be said on the connection, for example the UUID of AudioSocket or Twilio's parameters."
    )


class SegmentAnswer(BaseModel):
    """One utterance."""

    id: str
    channel: Channel
    text: str
    start_s: float
    end_s: float
    confidence: float
    engine: str


class GapAnswer(BaseModel):
    """Audio that never came."""

    channel: Channel
    start_s: float
    end_s: float


class TranscriptQuery(Taken):
    """How to give the transcript."""

    personal: bool = Field(False, description="Unmasked; needs `personal:read` and is audited.")


class TranscriptAnswer(BaseModel):
    """What was said so far."""

    call_id: str
    state: CallState
    masked: bool
    segments: list[SegmentAnswer]
    gaps: list[GapAnswer]


class EvidenceAnswer(BaseModel):
    """Words that led to the label."""

    text: str
    segment_id: str
    weight: float


class LabelAnswer(BaseModel):
    """The scam type as it stands. The model advises; people decide."""

    call_id: str
    state: CallState
    label: str | None
    label_name: str
    probability: float
    source: str = Field(description="`model`, `operator`, or empty while undecided.")
    risk: str | None
    unsure: bool = Field(description="The model's latest prediction is not sure.")
    stage: str | None
    reasons: list[str]
    evidence: list[EvidenceAnswer]
    model_version: str


class ErrorBody(BaseModel):
    """What went wrong, for people."""

    code: str
    message: str
    expected: str
    found: str
    remedy: str


class ErrorAnswer(BaseModel):
    """Every failure has this shape."""

    error: ErrorBody


class WebhookRequest(Taken):
    """An address that wants to be told."""

    url: str = Field(max_length=500, description="`http://` or `https://`, without user name.")
    events: list[HookEvent] = Field(min_length=1, max_length=len(HookEvent), description="What it is told.")


class WebhookSwitch(Taken):
    """Whether an address is told."""

    active: bool


class WebhookAnswer(BaseModel):
    """A registered address."""

    id: str
    url: str
    events: list[HookEvent]
    active: bool


class NewWebhookAnswer(WebhookAnswer):
    """A registered address with its secret, which is never shown again."""

    secret: str = Field(description="`whsec_` and the key in base64, as standardwebhooks.com has it.")


class WebhookList(BaseModel):
    """All registered addresses."""

    webhooks: list[WebhookAnswer]


class HookData(BaseModel):
    """What a web hook is told of a call: no personal data."""

    call_id: str
    seq: int = Field(description="Number of the event within the call.")
    external_id: str
    direction: str
    state: CallState
    label: str | None
    label_name: str
    label_probability: float
    label_source: str
    risk: str | None
    reasons: list[str] | None = Field(None, description="Only in `call.alert`.")
    duration_s: float | None = Field(None, description="Only in `call.ended`.")


class HookBody(BaseModel):
    """Body of a web hook."""

    type: str
    timestamp: str
    data: HookData
