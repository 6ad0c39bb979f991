"""What follows a call: corrections, wrap-ups, quality checks, marks for trainers, second persons' decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, case, insert, select, update

from hotline.domain.call import Disposition
from hotline.domain.freeze import FreezeStatus
from hotline.domain.review import Answer, FreezeDecision, LabelCorrection, QaReview, SegmentCorrection, TrainerMark
from hotline.domain.segment import OTHER_CHANNEL, Segment, Word
from hotline.domain.wrap_up import MONEY_NAMES, Money, SideCode, WrapUp
from hotline.stores import review_tables, rows, tables


class ReviewRows:
    """The part of a unit of work that deals with finished calls."""

    _connection: Connection

    def index_segment(self, segment: Segment) -> None:
        """Given by the search rows."""
        raise NotImplementedError

    def heard_segments(self, call_id: str) -> list[Segment]:
        """Return the segments as they were recognised, in the order of their start."""
        table = tables.segments
        query = select(table).where(table.c.call_id == call_id).order_by(table.c.start_s, table.c.end_s, table.c.id)
        return [rows.to_segment(row) for row in self._connection.execute(query)]

    def segments(self, call_id: str) -> list[Segment]:
        """Return the segments of a call in the order of their start, with the newest corrections applied."""
        newest = {correction.segment_id: correction for correction in self.segment_corrections(call_id)}
        return [
            newest[segment.id].applied_to(segment) if segment.id in newest else segment
            for segment in self.heard_segments(call_id)
        ]

    def swap_channels(self, call_id: str) -> None:
        """Make the operator's segments the caller's and the other way round, corrections too."""
        for table in (tables.segments, review_tables.segment_corrections):
            other = case(OTHER_CHANNEL, value=table.c.channel, else_=table.c.channel)
            self._connection.execute(update(table).where(table.c.call_id == call_id).values(channel=other))

    def add_segment_correction(self, correction: SegmentCorrection) -> None:
        """Store corrected words and make them findable."""
        values = {
            "call_id": correction.call_id,
            "segment_id": correction.segment_id,
            "user_id": correction.by,
            "at": correction.at,
            "text": correction.text,
            "channel": correction.channel,
            "normalised": correction.normalised,
            "words": rows.word_lists(correction.words),
        }
        self._connection.execute(insert(review_tables.segment_corrections), values)
        table = tables.segments
        row = self._connection.execute(select(table).where(table.c.id == correction.segment_id)).one()
        self.index_segment(correction.applied_to(rows.to_segment(row)))

    def segment_corrections(self, call_id: str) -> list[SegmentCorrection]:
        """Return all corrections of words and speakers, oldest first."""
        return [
            SegmentCorrection(
                row.call_id,
                row.segment_id,
                row.user_id,
                row.at,
                row.text,
                row.channel,
                row.normalised,
                tuple(Word(*word) for word in row.words),
            )
            for row in self._of_call(review_tables.segment_corrections, call_id)
        ]

    def label_corrections(self, call_id: str) -> list[LabelCorrection]:
        """Return the labels that people chose, oldest first."""
        return [
            LabelCorrection(row.call_id, row.user_id, row.at, row.label, row.model_label)
            for row in self._of_call(tables.corrections, call_id)
        ]

    def note_at_risk(self, call_id: str, at_risk_fen: int) -> None:
        """Store the money at risk of a call."""
        calls = tables.calls
        self._connection.execute(update(calls).where(calls.c.id == call_id).values(at_risk_fen=at_risk_fen))

    def add_wrap_up(self, wrap_up: WrapUp, day: str, hour: int) -> None:
        """Store a wrap-up as the one that counts."""
        table = review_tables.wrap_ups
        self._connection.execute(
            update(table).where(table.c.call_id == wrap_up.call_id, table.c.counts).values(counts=False)
        )
        values = {
            "call_id": wrap_up.call_id,
            "user_id": wrap_up.by,
            "at": wrap_up.at,
            "counts": True,
            "day": day,
            "hour": hour,
            "disposition": wrap_up.disposition,
            "side_codes": list(wrap_up.side_codes),
            "persons": wrap_up.persons,
            **asdict(wrap_up.money),
            "note": wrap_up.note,
            "summary": wrap_up.summary,
        }
        self._connection.execute(insert(table), values)
        self.note_at_risk(wrap_up.call_id, wrap_up.money.at_risk_fen)

    def wrap_up(self, call_id: str) -> WrapUp | None:
        """Return the wrap-up that counts."""
        found = self.wrap_ups(call_id)
        return found[-1] if found else None

    def wrap_ups(self, call_id: str) -> list[WrapUp]:
        """Return all wrap-ups of a call, oldest first."""
        return [_to_wrap_up(row) for row in self._of_call(review_tables.wrap_ups, call_id)]

    def send_to_trainer(self, mark: TrainerMark) -> bool:
        """Store the mark; False when the call is marked already."""
        if self.trainer_mark(mark.call_id) is not None:
            return False
        values = {"call_id": mark.call_id, "user_id": mark.by, "at": mark.at, "comment": mark.comment}
        self._connection.execute(insert(review_tables.trainer_marks), values)
        return True

    def trainer_mark(self, call_id: str) -> TrainerMark | None:
        """Return the mark of a call."""
        table = review_tables.trainer_marks
        row = self._connection.execute(select(table).where(table.c.call_id == call_id)).first()
        return _to_mark(row) if row else None

    def trainer_marks(self, limit: int = 100, before: datetime | None = None) -> list[TrainerMark]:
        """Return marks, newest first, made before a moment."""
        table = review_tables.trainer_marks
        query = select(table).order_by(table.c.at.desc(), table.c.call_id).limit(limit)
        if before is not None:
            query = query.where(table.c.at < before)
        return [_to_mark(row) for row in self._connection.execute(query)]

    def add_qa_review(self, review: QaReview) -> None:
        """Store a quality check; the newest counts."""
        values = {
            "call_id": review.call_id,
            "user_id": review.by,
            "at": review.at,
            "answers": dict(review.answers),
            "score": review.score,
            "breached": bool(review.breached),
            "comment": review.comment,
        }
        self._connection.execute(insert(review_tables.qa_reviews), values)

    def qa_reviews(self, call_id: str) -> list[QaReview]:
        """Return the quality checks of a call, oldest first."""
        return [
            QaReview(row.call_id, row.user_id, row.at, {k: Answer(v) for k, v in row.answers.items()}, row.comment)
            for row in self._of_call(review_tables.qa_reviews, call_id)
        ]

    def add_freeze_decision(self, decision: FreezeDecision) -> None:
        """Store what a second person decided."""
        values = {
            "request_id": decision.request_id,
            "user_id": decision.by,
            "at": decision.at,
            "approved": decision.approved,
            "reason": decision.reason,
        }
        self._connection.execute(insert(review_tables.freeze_decisions), values)

    def freeze_decisions(self, request_id: str) -> list[FreezeDecision]:
        """Return the decisions on a request, oldest first."""
        table = review_tables.freeze_decisions
        query = select(table).where(table.c.request_id == request_id).order_by(table.c.id)
        return [
            FreezeDecision(row.request_id, row.user_id, row.at, row.approved, row.reason)
            for row in self._connection.execute(query)
        ]

    def freeze_states(self, call_ids: Sequence[str]) -> dict[str, FreezeStatus]:
        """Return the state of each call's newest request, for the calls that have one."""
        table = tables.freezes
        query = (
            select(table.c.call_id, table.c.status).where(table.c.call_id.in_(call_ids)).order_by(table.c.created_at)
        )
        return {row.call_id: FreezeStatus(row.status) for row in self._connection.execute(query)}

    def _of_call(self, table: Table, call_id: str) -> Sequence[Row[Any]]:
        query = select(table).where(table.c.call_id == call_id).order_by(table.c.id)
        return self._connection.execute(query).all()


def _to_wrap_up(row: Row[Any]) -> WrapUp:
    return WrapUp(
        row.call_id,
        row.user_id,
        row.at,
        Disposition(row.disposition),
        tuple(SideCode(code) for code in row.side_codes),
        row.persons,
        Money(**{name: getattr(row, name) for name in MONEY_NAMES}),
        row.note,
        row.summary,
    )


def _to_mark(row: Row[Any]) -> TrainerMark:
    return TrainerMark(row.call_id, row.user_id, row.at, row.comment)
