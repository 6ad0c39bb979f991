"""Label Studio's JSON: a task a call, the talk as a Paragraphs field, type, stage and facts as Choices.

Source: labelstud.io/guide/export (JSON) and labelstud.io/tags/paragraphs: offsets count within one paragraph.
A task with predictions but no annotation gives a pre-label.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hotline.dataset_formats.line import Line, bad, line_of
from hotline.domain.datasets import Example

FIELD, EVIDENCE = "dialogue", "evidence"
CHOICES = ("label", "stage", "money_gone", "coached")
FACTS = {"yes": True, "no": False}


def write(examples: Iterable[Example]) -> str:
    """Return a JSON array of tasks with one annotation each."""
    return json.dumps([_task(example) for example in examples], ensure_ascii=False, indent=1) + "\n"


def read(text: str) -> Iterator[Line]:
    """Yield the calls of an export. Tasks without annotation and prediction are left out. Raises: DatasetError."""
    try:
        tasks = json.loads(text)
    except json.JSONDecodeError as error:
        raise bad(f"第 {error.lineno} 行", "不是 JSON", "Label Studio 的 JSON 导出", error.msg, "重新导出") from None
    if not isinstance(tasks, list):
        raise bad("第 1 行", "不是任务列表", "以 [ 开头的 JSON", type(tasks).__name__, "选择 JSON 格式重新导出")
    for number, task in enumerate(tasks, 1):
        where = f"第 {number} 个任务"
        data = task.get("data") if isinstance(task, dict) else None
        if not isinstance(data, dict):
            raise bad(where, "没有数据", '"data": {…}', type(data).__name__, "重新导出")
        for name, proposal in (("annotations", False), ("predictions", True)):
            results = _results(where, task.get(name))
            if results:
                yield line_of(where, {**_row(where, data, task, results), "prelabel": proposal})
                break


def _task(example: Example) -> dict[str, Any]:
    results = [_choice("label", example.label)]
    if example.stage:
        results.append(_choice("stage", example.stage))
    for name, value in (("money_gone", example.money_gone), ("coached", example.coached)):
        if value is not None:
            results.append(_choice(name, "yes" if value else "no"))
    for piece in example.evidence:
        place = next((i for i, turn in enumerate(example.turns) if piece in turn.text), None)
        if place is not None:
            start = example.turns[place].text.index(piece)
            results.append(_span(place, start, start + len(piece), piece))
    talk = [{"author": turn.speaker, "text": turn.text} for turn in example.turns]
    return {"data": {"id": example.id, FIELD: talk}, "annotations": [{"result": results}]}


def _choice(name: str, value: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": FIELD, "type": "choices", "value": {"choices": [value]}}


def _span(paragraph: int, start: int, end: int, text: str) -> dict[str, Any]:
    value = {
        "start": str(paragraph),
        "end": str(paragraph),
        "startOffset": start,
        "endOffset": end,
        "text": text,
        "paragraphlabels": [EVIDENCE],
    }
    return {"from_name": EVIDENCE, "to_name": FIELD, "type": "paragraphlabels", "value": value}


def _results(where: str, found: Any) -> list[Mapping[str, Any]]:
    """Return the results of the last annotation that was not skipped."""
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise bad(where, "标注不对", "annotations 为列表", type(found).__name__, "重新导出")
    kept = [one.get("result") for one in found if not one.get("was_cancelled")]
    last = kept[-1] if kept else []
    if not isinstance(last, list) or not all(isinstance(r, dict) and isinstance(r.get("value"), dict) for r in last):
        raise bad(where, "标注结果不对", "result 为对象的列表", type(last).__name__, "重新导出")
    return last


def _row(
    where: str, data: Mapping[str, Any], task: Mapping[str, Any], results: list[Mapping[str, Any]]
) -> dict[str, Any]:
    talk = data.get(FIELD) or []
    if not isinstance(talk, list) or not all(isinstance(turn, dict) for turn in talk):
        raise bad(where, "对话不对", f"{FIELD}：author 和 text 的列表", type(talk).__name__, "重新导出")
    row: dict[str, Any] = {
        "id": data.get("id") or task.get("id"),
        "turns": [{"speaker": turn.get("author"), "text": turn.get("text")} for turn in talk],
        "evidence": [str(r["value"]["text"]) for r in results if r["value"].get("text")],
    }
    for result in results:
        name, chosen = result.get("from_name"), result["value"].get("choices")
        if name in CHOICES and isinstance(chosen, list) and chosen:
            row[name] = FACTS.get(str(chosen[0]), chosen[0])
    return row
