"""Numbers of segments in the full-text index: when the call began, then which call, then which segment of it.

Hits come in the order of their numbers, so the newest call comes first, a period is a range of numbers, and a hit's
call is known without looking anything up.
"""

from __future__ import annotations

from datetime import datetime
from zlib import crc32

from sqlalchemy import Connection, exists, func, select, update

from hotline.stores import tables

CALL_BITS = 8
"""Calls that begin in the same second differ in these."""
SEGMENT_BITS = 16


def first_call_number(moment: datetime) -> int:
    """Return the least number of a call that begins in this second."""
    return int(moment.timestamp()) << CALL_BITS


def take_call_number(connection: Connection, call_id: str) -> int:
    """Return the call's number, which it gets with its first words; the call stays locked for this transaction."""
    calls = tables.calls
    row = connection.execute(
        select(calls.c.number, calls.c.started_at).where(calls.c.id == call_id).with_for_update()
    ).one()
    if row.number is not None:
        return int(row.number)
    # Two processes that store calls of the same second seldom begin at the same place.
    number = first_call_number(row.started_at) + crc32(call_id.encode()) % (1 << CALL_BITS)
    if connection.scalar(select(calls.c.number).where(calls.c.number == number)) is not None:
        other = calls.alias()
        last_of_run = ~exists().where(other.c.number == calls.c.number + 1)
        taken = select(calls.c.number).where(calls.c.number >= number, last_of_run).order_by(calls.c.number).limit(1)
        number = connection.execute(taken).scalar_one() + 1
    connection.execute(update(calls).where(calls.c.id == call_id).values(number=number))
    return number


def next_segment_number(connection: Connection, call_id: str) -> int:
    """Return the number of one more segment of a call."""
    first = take_call_number(connection, call_id) << SEGMENT_BITS
    used = tables.searchable.c.id
    last = connection.scalar(select(func.max(used)).where(used >= first, used < first + (1 << SEGMENT_BITS)))
    return first if last is None else int(last) + 1
