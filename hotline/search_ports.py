"""The seam of finding calls by their facts and by what was said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hotline.domain.call import Call
from hotline.domain.segment import Segment


@dataclass(frozen=True)
class CallFilter:
    """Which calls a supervisor looks for; what is empty does not matter."""

    text: str = ""
    """Said by either side; every run of characters in it must occur."""
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is too late."""
    label: str = ""
    risk: str = ""
    operator_id: str = ""
    disposition: str = ""
    state: str = ""
    amount_yuan_from: int | None = None
    """Least money at risk."""


@dataclass(frozen=True)
class Found:
    """A call that was found, and segments in which the text was said."""

    call: Call
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class FoundPage:
    """One page of what was found."""

    found: tuple[Found, ...]
    cursor: str = ""
    """Where the next page begins; empty after the last one."""


class SearchUnitOfWork(Protocol):
    """The part of a transaction that finds calls."""

    def find_calls(self, wanted: CallFilter, limit: int = 50, cursor: str = "") -> FoundPage:
        """Return a page of calls that fit, newest first, with segments that hold the text. Raises: InputError."""
