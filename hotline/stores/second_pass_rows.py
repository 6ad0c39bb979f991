"""Second passes: one row a call, written as a whole, so that no text is ever there twice."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import JSON, Column, Connection, ForeignKey, String, Table, insert, select, update

from hotline.domain.second_pass import Changes, SecondPass
from hotline.domain.segment import OTHER_CHANNEL
from hotline.stores.rows import AnyRow, entity_of, prediction_body, prediction_of, segment_of, segment_row
from hotline.stores.tables import Utc, metadata

second_passes = Table(
    "second_passes",
    metadata,
    Column("call_id", ForeignKey("calls.id"), primary_key=True),
    Column("job_id", String(36), nullable=False),
    Column("made_at", Utc),
    Column("model", String(100), nullable=False),
    Column("body", JSON, nullable=False),
)
"""`made_at` is empty until the job is done."""


class SecondPassRows:
    """The part of a unit of work that deals with second passes."""

    _connection: Connection

    def note_second_pass_job(self, call_id: str, job_id: str) -> None:
        """Remember which job makes, or made, the second pass of a call."""
        self._write(call_id, {"job_id": job_id})

    def second_pass_job(self, call_id: str) -> str | None:
        """Return the newest job that was started for a call."""
        row = self._row(call_id)
        return (row.job_id or None) if row else None

    def save_second_pass(self, second: SecondPass) -> None:
        """Store a second pass in place of an earlier one of the call."""
        body = {
            "segments": [segment_row(segment) for segment in second.segments],
            "entities": [asdict(entity) for entity in second.entities],
            "prediction": prediction_body(second.prediction) if second.prediction else None,
            "changes": asdict(second.changes),
        }
        self._write(second.call_id, {"made_at": second.made_at, "model": second.model, "body": body})

    def second_pass(self, call_id: str) -> SecondPass | None:
        """Return the second pass of a call, None while there is none."""
        row = self._row(call_id)
        return _to_second_pass(row) if row and row.made_at else None

    def swap_second_pass(self, call_id: str) -> None:
        """Make the operator's words of the second pass the caller's and the other way round."""
        row = self._row(call_id)
        if row is None or not row.made_at:
            return
        segments = [{**s, "channel": OTHER_CHANNEL.get(s["channel"], s["channel"])} for s in row.body["segments"]]
        entities = [{**e, "speaker": OTHER_CHANNEL.get(e["speaker"], e["speaker"])} for e in row.body["entities"]]
        self._write(call_id, {"body": {**row.body, "segments": segments, "entities": entities}})

    def _row(self, call_id: str) -> AnyRow | None:
        return self._connection.execute(select(second_passes).where(second_passes.c.call_id == call_id)).first()

    def _write(self, call_id: str, values: dict[str, Any]) -> None:
        changed = update(second_passes).where(second_passes.c.call_id == call_id).values(**values)
        if not self._connection.execute(changed).rowcount:
            row = {"call_id": call_id, "job_id": "", "made_at": None, "model": "", "body": {}, **values}
            self._connection.execute(insert(second_passes), row)


def _to_second_pass(row: AnyRow) -> SecondPass:
    body = row.body
    changes = dict(body["changes"])
    for name in ("gained", "lost"):
        changes[name] = tuple((kind, value) for kind, value in changes[name])
    return SecondPass(
        row.call_id,
        row.made_at,
        row.model,
        tuple(segment_of(segment) for segment in body["segments"]),
        tuple(entity_of(entity) for entity in body["entities"]),
        prediction_of(body["prediction"]) if body["prediction"] else None,
        Changes(**changes),
    )
