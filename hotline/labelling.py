"""Trainers' work on calls: the queue, a whole call with proposals, labellingand undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from hotline.domain.call import Call
from hotline.domain.labels import CallLabel, EvidenceMark, LabelOrigin, QueueRow, is_control, rank
from hotline.domain.risk import Prediction
from hotline.domain.segment import Segment
from hotline.errors import InputError, StateError
from hotline.hub import Hub
from hotline.ports import UnitOfWork
from hotline.privacy import mask_text
from hotline.views import call_view, mask_call, mask_segment, segment_view

MOST_CANDIDATES = 5000


def label_queue(hub: Hub, user_id: str) -> list[QueueRow]:
    """Return what a trainer is asked to label, in order."""
    with hub.store.transaction() as uow:
        candidates = uow.label_candidates(MOST_CANDIDATES)
    control, double = hub.config.number("label_control_share"), hub.config.number("label_double_share")
    return rank(candidates, user_id, control, double)


def save_label(hub: Hub, label: CallLabel) -> CallLabel:
    """Store a trainer's word on a finished call. Raises: InputError, NotFoundError, StateError."""
    label.check()
    with hub.store.transaction() as uow:
        _finished(uow.call(label.call_id))
        checked = replace(label, evidence=_quoted(uow.segments(label.call_id), label.evidence))
        stored = uow.add_label(checked)
        uow.audit(label.user_id, "label.save", label.call_id, label.verdict[:40])
    return stored


def undo_label(hub: Hub, user_id: str) -> CallLabel:
    """Take back what this trainer labelled last. Raises: StateError when there is nothing."""
    with hub.store.transaction() as uow:
        label = uow.undo_label(user_id)
        if label is None:
            raise StateError("没有可以撤销的标注", expected="至少一条自己的标注", found="没有", remedy="请先标注")
        uow.audit(user_id, "label.undo", label.call_id)
    return label


def call_to_label(hub: Hub, call_id: str, user_id: str) -> dict[str, Any]:
    """Return a call for its labelling page, masked: text, what the model proposes, and one's own label if any.

    Others' labels are left out, and where a second opinion or an unbiased sample is wanted so is the proposal. Raises: NotFoundError, StateError.
    """
    with hub.store.transaction() as uow:
        call = _finished(uow.call(call_id))
        segments = uow.segments(call_id)
        prediction = uow.latest_prediction(call_id)
        labels = uow.labels(call_id)
        sent = uow.trainer_mark(call_id) is not None
    others = any(label.user_id != user_id and _by_hand(label) for label in labels)
    blind = others or (not sent and is_control(call_id, hub.config.number("label_control_share")))
    mine = next((label for label in labels if label.user_id == user_id and _by_hand(label)), None)
    return {
        "call": mask_call(call_view(call)),
        "model_version": prediction.model_version if prediction and not blind else "",
        "segments": [mask_segment(segment_view(segment)) for segment in segments],
        "proposal": None if blind else _proposal(call, labels, prediction, segments),
        "mine": label_view(mine) if mine else None,
        "audio": sorted(hub.recordings.paths(call_id)),
    }


def label_view(label: CallLabel) -> dict[str, Any]:
    """Return a label as JSON, masked."""
    return {
        "label": label.label,
        "stage": label.stage,
        "money_gone": label.money_gone,
        "coached": label.coached,
        "unsure": label.unsure,
        "new_type": label.new_type,
        "evidence": [
            {"segment_id": m.segment_id, "start": m.start, "end": m.end, "text": mask_text(m.text)}
            for m in label.evidence
        ],
    }


def doubly_labelled(hub: Hub) -> list[tuple[CallLabel, CallLabel]]:
    """Return pairs of labels that two people gave the same call, one pair a call."""
    with hub.store.transaction() as uow:
        labels = [label for label in uow.labels() if _by_hand(label)]
    by_call: dict[str, list[CallLabel]] = {}
    for label in labels:
        by_call.setdefault(label.call_id, []).append(label)
    pairs = (sorted(found, key=lambda label: label.user_id) for _, found in sorted(by_call.items()))
    return [pair for found in pairs for pair in list(combinations(found, 2))[:1]]


def _by_hand(label: CallLabel) -> bool:
    return label.origin is not LabelOrigin.PRELABEL


def _finished(call: Call) -> Call:
    if call.ended_at is None:
        raise StateError("通话还没有结束", expected="已结束的通话", found=call.state, remedy="请在通话结束后再标注")
    return call


def _quoted(segments: Sequence[Segment], marks: Sequence[EvidenceMark]) -> tuple[EvidenceMark, ...]:
    """Return the marks with the stored words under them. Raises: InputError when one lies outside its segment."""
    texts = {segment.id: segment.text for segment in segments}
    quoted = []
    for mark in marks:
        text = texts.get(mark.segment_id, "")
        if not 0 <= mark.start < mark.end <= len(text):
            raise InputError(
                "依据的位置不对",
                expected=f"0 到 {len(text)} 之间",
                found=f"{mark.start}–{mark.end}",
                remedy="请重新标出依据",
            )
        quoted.append(replace(mark, text=text[mark.start : mark.end]))
    return tuple(quoted)


def _proposal(
    call: Call, labels: Sequence[CallLabel], prediction: Prediction | None, segments: Sequence[Segment]
) -> dict[str, Any]:
    """Return what to start from: an imported pre-label, else the operator's correction, else the model's guess."""
    proposed = next((label for label in labels if not _by_hand(label)), None)
    if proposed is not None:
        return {"source": "prelabel", "probability": None, **label_view(proposed)}
    corrected = call.label if call.label_source == "operator" else None
    evidence = [
        EvidenceMark(segments[span.turn].id, span.start, span.end, span.text)
        for span in (prediction.evidence if prediction else ())
        if span.turn < len(segments)
    ]
    label = CallLabel(
        call.id,
        "",
        label=corrected or (prediction.label if prediction else None),
        stage=prediction.stage if prediction else None,
        money_gone=call.facts.money_gone,
        coached=call.facts.being_coached,
        evidence=tuple(evidence),
        unsure=bool(prediction and prediction.unsure and not corrected),
    )
    source = "operator" if corrected else "model" if prediction else ""
    return {"source": source, "probability": prediction.probability if prediction else None, **label_view(label)}


def labels_by_call(uow: UnitOfWork) -> dict[str, list[CallLabel]]:
    """Return all labels that count as done, by call."""
    found: dict[str, list[CallLabel]] = {}
    for label in uow.labels():
        if _by_hand(label):
            found.setdefault(label.call_id, []).append(label)
    return found
