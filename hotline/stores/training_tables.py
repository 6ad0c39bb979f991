"""The tables of labels, data sets and models; they belong to `hotline.stores.tables.metadata`."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table

from hotline.stores.tables import Utc, metadata

labels = Table(
    "labels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", ForeignKey("calls.id"), nullable=False, index=True),
    Column("user_id", String(36), nullable=False),
    Column("origin", String(20), nullable=False),
    Column("at", Utc, nullable=False),
    Column("undone", Boolean, nullable=False),
    Column("body", JSON, nullable=False),
    Index("labels_by_user", "user_id", "id"),
)

examples = Table(
    "examples",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("at", Utc, nullable=False),
    Column("body", JSON, nullable=False),
)

datasets = Table(
    "datasets",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("made_at", Utc, nullable=False),
    Column("made_by", String(36), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("counts", JSON, nullable=False),
)

dataset_examples = Table(
    "dataset_examples",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("example_id", String(200), primary_key=True),
    Column("body", JSON, nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("version", String(100), primary_key=True),
    Column("made_at", Utc, nullable=False),
    Column("made_by", String(36), nullable=False),
    Column("dataset", Integer, nullable=False),
    Column("parent", String(100), nullable=False),
    Column("checksum", String(64), nullable=False),
    Column("comparison", JSON, nullable=False),
)

promotions = Table(
    "promotions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", String(100), nullable=False),
    Column("at", Utc, nullable=False),
    Column("by", String(36), nullable=False),
)
