"""What a rule finds in one turn."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.domain.entities import EntityType


@dataclass(frozen=True)
class Found:
    """A candidate; `start` and `end` count characters of the turn's normalised text."""

    type: EntityType
    value: str | int
    start: int
    end: int
    warnings: tuple[str, ...] = ()

    def overlaps(self, other: Found) -> bool:
        """Say whether both share characters."""
        return self.start < other.end and other.start < self.end
