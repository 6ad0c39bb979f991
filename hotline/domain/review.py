"""What a supervisor does with a finished call: corrected words, a quality check, a mark for the trainer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from hotline.domain.segment import Segment, Word
from hotline.errors import InputError

LONGEST_COMMENT = 2000
LONGEST_TEXT = 2000


@dataclass(frozen=True)
class SegmentCorrection:
    """What was really said and by whom. The segment as it was recognised stays stored beside it."""

    call_id: str
    segment_id: str
    by: str
    at: datetime
    text: str
    channel: str
    normalised: str
    words: tuple[Word, ...] = ()

    def applied_to(self, segment: Segment) -> Segment:
        """Return the segment as it is now read."""
        return replace(segment, text=self.text, channel=self.channel, normalised=self.normalised, words=self.words)


@dataclass(frozen=True)
class LabelCorrection:
    """A scam type that a person chose, and what the model had said then."""

    call_id: str
    by: str
    at: datetime
    label: str
    model_label: str | None


@dataclass(frozen=True)
class TrainerMark:
    """A supervisor wants a trainer to look at the call."""

    call_id: str
    by: str
    at: datetime
    comment: str = ""


class Answer(StrEnum):
    """Answers to a question of the checklist."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "na"


QA_ITEMS = (
    "identity",
    "two_questions",
    "red_lines",
    "no_promise",
    "read_back",
    "amount_time",
    "level",
    "isolation",
    "next_step",
    "follow_up",
    "tone",
    "record",
    "closing",
)
"""The checklist of the domain rules, section 5."""
RED_LINES = frozenset({"red_lines", "no_promise"})
"""Items that must not be answered with no (domain rules, section 3): one breach fails the call."""


@dataclass(frozen=True)
class QaReview:
    """One quality check of a call."""

    call_id: str
    by: str
    at: datetime
    answers: Mapping[str, Answer]
    """One answer for each of `QA_ITEMS`."""
    comment: str = ""

    @property
    def score(self) -> float:
        """Share of yes among yes and no, in percent; 0 after a breach of a red line."""
        counted = [answer for answer in self.answers.values() if answer is not Answer.NOT_APPLICABLE]
        if self.breached or not counted:
            return 0.0
        return round(100 * sum(answer is Answer.YES for answer in counted) / len(counted), 1)

    @property
    def breached(self) -> tuple[str, ...]:
        """Red lines that were crossed."""
        return tuple(item for item in QA_ITEMS if item in RED_LINES and self.answers.get(item) is Answer.NO)

    def check(self) -> None:
        """Raises: InputError unless every item has an answer, red lines with yes or no."""
        for item in QA_ITEMS:
            answer = self.answers.get(item)
            if answer is None or (item in RED_LINES and answer is Answer.NOT_APPLICABLE):
                raise InputError(
                    "质检表不完整", expected="每一项都有回答，红线项只能答是或否", found=item, remedy="请补全后再保存"
                )
        if set(self.answers) - set(QA_ITEMS):
            raise InputError("质检表不对", expected="已知的项目", found="未知的项目", remedy="请刷新页面")
        if len(self.comment) > LONGEST_COMMENT:
            raise InputError(
                "评语过长",
                expected=f"不超过 {LONGEST_COMMENT} 字",
                found=f"{len(self.comment)} 字",
                remedy="请删减后再保存",
            )


@dataclass(frozen=True)
class FreezeDecision:
    """What a second person decided on a payment-stop request."""

    request_id: str
    by: str
    at: datetime
    approved: bool
    reason: str = ""
