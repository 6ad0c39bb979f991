"""Full-text search in what was said.

Chinese has no spaces between words, so text is indexed as overlapping pairs of characters, and a query is a phrase
of pairs: anything of two characters or more is found wherever it stands, in SQLite (FTS5) and PostgreSQL (tsvector)
alike. One character is looked for as the first of a pair.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    column,
    delete,
    insert,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import TSQUERY

from hotline.domain.segment import Segment
from hotline.errors import InputError
from hotline.search_ports import CallFilter, Found, FoundPage
from hotline.stores import review_tables, rows, tables

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

    def find_calls(self, wanted: CallFilter, limit: int = 50, cursor: str = "") -> FoundPage:
        """Return a page of calls that fit, newest first, each with up to three segments that hold the text."""
        if wanted.text.strip():
            return self._calls_with_text(wanted, limit, cursor)
        calls = tables.calls
        query = select(calls).where(*_conditions(wanted)).order_by(calls.c.started_at.desc(), calls.c.id)
        if cursor:
            query = query.where(_after(cursor))
        found = [rows.to_call(row) for row in self._connection.execute(query.limit(limit + 1))]
        last = found[limit - 1] if len(found) > limit else None
        return FoundPage(
            tuple(Found(call) for call in found[:limit]), f"{last.started_at.isoformat()}|{last.id}" if last else ""
        )

    def _calls_with_text(self, wanted: CallFilter, limit: int, cursor: str) -> FoundPage:
        """Order calls by their newest segment that holds the text; the cursor is the number of a segment."""
        below = _number(cursor) if cursor else None
        hits = self._hits(wanted, below)
        by_call: dict[str, list[Any]] = {}
        for hit in hits:
            by_call.setdefault(hit.call_id, []).append(hit)
        seen = self._found_above(wanted, below, list(by_call)) if below is not None else set()
        ids = [call_id for call_id in by_call if call_id not in seen]
        page = ids[:limit]
        calls = tables.calls
        stored = {
            row.id: rows.to_call(row) for row in self._connection.execute(select(calls).where(calls.c.id.in_(page)))
        }
        found = tuple(
            Found(stored[call_id], tuple(rows.to_segment(hit) for hit in by_call[call_id][:3])) for call_id in page
        )
        if len(ids) > limit:
            return FoundPage(self._corrected(found), str(by_call[ids[limit]][0].number + 1))
        return FoundPage(self._corrected(found), str(hits[-1].number) if len(hits) == HITS else "")

    def _corrected(self, found: tuple[Found, ...]) -> tuple[Found, ...]:
        """Show what was found in its corrected words."""
        table = review_tables.segment_corrections
        wanted = [segment.id for row in found for segment in row.segments]
        query = select(table).where(table.c.segment_id.in_(wanted)).order_by(table.c.id)
        newest = {row.segment_id: row for row in self._connection.execute(query)}
        if not newest:
            return found

        def read(segment: Segment) -> Segment:
            row = newest.get(segment.id)
            return replace(segment, text=row.text, normalised=row.normalised, channel=row.channel) if row else segment

        return tuple(replace(row, segments=tuple(read(segment) for segment in row.segments)) for row in found)

    def _hits(self, wanted: CallFilter, below: int | None) -> Sequence[Any]:
        """Return the newest segments that hold the text, of calls that fit, with their numbers."""
        calls, segments = tables.calls, tables.segments
        newest, number = self._matching(wanted)
        newest = newest.order_by(number.desc()).limit(HITS)
        if below is not None:
            newest = newest.where(number < below)
        conditions = _conditions(wanted)
        if conditions:
            newest = newest.join(calls, calls.c.id == tables.searchable.c.call_id).where(and_(*conditions))
        inner = newest.subquery()
        query = (
            select(segments, inner.c.number)
            .join(inner, inner.c.segment_id == segments.c.id)
            .order_by(inner.c.number.desc())
        )
        return self._connection.execute(query).all()

    def _found_above(self, wanted: CallFilter, below: int, call_ids: Sequence[str]) -> set[str]:
        """Return those of the calls that an earlier page has shown."""
        query, number = self._matching(wanted)
        query = query.where(number >= below, tables.searchable.c.call_id.in_(call_ids))
        return {row.call_id for row in self._connection.execute(query)}

    def _matching(self, wanted: CallFilter) -> tuple[Select[Any], ColumnElement[int]]:
        """Select the segments that hold the text, and their numbers."""
        runs = query_runs(wanted.text)
        searchable = tables.searchable
        number: ColumnElement[int]
        if self._connection.dialect.name == "sqlite":
            number = literal_column("segment_grams.rowid")
            match: ColumnElement[bool] = literal_column("segment_grams").op("MATCH")(sqlite_query(runs))
        else:
            number = segment_grams.c.id
            match = segment_grams.c.grams.op("@@")(sql_cast(postgresql_query(runs), TSQUERY))
        query = (
            select(searchable.c.segment_id, searchable.c.call_id, number.label("number"))
            .select_from(segment_grams)
            .join(searchable, searchable.c.id == number)
            .where(match)
        )
        return query, number


def _after(cursor: str) -> ColumnElement[bool]:
    """Return the condition of the calls that follow a cursor of the form `moment|id`."""
    calls = tables.calls.c
    moment, _, call_id = cursor.partition("|")
    try:
        started = datetime.fromisoformat(moment).astimezone(UTC)
    except ValueError:
        raise _bad_cursor() from None
    return or_(calls.started_at < started, and_(calls.started_at == started, calls.id > call_id))


def _number(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise _bad_cursor()
    return int(cursor)


def _bad_cursor() -> InputError:
    return InputError("翻页位置不对", expected="上一页给出的位置", found="其他内容", remedy="请重新搜索")


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
        conditions.append(calls.at_risk_fen >= 100 * wanted.amount_yuan_from)
    return conditions
