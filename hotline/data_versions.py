"""Data set versions from trainers' labels, and test sets that are frozen once and never change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hotline.domain.datasets import Dataset, Example, Split, content_hash, split_of, text_key
from hotline.domain.labels import CallLabel, EvidenceMark
from hotline.domain.segment import Segment
from hotline.errors import StateError
from hotline.homophones.mending import turns_said, words_said
from hotline.hub import Hub
from hotline.labelling import labels_by_call
from hotline.ports import UnitOfWork

DATA, TEST = "data", "test"


def labelled_examples(uow: UnitOfWork) -> tuple[list[Example], Counter[str]]:
    """Return every labelled call and imported example with its split, and why others were left out."""
    examples: list[Example] = []
    left_out: Counter[str] = Counter()
    for call_id, labels in labels_by_call(uow).items():
        verdicts = {label.verdict for label in labels}
        if len(verdicts) > 1:
            left_out["disputed"] += 1
        elif not labels[-1].teaches:
            left_out[labels[-1].verdict] += 1
        else:
            examples.append(_example(uow, call_id, labels))
    known = {example.id for example in examples}
    imported = [e for e in uow.examples() if e.id not in known]
    return [*examples, *(replace(example, split=split_of(example.id)) for example in imported)], left_out


def freeze_test_set(hub: Hub, actor: str) -> Dataset:
    """Freeze the labelled calls whose split is `test`, those of earlier test sets as they were then.

    Raises: StateError when nothing new has come since the last test set.
    """
    with hub.store.transaction() as uow:
        frozen = _frozen(uow)
        examples, _ = labelled_examples(uow)
        fresh = [e for e in examples if e.split is Split.TEST and e.id not in frozen and not _known(e, frozen)]
        if not fresh:
            raise StateError(
                "没有可冻结的测试通话", expected="至少一通新标注的测试通话", found="0 通", remedy="再标注一些通话"
            )
        made = _store(hub, uow, TEST, [*frozen.values(), *fresh], actor, {})
        uow.audit(actor, "testset.freeze", str(made.number), made.sha256[:16])
    return made


def make_dataset(hub: Hub, actor: str) -> Dataset:
    """Make the next data set: training and validation calls, none of which is in any test set by id or by text.

    Raises: StateError when there is no labelled call to learn from.
    """
    with hub.store.transaction() as uow:
        frozen = _frozen(uow)
        examples, left_out = labelled_examples(uow)
        kept = []
        for example in examples:
            if example.split is Split.TEST or _known(example, frozen):
                left_out["test"] += 1
            else:
                kept.append(example)
        if not any(example.split is Split.TRAIN for example in kept):
            raise StateError(
                "没有可用于训练的标注", expected="至少一通训练用通话", found="0 通", remedy="再标注一些通话"
            )
        made = _store(hub, uow, DATA, kept, actor, {"left_out": dict(left_out)})
        uow.audit(actor, "dataset.make", str(made.number), made.sha256[:16])
    return made


def verify_sets(uow: UnitOfWork) -> dict[str, bool]:
    """Return for each data and test set whether its content still has its hash, by `kind-number`."""
    return {
        f"{kind}-{s.number}": content_hash(uow.dataset_examples(kind, s.number)) == s.sha256
        for kind in (DATA, TEST)
        for s in uow.datasets(kind)
    }


def _store(
    hub: Hub, uow: UnitOfWork, kind: str, examples: Sequence[Example], actor: str, more: dict[str, Any]
) -> Dataset:
    number = max((dataset.number for dataset in uow.datasets(kind)), default=0) + 1
    splits = Counter(example.split.value for example in examples)
    labels = Counter(example.label for example in examples)
    counts = {**splits, "labels": dict(sorted(labels.items())), **more}
    made = Dataset(number, kind, hub.clock(), actor, content_hash(examples), counts)
    uow.add_dataset(made, examples)
    return made


def _frozen(uow: UnitOfWork) -> dict[str, Example]:
    """Return what the newest test set holds: each one holds all of the one before."""
    newest = uow.datasets(TEST)[:1]
    return {e.id: e for test in newest for e in uow.dataset_examples(TEST, test.number)}


def _known(example: Example, frozen: dict[str, Example]) -> bool:
    texts = {text_key(e.turns) for e in frozen.values()}
    return example.id in frozen or text_key(example.turns) in texts


def _example(uow: UnitOfWork, call_id: str, labels: Sequence[CallLabel]) -> Example:
    newest = labels[-1]
    segments = uow.segments(call_id)
    turns = tuple(turns_said(segments))
    return Example(
        id=call_id,
        turns=turns,
        label=newest.label or "",
        stage=newest.stage,
        money_gone=newest.money_gone,
        coached=newest.coached,
        evidence=tuple(_quoted(mark, segments) for mark in newest.evidence),
        split=split_of(call_id),
        labelled_by=tuple(label.user_id for label in labels),
    )


def _quoted(mark: EvidenceMark, segments: Sequence[Segment]) -> str:
    """Return a mark's words as `words_said` has them; as they were marked where the text has changed since."""
    home = next((s for s in segments if s.id == mark.segment_id and s.text[mark.start : mark.end] == mark.text), None)
    return words_said(home)[mark.start : mark.end] if home else mark.text
