"""Labels that come as a file: for known calls they become labels, others become examples. All or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from hotline.dataset_formats import format_of
from hotline.dataset_formats.line import Line, bad
from hotline.domain.datasets import Example, split_of
from hotline.domain.labels import CallLabel, EvidenceMark, LabelOrigin
from hotline.domain.segment import Segment
from hotline.errors import DatasetError, NotFoundError
from hotline.hub import Hub
from hotline.ports import UnitOfWork

MOST_LINES = 100_000


def import_labels(hub: Hub, format_name: str, content: bytes, actor: str) -> dict[str, int]:
    """Store what a file says; return how many labels, pre-labels and examples that were.

    Raises: InputError, DatasetError on the first bad line; nothing is stored then.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(
            "文件不是 UTF-8 文字", expected="UTF-8", found=f"第 {error.start} 字节", remedy="另存为 UTF-8 后再导入"
        ) from None
    lines = list(format_of(format_name).read(text))
    if not 0 < len(lines) <= MOST_LINES:
        raise DatasetError(
            "文件里的通话数不对", expected=f"1 到 {MOST_LINES}", found=str(len(lines)), remedy="检查或拆分文件"
        )
    _refuse_twins(lines)
    counts: Counter[str] = Counter(labels=0, prelabels=0, examples=0)
    examples = []
    now = hub.clock()
    with hub.store.transaction() as uow:
        for line in lines:
            segments = _known_call(uow, line.id)
            if segments:
                uow.add_label(_label(line, segments, actor, now))
                counts["prelabels" if line.proposal else "labels"] += 1
            else:
                examples.append(_example(line, actor))
        uow.save_examples(examples, now)
        counts["examples"] = len(examples)
        uow.audit(actor, "labels.import", format_name, f"{len(lines)} calls")
    return dict(counts)


def _refuse_twins(lines: Sequence[Line]) -> None:
    seen: dict[str, str] = {}
    for line in lines:
        if line.id in seen:
            raise bad(line.where, "编号重复", "每通电话一个编号", f"与{seen[line.id]}相同", "改正编号")
        seen[line.id] = line.where


def _known_call(uow: UnitOfWork, call_id: str) -> list[Segment]:
    try:
        uow.call(call_id)
    except NotFoundError:
        return []
    return uow.segments(call_id)


def _label(line: Line, segments: Sequence[Segment], actor: str, now: datetime) -> CallLabel:
    marks = []
    for piece in line.evidence:
        home = next((segment for segment in segments if piece in segment.text), None)
        if home is not None:
            start = home.text.index(piece)
            marks.append(EvidenceMark(home.id, start, start + len(piece), piece))
    return CallLabel(
        call_id=line.id,
        user_id=actor,
        label=line.label,
        stage=line.stage,
        money_gone=line.money_gone,
        coached=line.coached,
        evidence=tuple(marks),
        origin=LabelOrigin.PRELABEL if line.proposal else LabelOrigin.IMPORT,
        at=now,
    )


def _example(line: Line, actor: str) -> Example:
    if not line.turns:
        raise bad(line.where, "没有对话内容", "已有通话的编号，或附上对话", line.id, "补上对话，或检查编号")
    if line.proposal:
        raise bad(line.where, "预标注没有对应的通话", "已有通话的编号", line.id, "检查编号，或去掉这一行")
    return Example(
        id=line.id,
        turns=line.turns,
        label=line.label,
        stage=line.stage,
        money_gone=line.money_gone,
        coached=line.coached,
        evidence=line.evidence,
        split=split_of(line.id),
        labelled_by=(actor,),
    )
