"""Labels, the supervisors' wishes, and the calls that could be labelled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, replace

from sqlalchemy import Connection, func, insert, select, update

from hotline.domain.call import CallState
from hotline.domain.labels import CallLabel, Candidate, EvidenceMark, LabelOrigin
from hotline.ports import Clock
from hotline.stores import review_tables, tables, training_tables
from hotline.stores.rows import AnyRow

BODY = ("label", "stage", "money_gone", "coached", "unsure", "new_type")


class LabelRows:
    """The part of a unit of work that deals with labels."""

    _connection: Connection
    _clock: Clock

    def add_label(self, label: CallLabel) -> CallLabel:
        """Store what a person said of a call; it replaces what the same person said before."""
        at = label.at or self._clock()
        body = {name: getattr(label, name) for name in BODY}
        body["evidence"] = [asdict(mark) for mark in label.evidence]
        row = {
            "call_id": label.call_id,
            "user_id": label.user_id,
            "origin": label.origin,
            "at": at,
            "undone": False,
            "body": body,
        }
        done = self._connection.execute(insert(training_tables.labels).returning(training_tables.labels.c.id), row)
        return replace(label, id=done.scalar_one(), at=at)

    def labels(self, call_id: str | None = None) -> list[CallLabel]:
        """Return what counts now: the newest word of each person on each call, pre-labels included."""
        table = training_tables.labels
        is_proposal = table.c.origin == LabelOrigin.PRELABEL
        newest = (
            select(func.max(table.c.id))
            .where(table.c.undone.is_(False))
            .group_by(table.c.call_id, table.c.user_id, is_proposal)
        )
        if call_id is not None:
            newest = newest.where(table.c.call_id == call_id)
        query = select(table).where(table.c.id.in_(newest)).order_by(table.c.id)
        return [_to_label(row) for row in self._connection.execute(query)]

    def undo_label(self, user_id: str) -> CallLabel | None:
        """Take back the newest hand-made label of a person and return it; None when there is none."""
        table = training_tables.labels
        mine = (table.c.user_id == user_id, table.c.undone.is_(False), table.c.origin == LabelOrigin.HAND)
        row = self._connection.execute(select(table).where(*mine).order_by(table.c.id.desc()).limit(1)).first()
        if row is None:
            return None
        self._connection.execute(update(table).where(table.c.id == row.id).values(undone=True))
        return _to_label(row)

    def label_candidates(self, limit: int) -> list[Candidate]:
        """Return finished calls with text, newest first."""
        calls = tables.calls.c
        predicted = tables.predictions
        newest = select(func.max(predicted.c.id).label("id")).group_by(predicted.c.call_id).subquery()
        latest = (
            select(predicted.c.call_id, predicted.c.label, predicted.c.probability, predicted.c.model_version)
            .join(newest, newest.c.id == predicted.c.id)
            .subquery()
        )
        spoken = select(tables.segments.c.id).where(tables.segments.c.call_id == calls.id).exists()
        query = (
            select(calls.id, calls.started_at, calls.operator_id, calls.duration_s)
            .add_columns(latest.c.label, latest.c.probability, latest.c.model_version)
            .outerjoin(latest, latest.c.call_id == calls.id)
            .where(calls.state != CallState.LIVE, spoken)
            .order_by(calls.started_at.desc())
            .limit(limit)
        )
        made = tables.corrections
        corrections = self._connection.execute(select(made.c.call_id, made.c.label).order_by(made.c.id))
        corrected = {row.call_id: row.label for row in corrections}
        marks = review_tables.trainer_marks
        sent = {row.call_id: row.comment for row in self._connection.execute(select(marks.c.call_id, marks.c.comment))}
        people = self._people()
        return [
            Candidate(
                call_id=row.id,
                started_at=row.started_at,
                operator_id=row.operator_id,
                duration_s=row.duration_s,
                model_label=row.label,
                model_version=row.model_version or "",
                probability=row.probability or 0.0,
                corrected_label=corrected.get(row.id),
                sent_note=sent.get(row.id),
                labelled_by=tuple(people.get(row.id, ())),
            )
            for row in self._connection.execute(query)
        ]

    def _people(self) -> Mapping[str, list[str]]:
        people: dict[str, list[str]] = defaultdict(list)
        table = training_tables.labels
        query = (
            select(table.c.call_id, table.c.user_id)
            .where(table.c.undone.is_(False), table.c.origin != LabelOrigin.PRELABEL)
            .distinct()
        )
        for row in self._connection.execute(query):
            people[row.call_id].append(row.user_id)
        return people


def _to_label(row: AnyRow) -> CallLabel:
    body = dict(row.body)
    body["evidence"] = tuple(EvidenceMark(**mark) for mark in body["evidence"])
    return CallLabel(row.call_id, row.user_id, **body, origin=LabelOrigin(row.origin), at=row.at, id=row.id)
