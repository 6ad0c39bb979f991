"""The seams of the second pass: what is stored of it, and who hears the recording again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hotline.audio import AudioFrame
from hotline.domain.second_pass import SecondPass
from hotline.domain.segment import Transcript


class SecondPassUnitOfWork(Protocol):
    """The part of a transaction that deals with second passes."""

    def note_second_pass_job(self, call_id: str, job_id: str) -> None:
        """Remember which job makes, or made, the second pass of a call."""

    def second_pass_job(self, call_id: str) -> str | None:
        """Return the newest job that was started for a call."""

    def save_second_pass(self, second: SecondPass) -> None:
        """Store a second pass in place of an earlier one of the call."""

    def second_pass(self, call_id: str) -> SecondPass | None:
        """Return the second pass of a call, None while there is none."""

    def swap_second_pass(self, call_id: str) -> None:
        """Make the operator's words of the second pass the caller's and the other way round."""


class Listener(Protocol):
    """Hears pieces of a recording, one at a time, without hurry."""

    model: str
    """Name of the speech model."""

    def hear(self, channel: str, frames: Sequence[AudioFrame]) -> Sequence[Transcript]:
        """Return the final transcripts of one piece, in call time; none for noise."""
