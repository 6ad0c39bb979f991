"""What trainers say of a call, and which calls they are asked about next."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from hotline.domain.risk import Stage
from hotline.errors import InputError
from hotline.taxonomy import load_taxonomy

MOST_TEXT = 200


class LabelOrigin(StrEnum):
    """Where a label comes from. A pre-label is a proposal and never counts as done."""

    HAND = "hand"
    IMPORT = "import"
    PRELABEL = "prelabel"


@dataclass(frozen=True)
class EvidenceMark:
    """Characters `start` to `end` of a segment's text that decide the label."""

    segment_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class CallLabel:
    """One person's word on a call. None marks what was not answered."""

    call_id: str
    user_id: str
    label: str | None = None
    stage: str | None = None
    money_gone: bool | None = None
    coached: bool | None = None
    evidence: tuple[EvidenceMark, ...] = ()
    unsure: bool = False
    new_type: str = ""
    """A kind of scam that the table does not have yet, in the trainer's words."""
    origin: LabelOrigin = LabelOrigin.HAND
    at: datetime | None = None
    id: int = 0

    @property
    def verdict(self) -> str:
        """What two people are compared by."""
        return "new_type" if self.new_type else "unsure" if self.unsure else self.label or ""

    @property
    def teaches(self) -> bool:
        """Say whether the label may go into a data set."""
        return self.origin is not LabelOrigin.PRELABEL and self.label is not None and self.verdict == self.label

    def check(self) -> None:
        """Raise: InputError when something is not answerable or the main answer is missing."""
        codes = load_taxonomy().codes
        if self.label is not None and self.label not in codes:
            raise InputError(
                "没有这个诈骗类型", expected="、".join(codes), found=self.label[:40], remedy="请从列表中选择"
            )
        if self.stage is not None and self.stage not in tuple(Stage):
            raise InputError("没有这个阶段", expected="、".join(Stage), found=self.stage[:20], remedy="请从列表中选择")
        if not self.verdict:
            raise InputError(
                "还没有选择类型",
                expected="诈骗类型、拿不准或新类型",
                found="空",
                remedy="按 L 选择类型，按 U 标为拿不准",
            )
        if len(self.new_type) > MOST_TEXT:
            raise InputError(
                "新类型的说明太长", expected=f"{MOST_TEXT} 字以内", found=f"{len(self.new_type)} 字", remedy="请缩短"
            )


class QueueReason(StrEnum):
    """Why a call is in the queue."""

    SENT = "sent"
    CORRECTED = "corrected"
    UNCERTAIN = "uncertain"
    CONTROL = "control"
    SECOND = "second"


@dataclass(frozen=True)
class Candidate:
    """A finished call that could be labelled."""

    call_id: str
    started_at: datetime
    operator_id: str | None
    duration_s: float
    model_label: str | None
    model_version: str
    probability: float
    """Of the model's label, in [0, 1]; 0 where there is no prediction."""
    corrected_label: str | None = None
    sent_note: str | None = None
    """What the supervisor wrote who sent it; None when nobody did."""
    labelled_by: tuple[str, ...] = ()

    @property
    def uncertainty(self) -> float:
        """1 minus the probability of the label: higher is worth more."""
        return 1.0 - self.probability

    @property
    def corrected(self) -> bool:
        """Say whether the operator's label differs from the model's."""
        return self.corrected_label is not None and self.corrected_label != self.model_label


@dataclass(frozen=True)
class QueueRow:
    """A call in the queue and why it is there."""

    candidate: Candidate
    reason: QueueReason


def share_of(call_id: str, purpose: str) -> float:
    """Return a number in [0, 1) that depends on the call and the purpose alone: the same on every machine."""
    return int(hashlib.sha256(f"{purpose}:{call_id}".encode()).hexdigest()[:8], 16) / 2**32


def is_control(call_id: str, control_share: float) -> bool:
    """Say whether chance alone puts the call among those that are labelled."""
    return share_of(call_id, "control") < control_share


def rank(candidates: Iterable[Candidate], user_id: str, control_share: float, double_share: float) -> list[QueueRow]:
    """Return the queue of one trainer.

    First what supervisors sent, then what operators corrected, most uncertain first; then the rest by uncertainty.
    Control rows, chosen by chance alone whatever the model thought, take `control_share` of the places, so that the
    labelled calls can say how good the model is. `double_share` of the calls is labelled by two people.
    """
    ranked: list[QueueRow] = []
    control: list[QueueRow] = []
    for candidate in candidates:
        if user_id in candidate.labelled_by or len(candidate.labelled_by) > 1:
            continue
        if candidate.labelled_by:
            if share_of(candidate.call_id, "double") < double_share:
                ranked.append(QueueRow(candidate, QueueReason.SECOND))
        elif candidate.sent_note is not None:
            ranked.append(QueueRow(candidate, QueueReason.SENT))
        elif is_control(candidate.call_id, control_share):
            control.append(QueueRow(candidate, QueueReason.CONTROL))
        elif candidate.corrected:
            ranked.append(QueueRow(candidate, QueueReason.CORRECTED))
        else:
            ranked.append(QueueRow(candidate, QueueReason.UNCERTAIN))
    ranked.sort(key=_place)
    control.sort(key=lambda row: share_of(row.candidate.call_id, "order"))
    return _mixed(ranked, control, control_share)


ORDER = {QueueReason.SENT: 0, QueueReason.CORRECTED: 1, QueueReason.SECOND: 2, QueueReason.UNCERTAIN: 2}


def _place(row: QueueRow) -> tuple[int, float, str]:
    return ORDER[row.reason], -row.candidate.uncertainty, row.candidate.call_id


def _mixed(ranked: Sequence[QueueRow], control: Sequence[QueueRow], share: float) -> list[QueueRow]:
    """Put control rows evenly between the ranked ones."""
    if not control or share <= 0:
        return [*ranked, *control]
    every = max(1, round((1 - share) / share)) if share < 1 else 1
    waiting, rest, mixed = iter(control), iter(ranked), []
    while part := list(islice(rest, every)):
        mixed += part + list(islice(waiting, 1))
    return mixed + list(waiting)
