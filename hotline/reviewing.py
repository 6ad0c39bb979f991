"""What a supervisor does with a finished call: one function, one transaction a command."""

from __future__ import annotations

from hotline import commands
from hotline.domain.review import LONGEST_COMMENT, LONGEST_TEXT, QaReview, SegmentCorrection, TrainerMark
from hotline.domain.segment import Channel, Segment
from hotline.errors import InputError, NotFoundError
from hotline.events import EventType
from hotline.handlers import refresh_entities
from hotline.hub import Hub
from hotline.numbers import normalise
from hotline.views import segment_view
from hotline.word_times import retimed


def correct_segment(hub: Hub, command: commands.CorrectSegment) -> Segment:
    """Store what was really said; facts are read again, the segment as it was recognised stays stored.

    Raises: InputError, NotFoundError.
    """
    text = command.text.strip()
    if not 0 < len(text) <= LONGEST_TEXT:
        raise InputError(
            "文字长度不对", expected=f"1 到 {LONGEST_TEXT} 字", found=f"{len(text)} 字", remedy="请修改后再保存"
        )
    if command.channel not in list(Channel):
        raise InputError("没有这一方", expected="operator 或 caller", found=command.channel[:20], remedy="请选择说话人")
    with hub.store.transaction() as uow:
        heard = {segment.id: segment for segment in uow.heard_segments(uow.call(command.call_id).id)}
        if command.segment_id not in heard:
            raise NotFoundError(
                "没有这句话", expected="本通话的片段", found=command.segment_id[:40], remedy="请刷新页面"
            )
        original = heard[command.segment_id]
        words = retimed(original.words, text, original.start_s, original.end_s)
        correction = SegmentCorrection(
            command.call_id, original.id, command.actor, hub.clock(), text, command.channel, normalise(text), words
        )
        uow.add_segment_correction(correction)
        corrected = correction.applied_to(original)
        uow.append_event(command.call_id, EventType.SEGMENT_CORRECTED, {"segment": segment_view(corrected)})
        refresh_entities(uow, command.call_id)
        uow.audit(command.actor, "segment.correct", command.call_id, original.id)
    return corrected


def check_quality(hub: Hub, command: commands.CheckQuality) -> QaReview:
    """Store a quality check of a call. Raises: InputError, NotFoundError."""
    review = QaReview(command.call_id, command.actor, hub.clock(), dict(command.answers), command.comment.strip())
    review.check()
    with hub.store.transaction() as uow:
        uow.call(command.call_id)
        uow.add_qa_review(review)
        result = "pass" if passes(hub, review) else "fail"
        uow.audit(command.actor, "call.quality", command.call_id, f"{review.score} {result}")
    return review


def passes(hub: Hub, review: QaReview) -> bool:
    """Say whether a call passes: no red line crossed and the score high enough."""
    return not review.breached and review.score >= hub.config.number("qa_pass_score")


def send_to_trainer(hub: Hub, command: commands.SendToTrainer) -> TrainerMark:
    """Mark a call for the trainers, once. Raises: InputError, NotFoundError."""
    comment = command.comment.strip()
    if len(comment) > LONGEST_COMMENT:
        raise InputError(
            "说明过长", expected=f"不超过 {LONGEST_COMMENT} 字", found=f"{len(comment)} 字", remedy="请删减后再提交"
        )
    mark = TrainerMark(command.call_id, command.actor, hub.clock(), comment)
    with hub.store.transaction() as uow:
        uow.call(command.call_id)
        if uow.send_to_trainer(mark):
            uow.audit(command.actor, "call.to_trainer", command.call_id)
        return uow.trainer_mark(command.call_id) or mark
