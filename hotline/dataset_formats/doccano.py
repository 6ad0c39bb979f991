"""doccano's JSONL of intent detection and slot filling: text, `cats` with the type, `entities` with the evidence.

Text classification exports (`"label": ["loan"]`) are read as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from hotline.dataset_formats.line import Line, bad, json_rows, line_of, plain_text, turns_of
from hotline.domain.datasets import Example

EVIDENCE = "evidence"


def write(examples: Iterable[Example]) -> str:
    """Return one JSON object a line; offsets count characters of `text`."""
    return "".join(json.dumps(_row(example), ensure_ascii=False) + "\n" for example in examples)


def read(text: str) -> Iterator[Line]:
    """Yield the calls of an export. Raises: DatasetError."""
    for where, row in json_rows(text):
        said = row.get("text")
        if not isinstance(said, str):
            raise bad(where, "没有文字", '"text": "客：…"', type(said).__name__, "重新导出")
        kinds = row.get("cats", row.get("label"))
        if not isinstance(kinds, list) or len(kinds) != 1:
            raise bad(where, "类型不对", "cats 或 label 恰好一个", kinds, "每通电话标一个类型")
        spans = row.get("entities") or []
        if not isinstance(spans, list):
            raise bad(where, "依据不对", "[[起, 止, 名称], …]", type(spans).__name__, "重新导出")
        pieces = [_piece(where, said, span) for span in spans]
        known = {name: row.get(name) for name in ("stage", "money_gone", "coached", "prelabel")}
        call_id = row.get("call_id", row.get("id"))
        turns = turns_of(where, said)
        yield line_of(where, {**known, "id": call_id, "label": kinds[0], "turns": turns, "evidence": pieces})


def _row(example: Example) -> dict[str, Any]:
    text = plain_text(example.turns)
    spans = [[text.index(p), text.index(p) + len(p), EVIDENCE] for p in example.evidence if p in text]
    facts = {"stage": example.stage, "money_gone": example.money_gone, "coached": example.coached}
    return {"call_id": example.id, "text": text, "cats": [example.label], "entities": spans, **facts}


def _piece(where: str, text: str, span: Any) -> str:
    right = isinstance(span, list) and len(span) == 3 and all(isinstance(n, int) for n in span[:2])
    if not right or not 0 <= span[0] < span[1] <= len(text):
        raise bad(where, "依据的位置不对", f"[起, 止, 名称]，0 到 {len(text)}", span, "改正这一处")
    return text[span[0] : span[1]]
