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
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    column,
    exists,
    func,
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
from hotline.stores.search_numbers import SEGMENT_BITS, first_call_number, next_segment_number

RUN = re.compile(r"[^\W_]+")
"""Letters, digits and ideographs."""
LONGEST_QUERY = 60
LONGEST_CURSOR = 12
"""Digits of a call's number."""
HITS = 400
"""Segments read for one page of results."""
FEW_CALLS = 5000
"""So many calls that fit are put into a set before the text is looked for; more are looked at hit by hit."""

segment_grams = table("segment_grams", column("id", BigInteger), column("grams"))
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
        """Make a segment findable; one that was indexed before is indexed anew and keeps its place."""
        searchable = tables.searchable
        number = self._connection.scalar(select(searchable.c.id).where(searchable.c.segment_id == segment.id))
        if number is None:
            number = next_segment_number(self._connection, segment.call_id)
            self._connection.execute(
                insert(searchable), {"id": number, "segment_id": segment.id, "call_id": segment.call_id}
            )
        else:
            key = "rowid" if self._connection.dialect.name == "sqlite" else "id"
            self._connection.execute(text(f"DELETE FROM segment_grams WHERE {key} = :number"), {"number": number})
        index_text(self._connection, number, searchable_text(segment.text, segment.normalised))

    def find_calls(self, wanted: CallFilter, limit: int = 50, cursor: str = "") -> FoundPage:
        """Return a page of calls that fit, newest first, each with up to three segments that hold the text.

        With a text, `since` and `until` count in whole seconds.
        """
        if wanted.text.strip():
            return self._calls_with_text(wanted, limit, cursor)
        calls = tables.calls
        query = select(calls).where(*_period(wanted), *_facts(wanted)).order_by(calls.c.started_at.desc(), calls.c.id)
        if cursor:
            query = query.where(_after(cursor))
        found = [rows.to_call(row) for row in self._connection.execute(query.limit(limit + 1))]
        last = found[limit - 1] if len(found) > limit else None
        return FoundPage(
            tuple(Found(call) for call in found[:limit]), f"{last.started_at.isoformat()}|{last.id}" if last else ""
        )

    def _calls_with_text(self, wanted: CallFilter, limit: int, cursor: str) -> FoundPage:
        """Return the newest calls that hold the text; the cursor is the number of the last call of the page before."""
        hits = self._hits(wanted, _number(cursor) if cursor else None)
        by_call: dict[str, list[Any]] = {}
        for hit in hits:
            by_call.setdefault(hit.call_id, []).append(hit)
        page = list(by_call)[:limit]
        calls = tables.calls
        stored = {
            row.id: rows.to_call(row) for row in self._connection.execute(select(calls).where(calls.c.id.in_(page)))
        }
        found = tuple(
            Found(stored[call_id], tuple(rows.to_segment(hit) for hit in by_call[call_id][:3])) for call_id in page
        )
        whole = len(by_call) <= limit and len(hits) < HITS
        return FoundPage(self._corrected(found), "" if whole else str(by_call[page[-1]][0].number >> SEGMENT_BITS))

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

    def _hits(self, wanted: CallFilter, before: int | None) -> Sequence[Any]:
        """Return the newest segments that hold the text, of calls that fit and have numbers below `before`."""
        number, match = self._matching(wanted.text)
        query = select(number.label("number")).select_from(segment_grams).where(match)
        if before is not None:
            query = query.where(number < before << SEGMENT_BITS)
        if wanted.since:
            query = query.where(number >= first_call_number(wanted.since) << SEGMENT_BITS)
        if wanted.until:
            query = query.where(number < first_call_number(wanted.until) << SEGMENT_BITS)
        query = query.where(*self._call_conditions(wanted, number.op(">>")(literal_column(str(SEGMENT_BITS)))))
        newest = query.order_by(number.desc()).limit(HITS).subquery()
        segments, searchable = tables.segments, tables.searchable
        return self._connection.execute(
            select(segments, newest.c.number)
            .select_from(newest)
            .join(searchable, searchable.c.id == newest.c.number)
            .join(segments, segments.c.id == searchable.c.segment_id)
            .order_by(newest.c.number.desc())
        ).all()

    def _call_conditions(self, wanted: CallFilter, call_number: ColumnElement[int]) -> list[ColumnElement[bool]]:
        """Return what a hit's call must be: one of a set that is looked up once where it is small, else looked at."""
        if not _facts(wanted):
            return []
        calls = tables.calls.c
        conditions = (*_period(wanted), *_facts(wanted))
        fitting = select(calls.number).where(*conditions, calls.number.is_not(None))
        few = fitting.limit(FEW_CALLS + 1).subquery()
        if (self._connection.scalar(select(func.count()).select_from(few)) or 0) <= FEW_CALLS:
            return [call_number.in_(fitting)]
        return [exists().where(calls.number == call_number, *conditions)]

    def _matching(self, wanted: str) -> tuple[ColumnElement[int], ColumnElement[bool]]:
        """Return the number of an indexed segment, and the condition that it holds the text."""
        runs = query_runs(wanted)
        if self._connection.dialect.name == "sqlite":
            return literal_column("segment_grams.rowid", BigInteger), literal_column("segment_grams").op("MATCH")(
                sqlite_query(runs)
            )
        return segment_grams.c.id, segment_grams.c.grams.op("@@")(sql_cast(postgresql_query(runs), TSQUERY))


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
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > LONGEST_CURSOR:
        raise _bad_cursor()
    return int(cursor)


def _bad_cursor() -> InputError:
    return InputError("翻页位置不对", expected="上一页给出的位置", found="其他内容", remedy="请重新搜索")


def _period(wanted: CallFilter) -> list[ColumnElement[bool]]:
    started_at = tables.calls.c.started_at
    since = [started_at >= wanted.since] if wanted.since else []
    return [*since, started_at < wanted.until] if wanted.until else since


def _facts(wanted: CallFilter) -> list[ColumnElement[bool]]:
    calls = tables.calls.c
    names = ("label", "risk", "operator_id", "disposition", "state")
    facts: list[ColumnElement[bool]] = [
        getattr(calls, name) == getattr(wanted, name) for name in names if getattr(wanted, name)
    ]
    if wanted.amount_yuan_from is not None:
        facts.append(calls.at_risk_fen >= 100 * wanted.amount_yuan_from)
    return facts
