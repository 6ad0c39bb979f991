"""The second pass as consoles show it: how far it is, what it changed, and both versions side by side."""

from __future__ import annotations

from typing import Any

from hotline.domain.entities import SENSITIVE_TYPES, EntityType
from hotline.domain.second_pass import Fact, SecondPass
from hotline.domain.segment import Segment
from hotline.hub import Hub
from hotline.privacy import mask_entity, mask_text
from hotline.taxonomy import load_taxonomy
from hotline.transcript_diff import Row, align, compare


def second_pass_status(hub: Hub, call_id: str) -> dict[str, Any]:
    """Return `wanted` (the setting), `job` (state, progress, message) and `made` (when and with which model).

    Raises: NotFoundError.
    """
    with hub.store.transaction() as uow:
        uow.call(call_id)
        job_id = uow.second_pass_job(call_id)
        job = uow.job(job_id) if job_id else None
        second = uow.second_pass(call_id)
    return {
        "wanted": hub.config["second_pass"] != "0",
        "job": job and {"id": job.id, "state": job.state, "progress": job.progress, "message": job.message},
        "made": second and {"at": second.made_at.isoformat(timespec="seconds"), "model": second.model},
    }


def differences(hub: Hub, call_id: str, *, masked: bool) -> dict[str, Any]:
    """Return the rows of both versions with their differing pieces, and how facts and label changed.

    Raises: NotFoundError; `rows` is empty while there is no second version.
    """
    with hub.store.transaction() as uow:
        uow.call(call_id)
        first, second = uow.segments(call_id), uow.second_pass(call_id)
    if second is None:
        return {"rows": [], "changes": None, "model": ""}
    rows = [_row_view(row, masked=masked) for row in align(first, second.segments)]
    return {"rows": rows, "changes": _changes_view(second, masked=masked), "model": second.model}


def _row_view(row: Row, *, masked: bool) -> dict[str, Any]:
    texts = [_text(side, masked=masked) for side in (row.first, row.second)]
    pieces = compare(*texts)
    return {
        "channel": row.channel,
        "start_s": round(row.start_s, 3),
        "same": all(piece.same for side in pieces for piece in side),
        "segment_id": row.first[0].id if row.first else None,
        "first": [{"text": piece.text, "same": piece.same} for piece in pieces[0]],
        "second": [{"text": piece.text, "same": piece.same} for piece in pieces[1]],
    }


def _text(segments: tuple[Segment, ...], *, masked: bool) -> str:
    """Join a side's texts; digits are hidden before texts are compared, so that no piece can show them."""
    text = " ".join(segment.normalised for segment in segments)
    return mask_text(text) if masked else text


def _changes_view(second: SecondPass, *, masked: bool) -> dict[str, Any]:
    changes = second.changes
    return {
        "label": None
        if changes.label_before == changes.label_after
        else {"before": _name(changes.label_before), "after": _name(changes.label_after)},
        "probability": second.prediction.probability if second.prediction else None,
        "gained": [_fact_view(fact, masked=masked) for fact in changes.gained],
        "lost": [_fact_view(fact, masked=masked) for fact in changes.lost],
    }


def _fact_view(fact: Fact, *, masked: bool) -> dict[str, Any]:
    kind, value = EntityType(fact[0]), fact[1]
    return {"type": kind, "value": mask_entity(kind, str(value)) if masked and kind in SENSITIVE_TYPES else value}


def _name(code: str | None) -> str:
    return load_taxonomy().get(code).name if code else ""
