"""Full-text search in what was said.

Chinese has no spaces between words, so text is indexed as overlapping pairs of characters, and a query is a phrase
of pairs: anything of two characters or more is found wherever it stands, in SQLite (FTS5) and PostgreSQL (tsvector)
alike. One character is looked for as the first of a pair.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    column,
    delete,
    func,
    insert,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import TSQUERY

from hotline.domain.segment import Segment
from hotline.errors import InputError
from hotline.ports import CallFilter, Found
from hotline.stores import rows, tables

RUN = re.compile(r"[^\W_]+")
"""Letters, digits and ideographs."""
LONGEST_QUERY = 60
HITS = 400
"""Segments read for one page of results."""

segment_grams = table("segment_grams", column("id"), column("grams"))
"""PostgreSQL's index. SQLite has a virtual table of this name, whose key is its `rowid`."""


def pairs(content: str) -> list[str]:
    """Return the overlapping pairs of a text's characters; the last of each run stands alone."""
    runs = RUN.findall(unicodedata.normalize("NFKC", content).lower())
    return [run[i : i + 2] for run in runs for i in range(len(run))]


def query_runs(query: str) -> list[str]:
    """Return the runs of characters that must all occur. Raises: InputError without any, or with too many."""
    runs = RUN.findall(unicodedata.normalize("NFKC", query).lower())
    if not runs or len(query) > LONGEST_QUERY:
        raise InputError(
            "搜索内容不对",
            expected=f"1 到 {LONGEST_QUERY} 个字，至少一个文字或数字",
            found=f"{len(query)} 个字符",
            remedy="请改写搜索内容",
        )
    return runs


def sqlite_query(runs: Sequence[str]) -> str:
    """Return an FTS5 expression."""
    return " AND ".join(
        f'"{run}"*' if len(run) == 1 else f'"{" ".join(run[i : i + 2] for i in range(len(run) - 1))}"' for run in runs
    )


def postgresql_query(runs: Sequence[str]) -> str:
    """Return a tsquery."""
    return " & ".join(
        f"'{run}':*" if len(run) == 1 else "(" + " <-> ".join(f"'{run[i : i + 2]}'" for i in range(len(run) - 1)) + ")"
        for run in runs
    )


def index_text(connection: Connection, number: int, content: str) -> None:
    """Put a text into the index under its number."""
    if connection.dialect.name == "sqlite":
        statement = "INSERT INTO segment_grams (rowid, grams) VALUES (:number, :grams)"
        grams = " ".join(pairs(content))
    else:
        statement = "INSERT INTO segment_grams (id, grams) VALUES (:number, CAST(:grams AS tsvector))"
        grams = " ".join(f"'{pair}':{position}" for position, pair in enumerate(pairs(content)[:16_000], 1))
    connection.execute(text(statement), {"number": number, "grams": grams})


def searchable_text(segment_text: str, normalised: str) -> str:
    """Return what is indexed of a segment: as it was said and, where that differs, with numbers as digits."""
    return segment_text if segment_text == normalised else f"{segment_text} {normalised}"


class SearchRows:
    """The part of a unit of work that deals with finding calls."""

    _connection: Connection

    def index_segment(self, segment: Segment) -> None:
        """Make a segment findable; one that was indexed before is indexed anew."""
        searchable = tables.searchable
        old = self._connection.execute(select(searchable.c.id).where(searchable.c.segment_id == segment.id)).scalar()
        if old is not None:
            key = "rowid" if self._connection.dialect.name == "sqlite" else "id"
            self._connection.execute(text(f"DELETE FROM segment_grams WHERE {key} = :number"), {"number": old})
            self._connection.execute(delete(searchable).where(searchable.c.id == old))
        made = self._connection.execute(
            insert(searchable).returning(searchable.c.id), {"segment_id": segment.id, "call_id": segment.call_id}
        )
        index_text(self._connection, made.scalar_one(), searchable_text(segment.text, segment.normalised))

    def find_calls(self, wanted: CallFilter, limit: int = 50, offset: int = 0) -> list[Found]:
        """Return calls that fit, newest first, each with up to three segments that hold the text."""
        calls = tables.calls
        query = select(calls).where(*_conditions(wanted)).order_by(calls.c.started_at.desc(), calls.c.id)
        if not wanted.text.strip():
            found = self._connection.execute(query.limit(limit).offset(offset))
            return [Found(rows.to_call(row)) for row in found]
        hits = self._hits(wanted)
        ids = list(dict.fromkeys(hit.call_id for hit in hits))[offset : offset + limit]
        found = self._connection.execute(query.where(calls.c.id.in_(ids)))
        segments: dict[str, list[Segment]] = {}
        for hit in hits:
            segments.setdefault(hit.call_id, []).append(rows.to_segment(hit))
        return [Found(rows.to_call(row), tuple(segments[row.id][:3])) for row in found]

    def _hits(self, wanted: CallFilter) -> Sequence[Any]:
        """Return the newest segments that hold the text, of calls that fit."""
        runs = query_runs(wanted.text)
        searchable, segments, calls = tables.searchable, tables.segments, tables.calls
        number: ColumnElement[int]
        if self._connection.dialect.name == "sqlite":
            number = literal_column("segment_grams.rowid")
            match: ColumnElement[bool] = literal_column("segment_grams").op("MATCH")(sqlite_query(runs))
        else:
            number = segment_grams.c.id
            match = segment_grams.c.grams.op("@@")(sql_cast(postgresql_query(runs), TSQUERY))
        newest = (
            select(searchable.c.segment_id, number.label("number"))
            .select_from(segment_grams)
            .join(searchable, searchable.c.id == number)
            .where(match)
            .order_by(number.desc())
            .limit(HITS)
        )
        conditions = _conditions(wanted)
        if conditions:
            newest = newest.join(calls, calls.c.id == searchable.c.call_id).where(and_(*conditions))
        inner = newest.subquery()
        query = select(segments).join(inner, inner.c.segment_id == segments.c.id).order_by(inner.c.number.desc())
        return self._connection.execute(query).all()


def _conditions(wanted: CallFilter) -> list[ColumnElement[bool]]:
    calls = tables.calls.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.since:
        conditions.append(calls.started_at >= wanted.since)
    if wanted.until:
        conditions.append(calls.started_at < wanted.until)
    for name in ("label", "risk", "operator_id", "disposition", "state"):
        value = getattr(wanted, name)
        if value:
            conditions.append(getattr(calls, name) == value)
    if wanted.amount_yuan_from is not None:
        conditions.append(calls.id.in_(_calls_with_amount(wanted.amount_yuan_from)))
    return conditions


def _calls_with_amount(least_yuan: int) -> Any:
    """Select the calls in which an amount of at least so much was heard."""
    entities = tables.entities
    value = func.coalesce(entities.c.body["value"].as_string(), "0")
    amount = sql_cast(value, BigInteger)
    return select(entities.c.call_id).where(entities.c.type == "amount", amount >= least_yuan)
