"""Transcripts as vosk-server writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hotline.domain.segment import Transcript


def partial_json(text: str) -> str:
    """Return the reply to a block in the middle of an utterance."""
    return json.dumps({"partial": text}, ensure_ascii=False)


def result_json(finals: Sequence[Transcript], start_s: float, *, words: bool, alternatives: int) -> str:
    """Return the reply that ends an utterance; several finals are one result, none is an empty text.

    Times are seconds from the start of the stream (`start_s` in call time). Words are separated by spaces, as Vosk
    does for Chinese too.
    """
    result: dict[str, Any] = {"text": " ".join(filter(None, (_text(final) for final in finals)))}
    heard = [
        {
            "conf": round(word.confidence, 6),
            "end": round(max(0.0, word.end_s - start_s), 6),
            "start": round(max(0.0, word.start_s - start_s), 6),
            "word": word.text,
        }
        for final in finals
        for word in final.words
    ]
    if words and heard:
        result = {"result": heard, **result}
    if alternatives > 0:
        confidence = sum(final.confidence for final in finals) / len(finals) if finals else 0.0
        result = {"alternatives": [{"confidence": round(confidence, 6), **result}]}
    return json.dumps(result, ensure_ascii=False)


def _text(final: Transcript) -> str:
    return " ".join(word.text for word in final.words) or final.text
