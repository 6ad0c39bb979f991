"""What happened in a call. Stored events are numbered per call; partial texts are published and forgotten.

The `data` of each type, as JSON:

    call_started       {"call": CallView}
    segment            {"segment": SegmentView}
    segment_corrected  {"segment": SegmentView}                a supervisor corrected words or speaker
    channels_swapped   {"by"}                                  who is who changed for all words so far
    entities           {"entities": [EntityView, ...]}        the whole list, replacing the last one
    prediction         {"prediction": PredictionView}
    alert              {"level", "label", "reasons": [...]}    the risk level rose to 高 or 紧急
    facts              {"money_gone": bool|null, "being_coached": bool|null}   the operator's answers
    label_corrected    {"label", "by"}
    note               {"text"}
    freeze             {"freeze": FreezeView}                   created, or its status changed
    audio_gap          {"channel", "start_s", "end_s"}
    recognizer         {"state": "ok"|"restarting"|"unavailable"|"refused"|"off", "engine", "model", "reason"}
    classifier         {"state": "ok"|"unavailable", "version", "reason"}
    wrap_up            {"wrap_up": WrapUpView}                 the operator's account of the finished call
    call_ended         {"state": "ended"|"interrupted", "duration_s"}
    partial            {"channel", "text", "start_s", "end_s"}  never stored, seq 0

The views are made by `hotline.views`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """Names of the events."""

    CALL_STARTED = "call_started"
    SEGMENT = "segment"
    SEGMENT_CORRECTED = "segment_corrected"
    CHANNELS_SWAPPED = "channels_swapped"
    ENTITIES = "entities"
    PREDICTION = "prediction"
    ALERT = "alert"
    FACTS = "facts"
    LABEL_CORRECTED = "label_corrected"
    NOTE = "note"
    FREEZE = "freeze"
    AUDIO_GAP = "audio_gap"
    RECOGNIZER = "recognizer"
    CLASSIFIER = "classifier"
    WRAP_UP = "wrap_up"
    CALL_ENDED = "call_ended"
    PARTIAL = "partial"


@dataclass(frozen=True)
class CallEvent:
    """One numbered event of a call; `seq` starts at 1 and has no holes. Partials carry `seq` 0."""

    call_id: str
    seq: int
    type: EventType
    at: datetime
    data: Mapping[str, Any]
