"""Data sets, test sets, imported examples, trained models and what is in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from hotline.domain.datasets import Dataset, Example, example_of
from hotline.domain.model import SHIPPED, ModelRecord, Promotion
from hotline.errors import NotFoundError
from hotline.stores import training_tables

BATCH = 500


class TrainingRows:
    """The part of a unit of work that deals with data sets and models."""

    _connection: Connection

    def save_examples(self, examples: Sequence[Example], at: datetime) -> None:
        """Store imported labelled calls; one with a known id is replaced."""
        table = training_tables.examples
        for start in range(0, len(examples), BATCH):
            part = examples[start : start + BATCH]
            self._connection.execute(delete(table).where(table.c.id.in_([example.id for example in part])))
            self._connection.execute(insert(table), [{"id": e.id, "at": at, "body": e.row()} for e in part])

    def examples(self) -> list[Example]:
        """Return all imported labelled calls."""
        query = select(training_tables.examples.c.body).order_by(training_tables.examples.c.id)
        return [example_of(row.body) for row in self._connection.execute(query)]

    def add_dataset(self, dataset: Dataset, examples: Sequence[Example]) -> None:
        """Store a data set for good."""
        values = {field.name: getattr(dataset, field.name) for field in fields(dataset)}
        self._connection.execute(insert(training_tables.datasets), values)
        key = {"kind": dataset.kind, "number": dataset.number}
        for start in range(0, len(examples), BATCH):
            part = examples[start : start + BATCH]
            rows = [{**key, "example_id": example.id, "body": example.row()} for example in part]
            self._connection.execute(insert(training_tables.dataset_examples), rows)

    def datasets(self, kind: str) -> list[Dataset]:
        """Return data sets or test sets, newest first."""
        table = training_tables.datasets
        query = select(table).where(table.c.kind == kind).order_by(table.c.number.desc())
        return [Dataset(**row._mapping) for row in self._connection.execute(query)]

    def dataset_examples(self, kind: str, number: int) -> list[Example]:
        """Return what a set holds. Raises: NotFoundError."""
        if not any(dataset.number == number for dataset in self.datasets(kind)):
            raise NotFoundError("没有这个数据集", expected="已有数据集的编号", found=str(number), remedy="请刷新页面")
        table = training_tables.dataset_examples
        query = select(table.c.body).where(table.c.kind == kind, table.c.number == number).order_by(table.c.example_id)
        return [example_of(row.body) for row in self._connection.execute(query)]

    def add_model(self, model: ModelRecord) -> None:
        """Store a trained model."""
        values = {field.name: getattr(model, field.name) for field in fields(model)}
        self._connection.execute(
            delete(training_tables.models).where(training_tables.models.c.version == model.version)
        )
        self._connection.execute(insert(training_tables.models), values)

    def models(self) -> list[ModelRecord]:
        """Return the models trained here, newest first."""
        query = select(training_tables.models).order_by(training_tables.models.c.made_at.desc())
        return [ModelRecord(**row._mapping) for row in self._connection.execute(query)]

    def add_promotion(self, promotion: Promotion) -> None:
        """Put a model into use."""
        values = {"version": promotion.version, "at": promotion.at, "by": promotion.by}
        self._connection.execute(insert(training_tables.promotions), values)

    def promotions(self, limit: int = 20) -> list[Promotion]:
        """Return what was put into use, newest first."""
        table = training_tables.promotions
        query = select(table).order_by(table.c.id.desc()).limit(limit)
        return [Promotion(row.version, row.at, row.by) for row in self._connection.execute(query)]

    def current_model(self) -> str:
        """Return the version that new calls use; empty for the shipped model."""
        newest = self.promotions(limit=1)
        return newest[0].version if newest else SHIPPED
