"""The tables. Migrations create them; `tests/test_store.py` keeps both in step."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

metadata = MetaData()


class Utc(TypeDecorator[datetime]):
    """Moments with a time zone, stored as UTC on every database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Drop the zone after converting; a moment without one is a bug."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        return value.replace(tzinfo=UTC) if value is not None else None


calls = Table(
    "calls",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("source", String(40), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("direction", String(10), nullable=False, server_default=""),
    Column("layout", String(20), nullable=False, server_default=""),
    Column("operator_id", String(36)),
    Column("caller_number", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("engine", String(40), nullable=False),
    Column("model_version", String(100), nullable=False),
    Column("label", String(40)),
    Column("label_probability", Float, nullable=False),
    Column("label_source", String(20), nullable=False),
    Column("pending_label", String(40)),
    Column("pending_count", Integer, nullable=False),
    Column("risk", String(8)),
    Column("money_gone", Boolean),
    Column("being_coached", Boolean),
    Column("disposition", String(20)),
    Column("at_risk_fen", BigInteger, nullable=False, server_default="0"),
    Column("note", Text, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("last_seq", Integer, nullable=False),
    Column("number", BigInteger),
    Index("calls_by_number", "number", unique=True),
    Index("calls_by_state", "state", "started_at"),
    Index("calls_by_start", "started_at"),
    Index("calls_by_external_id", "external_id"),
    Index("calls_by_label", "label", "started_at"),
    Index("calls_by_risk", "risk", "started_at"),
    Index("calls_by_operator", "operator_id", "started_at"),
    Index("calls_by_disposition", "disposition", "started_at"),
    Index("calls_by_money", "at_risk_fen", "started_at"),
)

segments = Table(
    "segments",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("call_id", ForeignKey("calls.id"), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("normalised", Text, nullable=False),
    Column("start_s", Float, nullable=False),
    Column("end_s", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("words", JSON, nullable=False),
    Column("engine", String(40), nullable=False),
    Index("segments_by_call", "call_id", "start_s"),
)

searchable = Table(
    "searchable",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("segment_id", ForeignKey("segments.id"), nullable=False, unique=True),
    Column("call_id", ForeignKey("calls.id"), nullable=False),
)
"""Numbers the segments (`search_numbers`) for the full-text index `segment_grams`, which each kind of database has in
its own form."""

entities = Table(
    "entities",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", ForeignKey("calls.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("type", String(20), nullable=False),
    Column("body", JSON, nullable=False),
)

predictions = Table(
    "predictions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", ForeignKey("calls.id"), nullable=False, index=True),
    Column("segment_id", String(36)),
    Column("at", Utc, nullable=False),
    Column("model_version", String(100), nullable=False),
    Column("label", String(40), nullable=False),
    Column("probability", Float, nullable=False),
    Column("body", JSON, nullable=False),
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", ForeignKey("calls.id"), nullable=False, index=True),
    Column("user_id", String(36), nullable=False),
    Column("label", String(40), nullable=False),
    Column("model_label", String(40)),
    Column("at", Utc, nullable=False),
)

call_events = Table(
    "call_events",
    metadata,
    Column("call_id", ForeignKey("calls.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("type", String(30), nullable=False),
    Column("at", Utc, nullable=False),
    Column("data", JSON, nullable=False),
)

freezes = Table(
    "freezes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("call_id", ForeignKey("calls.id"), index=True),
    Column("created_by", String(36), nullable=False),
    Column("created_at", Utc, nullable=False, index=True),
    Column("payee_account", String(100), nullable=False, index=True),
    Column("fields", JSON, nullable=False),
    Column("status", String(20), nullable=False),
    Column("receipt", String(100), nullable=False),
    Column("message", Text, nullable=False),
    Column("stopped_amount_fen", BigInteger, nullable=False),
    Column("onward_account", String(100), nullable=False),
    Column("stopped_at", Utc),
    Column("updated_at", Utc),
    Column("attempts", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Index("freezes_by_status", "status", "created_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("key", String(64), nullable=False),
    Column("due_at", Utc, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("claimed_by", String(100)),
    Column("claimed_until", Utc),
    Column("error", String(200), nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("asked_by", String(36), nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("state", String(20), nullable=False),
    Column("progress", Float, nullable=False),
    Column("message", String(300), nullable=False),
    Column("result", JSON, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", String(200), nullable=False),
    Column("beat_at", Utc),
    Column("cancel_asked", Boolean, nullable=False),
    Column("started_at", Utc),
    Column("ended_at", Utc),
    Index("jobs_by_state", "state", "asked_at"),
)

users = Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("username", String(60), nullable=False, unique=True),
    Column("display_name", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", String(300), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("failed_logins", Integer, nullable=False),
    Column("locked_until", Utc),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("actor", String(60), nullable=False),
    Column("action", String(40), nullable=False),
    Column("target", String(100), nullable=False),
    Column("detail", String(300), nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_by", String(60), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("last_used_at", Utc),
    Column("revoked_at", Utc),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("url", String(500), nullable=False),
    Column("secret", String(100), nullable=False),
    Column("events", JSON, nullable=False),
    Column("created_by", String(60), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("active", Boolean, nullable=False),
)

hook_deliveries = Table(
    "hook_deliveries",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("webhook_id", ForeignKey("webhooks.id"), nullable=False),
    Column("call_id", ForeignKey("calls.id"), nullable=False, index=True),
    Column("event", String(40), nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", Utc, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("answer", String(200), nullable=False),
    Column("delivered_at", Utc),
    Column("failed_at", Utc),
)

external_calls = Table(
    "external_calls",
    metadata,
    Column("external_id", String(200), primary_key=True),
    Column("call_id", String(36), nullable=False),
)
"""The calls that a telephone system opened by the API, so that asking twice opens one."""
