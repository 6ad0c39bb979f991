"""The jobs of training: retrain and compare a model, measure how far two trainers agree."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotline.data_versions import DATA, TEST
from hotline.domain.datasets import Example
from hotline.domain.job import Job
from hotline.domain.model import ModelRecord
from hotline.errors import InputError, StateError
from hotline.hub import Hub
from hotline.job_ports import JobRun
from hotline.jobs import start_job
from hotline.labelling import doubly_labelled
from hotline.training_ports import Kappa, ModelTrainer, TrainingOrder

RETRAIN, AGREEMENT = "retrain", "agreement"
MOST_EPOCHS, MOST_STEPS = 20, 100_000
OWN_TEST, PROJECT_TEST = "own", "project"


@dataclass(frozen=True)
class RetrainChoices:
    """What a trainer chose on the page."""

    dataset: int
    epochs: int = 2
    most_steps: int = 0
    with_own_data: bool = True
    fresh: bool = False
    """Start from the pretrained encoder of the settings, not from the model in use."""

    def check(self) -> None:
        """Raise: InputError naming the value that is out of range."""
        for name, value, low, high in (
            ("轮数", self.epochs, 1, MOST_EPOCHS),
            ("步数上限", self.most_steps, 0, MOST_STEPS),
        ):
            if not low <= value <= high:
                raise InputError(f"{name}不对", expected=f"{low} 到 {high}", found=str(value), remedy="请改正")


def order_retraining(hub: Hub, choices: RetrainChoices, actor: str) -> Job:
    """Start retraining in the background. Raises: InputError, NotFoundError, StateError while another one runs."""
    choices.check()
    if choices.fresh and not hub.config["classifier_base"]:
        raise InputError(
            "没有预训练编码器", expected="HOTLINE_CLASSIFIER_BASE", found="未设置", remedy="请从现用模型继续训练"
        )
    with hub.store.transaction() as uow:
        uow.dataset_examples(DATA, choices.dataset)
        running = uow.jobs(kind=RETRAIN, only_open=True)
        parent = uow.current_model()
    if running:
        raise StateError("已有训练在进行", expected="没有进行中的训练", found="1 个", remedy="请等待其结束或先取消")
    return start_job(hub, RETRAIN, {**vars(choices), "parent": parent}, actor)


def order_agreement(hub: Hub, actor: str) -> Job:
    """Return the job that measures the present double labels, starting it where they have changed."""
    pairs = _verdicts(hub)
    key = hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:16]
    with hub.store.transaction() as uow:
        newest = uow.jobs(kind=AGREEMENT, limit=1)
    if newest and newest[0].arguments["key"] == key:
        return newest[0]
    return start_job(hub, AGREEMENT, {"key": key}, actor)


def agreement_job(run: JobRun, kappa_of: Kappa) -> Mapping[str, Any]:
    """Return Cohen's kappa over the calls that two people labelled, and where they differ."""
    pairs = _verdicts(run.hub)
    first, second = [pair[1] for pair in pairs], [pair[2] for pair in pairs]
    different = [{"call_id": pair[0], "first": pair[1], "second": pair[2]} for pair in pairs if pair[1] != pair[2]]
    same = len(pairs) - len(different)
    kappa = kappa_of(first, second) if len(set(first + second)) > 1 else None
    return {"calls": len(pairs), "same": same, "kappa": kappa, "different": different[:100]}


def retrain_job(run: JobRun, trainer: ModelTrainer) -> Mapping[str, Any]:
    """Retrain, compare with the model in use per class on the frozen sets, and register the new model."""
    hub, wish = run.hub, run.arguments
    if hub.models is None:
        raise StateError("模型库不可用", expected="模型文件夹", found="没有", remedy="请检查设置")
    version = f"{run.job.asked_at:%Y%m%d-%H%M%S}"
    with hub.store.transaction() as uow:
        examples = uow.dataset_examples(DATA, int(wish["dataset"]))
        tests = uow.datasets(TEST)[:1]
        frozen = uow.dataset_examples(TEST, tests[0].number) if tests else []
    order = TrainingOrder(
        version=version,
        start=hub.models.folder(str(wish["parent"])),
        encoder=hub.config["classifier_base"] if wish["fresh"] else "",
        calls=_write(run.folder / "calls.jsonl", examples),
        with_own_data=bool(wish["with_own_data"]),
        epochs=int(wish["epochs"]),
        most_steps=int(wish["most_steps"]),
        work=run.folder / "training",
        output=run.folder / "model",
    )
    if not (run.folder / "trained").exists():
        trainer.retrain(order, run.report)
        (run.folder / "trained").touch()
    sets: dict[str, Path | None] = {PROJECT_TEST: None}
    if frozen:
        sets[OWN_TEST] = _write(run.folder / "test.jsonl", frozen)
    folders = {"new": order.output, "current": order.start}
    comparison = trainer.compare(folders, sets, run.report)
    checksum = hub.models.add(order.output)
    record = ModelRecord(
        version=version,
        made_at=hub.clock(),
        made_by=run.job.asked_by,
        dataset=int(wish["dataset"]),
        parent="" if wish["fresh"] else str(wish["parent"]) or hub.models.shipped_version,
        checksum=checksum,
        comparison={"test_set": tests[0].number if tests else None, "sets": comparison},
    )
    with hub.store.transaction() as uow:
        uow.add_model(record)
        uow.audit(run.job.asked_by, "model.made", version, checksum[:16])
    return {"version": version}


def _write(path: Path, examples: Sequence[Example]) -> Path:
    lines = (json.dumps(example.row(), ensure_ascii=False) + "\n" for example in examples)
    path.write_text("".join(lines), "utf-8")
    return path


def _verdicts(hub: Hub) -> list[tuple[str, str, str]]:
    return [(a.call_id, a.verdict, b.verdict) for a, b in doubly_labelled(hub)]
