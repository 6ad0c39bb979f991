"""A classifier's prediction on a call so far, and the risk level that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class RiskLevel(StrEnum):
    """Levels of the national warning scheme, with 紧急 above them (domain rules, section 3)."""

    URGENT = "紧急"
    HIGH = "高"
    MEDIUM = "中"
    LOW = "低"


class Stage(StrEnum):
    """How far a scam has come."""

    CONTACT = "接触"
    TRUST = "建立信任"
    INDUCE = "诱导"
    TRANSFER = "转账"
    EXTRA = "追加"


@dataclass(frozen=True)
class EvidenceSpan:
    """A piece of a turn that drove the label. `start` and `end` count characters of the turn's text."""

    turn: int
    start: int
    end: int
    text: str
    weight: float
    """Share of the label's support that falls on this span, in [0, 1]; higher is stronger."""


@dataclass(frozen=True)
class Prediction:
    """What the classifier says of a call so far."""

    label: str
    probability: float
    probabilities: Mapping[str, float]
    """Calibrated, one per taxonomy code, summing to 1."""
    model_version: str
    evidence: tuple[EvidenceSpan, ...] = ()
    unsure: bool = False
    """True when the model asks not to be relied on: the label is then only the best guess."""
    stage: str | None = None
    stage_probability: float = 0.0
    money_gone: float | None = None
    """Probability in [0, 1] that the victim's money has left; None where the model does not say."""
    coached: float | None = None
    """Probability in [0, 1] that somebody is steering the victim now."""
    risk: RiskLevel = RiskLevel.LOW
    reasons: tuple[str, ...] = field(default=())
    """Reason codes behind the risk level."""
