"""A call and the decisions taken on it as it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from hotline.domain.risk import Prediction, RiskLevel
from hotline.errors import StateError
from hotline.taxonomy import NOT_FRAUD

RISK_ORDER = (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.URGENT)


class CallState(StrEnum):
    """States of a call; `interrupted` is a live call whose process died."""

    LIVE = "live"
    ENDED = "ended"
    INTERRUPTED = "interrupted"


class Disposition(StrEnum):
    """The one main outcome of a call (domain rules, section 5)."""

    DISSUADED = "dissuaded"
    INTERCEPTED = "intercepted"
    CONSULTED = "consulted"
    GUIDED = "guided"
    REPORTED = "reported"
    OTHER = "other"
    """None of the five: wrong number, nuisance, line lost; a side code says which."""


@dataclass(frozen=True)
class SafetyFacts:
    """Answers to the two questions that come first; None is 'not asked yet'."""

    money_gone: bool | None = None
    being_coached: bool | None = None


@dataclass(frozen=True)
class Call:
    """One phone call."""

    id: str
    source: str
    """Where its audio comes from: file, microphone, vosk_ws, manual and so on."""
    started_at: datetime
    state: CallState = CallState.LIVE
    operator_id: str | None = None
    caller_number: str = ""
    external_id: str = ""
    direction: str = ""
    """`inbound` or `outbound`, empty when nobody said."""
    layout: str = ""
    """`LAYOUT_TWO`, `LAYOUT_SINGLE`, or empty for live calls, whose streams say who is heard."""
    engine: str = ""
    """Recognition engine, for example `vosk` or `whisper`; empty when recognition is off."""
    model_version: str = ""
    """The classifier that this call began with and keeps; empty for the shipped one."""
    label: str | None = None
    """Scam type shown on the console: the operator's correction if there is one, else the model's."""
    label_probability: float = 0.0
    label_source: str = ""
    """`model` or `operator`."""
    pending_label: str | None = None
    """A label that the model has just begun to prefer (hysteresis)."""
    pending_count: int = 0
    risk: RiskLevel | None = None
    facts: SafetyFacts = field(default=SafetyFacts())
    disposition: Disposition | None = None
    at_risk_fen: int = 0
    """Money at risk: the largest amount heard until the operator's wrap-up says it."""
    note: str = ""
    duration_s: float = 0.0
    ended_at: datetime | None = None

    def ended(self, state: CallState, at: datetime, duration_s: float) -> Call:
        """Return the call closed. Raises: StateError unless it is live."""
        if self.state is not CallState.LIVE:
            raise StateError("通话已经结束", expected="live", found=self.state, remedy="请刷新通话列表")
        return replace(self, state=state, ended_at=at, duration_s=duration_s)

    def corrected(self, label: str) -> Call:
        """Return the call with the operator's label, which the model no longer changes."""
        return replace(self, label=label, label_source="operator", label_probability=1.0, pending_label=None)

    def answering(self, facts: SafetyFacts) -> Call:
        """Return the call with the operator's answers; a yes raises the risk level, a no never lowers it."""
        if facts.being_coached:
            offered = RiskLevel.URGENT
        elif facts.money_gone:
            offered = RiskLevel.HIGH
        else:
            return replace(self, facts=facts)
        return replace(self, facts=facts, risk=_higher(self.risk, offered))

    def heard_anew(self) -> Call:
        """Return the call before the model's first word, for when its words have changed; people's words stand."""
        if self.label_source == "operator":
            return self
        fresh = replace(
            self, label=None, label_probability=0.0, label_source="", pending_label=None, pending_count=0, risk=None
        )
        return fresh.answering(self.facts)

    def observing(self, prediction: Prediction) -> Call:
        """Return the call after a prediction: label with hysteresis, and the risk level that goes with it.

        A new label replaces the shown one when it is surer than `SWITCH_AT_ONCE`, or when it has led for
        `SWITCH_AFTER` predictions in a row. An unsure prediction never replaces a shown label. An
        operator's correction always stands.
        """
        if self.label_source == "operator":
            return self._with_risk(prediction)
        if prediction.label == self.label:
            kept = replace(self, label_probability=prediction.probability, pending_label=None, pending_count=0)
            return kept._with_risk(prediction)
        if prediction.unsure:
            return self
        count = self.pending_count + 1 if prediction.label == self.pending_label else 1
        if prediction.probability >= SWITCH_AT_ONCE or count >= SWITCH_AFTER:
            shown = replace(
                self,
                label=prediction.label,
                label_probability=prediction.probability,
                label_source="model",
                pending_label=None,
                pending_count=0,
            )
            return shown._with_risk(prediction)
        return replace(self, pending_label=prediction.label, pending_count=count)

    def _with_risk(self, prediction: Prediction) -> Call:
        """Raise the level at once; lower it only when the shown label says that there is no fraud."""
        if self.label == NOT_FRAUD and prediction.label == NOT_FRAUD:
            return replace(self, risk=prediction.risk).answering(self.facts)
        return replace(self, risk=_higher(self.risk, prediction.risk))


def _higher(current: RiskLevel | None, offered: RiskLevel) -> RiskLevel:
    return offered if current is None else max(current, offered, key=RISK_ORDER.index)


LAYOUT_TWO = "two_channel"
"""Each side is on a channel of its own."""
LAYOUT_SINGLE = "single_speaker"
"""One channel: who speaks is not told apart, everything counts as one side's."""
SWITCH_AT_ONCE = 0.65
SWITCH_AFTER = 2
