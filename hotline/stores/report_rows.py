"""Statistics of finished calls, counted by the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from hotline.domain.wrap_up import MONEY_NAMES, Money
from hotline.review_ports import Totals
from hotline.stores import review_tables, tables


class ReportRows:
    """The part of a unit of work that counts."""

    _connection: Connection

    def totals_by_day(self, first: str, last: str) -> list[Totals]:
        """Return totals by day and outcome, for days from `first` to `last` inclusive."""
        return self._totals(review_tables.wrap_ups.c.day, first, last)

    def totals_by_hour(self, day: str) -> list[Totals]:
        """Return totals of a day by hour (two digits) and outcome."""
        found = self._totals(review_tables.wrap_ups.c.hour, day, day)
        return [Totals(f"{int(row.key):02}", row.disposition, row.calls, row.persons, row.money) for row in found]

    def totals_by_label(self, first: str, last: str) -> list[Totals]:
        """Return totals by scam type and outcome; the key is empty where no type was set."""
        return self._totals(func.coalesce(tables.calls.c.label, ""), first, last)

    def count_calls(self, since: datetime, until: datetime) -> int:
        """Return how many calls began in [since, until)."""
        started = tables.calls.c.started_at
        query = select(func.count()).select_from(tables.calls).where(started >= since, started < until)
        return int(self._connection.execute(query).scalar_one())

    def count_freezes(self, since: datetime, until: datetime) -> dict[str, int]:
        """Return the number of requests made in [since, until) by state."""
        table = tables.freezes
        query = (
            select(table.c.status, func.count())
            .where(table.c.created_at >= since, table.c.created_at < until)
            .group_by(table.c.status)
        )
        return {status: int(count) for status, count in self._connection.execute(query)}

    def _totals(self, key: ColumnElement[Any], first: str, last: str) -> list[Totals]:
        table = review_tables.wrap_ups
        sums = [func.sum(table.c[name]).label(name) for name in ("persons", *MONEY_NAMES)]
        query = (
            select(key.label("bucket"), table.c.disposition, func.count().label("number"), *sums)
            .where(table.c.counts, table.c.day >= first, table.c.day <= last)
            .group_by("bucket", table.c.disposition)
            .order_by("bucket", table.c.disposition)
        )
        if key is not table.c.day and key is not table.c.hour:
            query = query.select_from(table).join(tables.calls, tables.calls.c.id == table.c.call_id)
        return [
            Totals(
                str(row.bucket),
                row.disposition,
                int(row.number),
                int(row.persons),
                Money(**{name: int(getattr(row, name)) for name in MONEY_NAMES}),
            )
            for row in self._connection.execute(query)
        ]
