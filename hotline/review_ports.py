"""The seams of what follows a call: wrap-up, corrections, quality checks, second persons, statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hotline.domain.freeze import FreezeStatus
from hotline.domain.review import FreezeDecision, LabelCorrection, QaReview, SegmentCorrection, TrainerMark
from hotline.domain.segment import Segment
from hotline.domain.wrap_up import Money, WrapUp


@dataclass(frozen=True)
class Totals:
    """Wrapped-up calls that have something in common, with their persons and money."""

    key: str
    """A day, hour or scam type code; see the query."""
    disposition: str
    calls: int
    persons: int
    money: Money


class ReviewUnitOfWork(Protocol):
    """The part of a transaction that deals with finished calls."""

    def heard_segments(self, call_id: str) -> list[Segment]:
        """Return the segments as they were recognised, without corrections."""

    def swap_channels(self, call_id: str) -> None:
        """Make the operator's segments the caller's and the other way round, corrections too."""

    def add_segment_correction(self, correction: SegmentCorrection) -> None:
        """Store corrected words; `segments` then gives these, and searches find them."""

    def segment_corrections(self, call_id: str) -> list[SegmentCorrection]:
        """Return all corrections of words and speakers, oldest first."""

    def label_corrections(self, call_id: str) -> list[LabelCorrection]:
        """Return the labels that people chose, oldest first."""

    def note_at_risk(self, call_id: str, at_risk_fen: int) -> None:
        """Store the money at risk of a call."""

    def add_wrap_up(self, wrap_up: WrapUp, day: str, hour: int) -> None:
        """Store a wrap-up as the one that counts; `day` (YYYY-MM-DD) and `hour` are local to the centre."""

    def wrap_up(self, call_id: str) -> WrapUp | None:
        """Return the wrap-up that counts."""

    def wrap_ups(self, call_id: str) -> list[WrapUp]:
        """Return all wrap-ups of a call, oldest first."""

    def send_to_trainer(self, mark: TrainerMark) -> bool:
        """Store the mark; False when the call is marked already."""

    def trainer_mark(self, call_id: str) -> TrainerMark | None:
        """Return the mark of a call."""

    def trainer_marks(self, limit: int = 100, before: datetime | None = None) -> list[TrainerMark]:
        """Return marks, newest first, made before a moment."""

    def add_qa_review(self, review: QaReview) -> None:
        """Store a quality check; the newest counts."""

    def qa_reviews(self, call_id: str) -> list[QaReview]:
        """Return the quality checks of a call, oldest first."""

    def add_freeze_decision(self, decision: FreezeDecision) -> None:
        """Store what a second person decided."""

    def freeze_decisions(self, request_id: str) -> list[FreezeDecision]:
        """Return the decisions on a request, oldest first."""

    def freeze_states(self, call_ids: Sequence[str]) -> dict[str, FreezeStatus]:
        """Return the state of each call's newest request, for the calls that have one."""

    def totals_by_day(self, first: str, last: str) -> list[Totals]:
        """Return totals by day and outcome, for days from `first` to `last` inclusive."""

    def totals_by_hour(self, day: str) -> list[Totals]:
        """Return totals of a day by hour (two digits) and outcome."""

    def totals_by_label(self, first: str, last: str) -> list[Totals]:
        """Return totals by scam type and outcome; the key is empty where no type was set."""

    def count_calls(self, since: datetime, until: datetime) -> int:
        """Return how many calls began in [since, until)."""

    def count_freezes(self, since: datetime, until: datetime) -> dict[str, int]:
        """Return the number of requests made in [since, until) by state."""
