"""Retraining from the console: goes on from a shipped model, on the centre's own labels and the project's data."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

import torch

from classifiers.artefact import NGRAMS, read_manifest
from classifiers.batches import Batch, CallBatches, known_patterns
from classifiers.dataset import data_hash, read_calls, training_calls
from classifiers.evaluation import per_class, score
from classifiers.finish import export_model
from classifiers.ngram_training import fit_ngrams
from classifiers.ngrams import NgramModel
from classifiers.predictor import OnnxClassifier
from classifiers.training import TrainingArguments, call_loss, run_stage, starting_point
from hotline.domain.datasets import text_key
from hotline.errors import DatasetError
from hotline.training_ports import Report, TrainingOrder

WARM_RATE = 3e-5
FRESH_RATE = 1e-4
FRESH_LAYERS = 6
OWN_REPEATS = 3
"""How often a call of the centre counts beside one of the project's data."""
CHECKPOINT_EVERY = 10
PREPARED, TRAINED, FITTED, CALIBRATED = 0.05, 0.70, 0.80, 0.95
"""Progress at the end of each part."""
CHUNK = 32


class _Reported:
    """Batches that say how far training is, and that may end early."""

    def __init__(self, batches: CallBatches, epochs: int, most_steps: int, report: Report) -> None:
        self._batches = batches
        self._epochs = epochs
        whole = epochs * len(batches)
        self.total = min(whole, most_steps) if most_steps else whole
        self._report = report

    def __len__(self) -> int:
        return self.total

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of all epochs, which count as one, until the last step."""
        every = chain.from_iterable(self._batches.epoch(epoch) for epoch in range(self._epochs))
        for step, batch in enumerate(islice(every, self.total)):
            self._report(PREPARED + (TRAINED - PREPARED) * step / self.total, f"训练 {step}/{self.total}")
            yield batch


class TorchTrainer:
    """Implements `hotline.training_ports.ModelTrainer`."""

    def __init__(self, threads: int = 2, batch_size: int = 16) -> None:
        self._threads = threads
        self._batch_size = batch_size

    def retrain(self, order: TrainingOrder, report: Report) -> None:
        """Write a finished model folder to `order.output`. Raises: ModelError, DatasetError, ConfigError."""
        order.work.mkdir(parents=True, exist_ok=True)
        report(0.01, "准备数据")
        project = training_calls()
        kept_back = {text_key(call.turns) for call in project if call.split == "test"}
        own = [call for call in read_calls(order.calls) if text_key(call.turns) not in kept_back]
        if not own:
            raise DatasetError(
                "数据集里没有可用的通话", expected="不在项目测试集里的通话", found="0 通", remedy="再标注一些通话"
            )
        taken = {text_key(call.turns) for call in own if call.split == "train"}
        shipped = [call for call in project if text_key(call.turns) not in taken] if order.with_own_data else []
        taught = [c for c in own if c.split == "train"] * (OWN_REPEATS if shipped else 1)
        taught += [c for c in shipped if c.split == "train"] + (known_patterns(7) if shipped else [])
        validation = [c for c in [*own, *shipped] if c.split == "validation"]
        args = TrainingArguments(
            base=order.encoder,
            output=order.work,
            data=order.calls,
            layers=FRESH_LAYERS if order.encoder else None,
            epochs=order.epochs,
            batch_size=self._batch_size,
            learning_rate=FRESH_RATE if order.encoder else WARM_RATE,
            threads=self._threads,
            resume=True,
            checkpoint_every=CHECKPOINT_EVERY,
        )
        torch.manual_seed(args.seed)
        torch.set_num_threads(args.threads)
        network, tokenizer = starting_point(args.base, args.layers, None if order.encoder else order.start)
        batches = _Reported(
            CallBatches(taught, tokenizer, args.batch_size, args.seed, damage=True),
            order.epochs,
            order.most_steps,
            report,
        )
        run_stage("calls", network, batches, call_loss, 1, args)
        report(TRAINED, "拟合字词权重")
        earlier = order.start / NGRAMS
        ngrams = fit_ngrams(taught, args.seed, NgramModel.load(earlier) if not shipped and earlier.is_file() else None)
        base = Path(order.encoder).name if order.encoder else read_manifest(order.start).version
        shutil.rmtree(order.output, ignore_errors=True)
        report(FITTED, "导出与校准")
        export_model(
            network,
            tokenizer,
            ngrams,
            order.output,
            version=order.version,
            data_hash=data_hash([*own, *shipped]),
            base=base,
            validation=validation or taught[:CHUNK],
            threads=self._threads,
        )
        report(CALIBRATED, "校准完成")

    def compare(self, folders: Mapping[str, Path], tests: Mapping[str, Path | None], report: Report) -> dict[str, Any]:
        """Measure models (name to folder) on test sets (name to JSONL, None for the project's own)."""
        models = {name: OnnxClassifier(folder, threads=self._threads) for name, folder in folders.items()}
        result: dict[str, Any] = {}
        parts = len(models) * len(tests)
        for test, path in tests.items():
            calls = [c for c in (read_calls(path) if path else read_calls()) if c.split == "test"]
            truth = [call.label for call in calls]
            result[test] = {"calls": len(calls), "models": {}}
            for name, model in models.items():
                done = len(result) - 1 + len(result[test]["models"]) / max(1, len(models))
                labels: list[str] = []
                for start in range(0, len(calls), CHUNK):
                    share = (done * len(models) + start / max(1, len(calls))) / max(1, parts)
                    report(CALIBRATED + (1 - CALIBRATED) * min(share, 1.0), "与现用模型比较")
                    part = calls[start : start + CHUNK]
                    labels += [p.label for p in model.predict([call.turns for call in part], evidence=False)]
                scores = {**vars(score(truth, labels)), "per_class": per_class(truth, labels)} if calls else {}
                result[test]["models"][name] = scores
        return result
