"""The tables of what follows a call; `hotline.stores.tables` has the others."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from hotline.stores.tables import Utc, metadata

freeze_decisions = Table(
    "freeze_decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("request_id", ForeignKey("freezes.id"), nullable=False, index=True),
    Column("user_id", String(36), nullable=False),
    Column("at", Utc, nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("reason", String(500), nullable=False),
)

segment_corrections = Table(
    "segment_corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", ForeignKey("calls.id"), nullable=False, index=True),
    Column("segment_id", ForeignKey("segments.id"), nullable=False),
    Column("user_id", String(36), nullable=False),
    Column("at", Utc, nullable=False),
    Column("text", Text, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("normalised", Text, nullable=False),
    Column("words", JSON, nullable=False),
)

wrap_ups = Table(
    "wrap_ups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", ForeignKey("calls.id"), nullable=False, index=True),
    Column("user_id", String(36), nullable=False),
    Column("at", Utc, nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("day", String(10), nullable=False),
    Column("hour", Integer, nullable=False),
    Column("disposition", String(20), nullable=False),
    Column("side_codes", JSON, nullable=False),
    Column("persons", Integer, nullable=False),
    Column("at_risk_fen", BigInteger, nullable=False),
    Column("prevented_fen", BigInteger, nullable=False),
    Column("stopped_fen", BigInteger, nullable=False),
    Column("returned_fen", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Index("wrap_ups_by_day", "day", "counts"),
)
"""Append-only: the row of a call with `counts` is the one that statistics use. Day and hour are the centre's own."""

trainer_marks = Table(
    "trainer_marks",
    metadata,
    Column("call_id", ForeignKey("calls.id"), primary_key=True),
    Column("user_id", String(36), nullable=False),
    Column("at", Utc, nullable=False, index=True),
    Column("comment", Text, nullable=False),
)

qa_reviews = Table(
    "qa_reviews",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", ForeignKey("calls.id"), nullable=False, index=True),
    Column("user_id", String(36), nullable=False),
    Column("at", Utc, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("score", Float, nullable=False),
    Column("breached", Boolean, nullable=False),
    Column("comment", Text, nullable=False),
)
