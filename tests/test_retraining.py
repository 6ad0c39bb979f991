"""Retraining for real on a tiny network: it goes on after kill -9, compares, registers; calls keep their model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from classifiers.agreement import cohen_kappa
from classifiers.batches import pad
from classifiers.dataset import read_calls
from classifiers.encoding import encode
from classifiers.export import write_model
from classifiers.network import ScamNetwork, pooled
from classifiers.predictor import SHIPPED, OnnxClassifier
from classifiers.registry import ModelFolders
from classifiers.retraining import TorchTrainer
from classifiers.warm_start import load_network
from hotline import commands, handlers
from hotline.data_versions import freeze_test_set, make_dataset
from hotline.domain.datasets import Split, content_hash, example_of
from hotline.domain.job import JobState
from hotline.domain.model import ModelRecord
from hotline.errors import InputError, ModelError, NotFoundError, StateError
from hotline.hub import Hub
from hotline.jobs import job_folder
from hotline.models import promote, roll_back
from hotline.queues.huey_queue import build_queue
from hotline.retraining import OWN_TEST, PROJECT_TEST, RetrainChoices, order_agreement, order_retraining
from hotline.training_ports import TrainingOrder
from tests.conftest import MakeHub, Services
from tests.fakes import said
from tests.job_waits import wait_for
from tests.test_labelling import finished, in_split, label

ROOT = Path(__file__).parent.parent
STEPS = 40


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder like the shipped one around two small random layers."""
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("models") / "tiny"
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=27100,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        pad_token_id=1,
    )
    _, tokenizer = load_network(SHIPPED)
    network = ScamNetwork(BertModel(config, add_pooling_layer=False), 24)
    with torch.no_grad():  # the exporter merges equal tensors, which only an untrained network has
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    write_model(network, tokenizer, folder, version="tiny", data_hash="", base="random")
    return folder


@pytest.fixture
def calls_file(tmp_path: Path) -> Path:
    """Twelve labelled calls."""
    rows = [
        {"id": f"own-{n}", "label": "game" if n % 2 else "not_fraud", "split": "train"}
        | {"turns": [{"speaker": "caller", "text": f"我的游戏账号第{n}次卖给别人" if n % 2 else f"今天第{n}次问路"}]}
        for n in range(12)
    ]
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


def test_a_shipped_model_can_be_trained_on_and_says_the_same_before() -> None:
    network, tokenizer = load_network(SHIPPED)
    network.eval()
    calls = [call for call in read_calls() if call.split == "validation" and len(encode(call.turns, tokenizer)) == 1]
    calls = calls[:40]
    expected = OnnxClassifier(SHIPPED).network_logits([call.turns for call in calls])[:, :14]
    with torch.no_grad():
        rows = [pad([encode(call.turns, tokenizer)[0].ids]) for call in calls]
        found = np.stack([pooled(network(ids, mask), mask)[0].numpy() for ids, mask in rows])[:, :14]
    same = (found.argmax(1) == expected.argmax(1)).mean()
    assert same >= 0.95 and np.abs(found - expected).mean() < 0.25


def test_a_folder_that_is_no_model_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        load_network(tmp_path)


def order(start: Path, calls: Path, folder: Path, steps: int = STEPS) -> TrainingOrder:
    return TrainingOrder("v2", start, "", calls, False, 20, steps, folder / "work", folder / "model")


def test_interrupted_training_ends_with_the_same_network(tiny_model: Path, calls_file: Path, tmp_path: Path) -> None:
    def die_late(progress: float, message: str) -> None:
        if "33/" in message:
            raise KeyboardInterrupt

    trainer = TorchTrainer(threads=1, batch_size=4)
    whole, broken = order(tiny_model, calls_file, tmp_path / "a"), order(tiny_model, calls_file, tmp_path / "b")
    trainer.retrain(whole, lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        trainer.retrain(broken, die_late)
    assert torch.load(broken.work / "checkpoint-calls.pt", weights_only=True)["step"] == 30
    trainer.retrain(broken, lambda *_: None)
    turns = [call.turns for call in read_calls(calls_file)]
    first, second = (OnnxClassifier(folder).network_logits(turns) for folder in (whole.output, broken.output))
    before = OnnxClassifier(tiny_model).network_logits(turns)
    assert np.allclose(first, second, atol=0.02)
    assert np.abs(first - before).max() > 0.05


def test_calls_of_the_projects_test_set_are_never_trained_on(tiny_model: Path, tmp_path: Path) -> None:
    tested = next(call for call in read_calls() if call.split == "test")
    row = {"id": "leak", "label": tested.label, "split": "train"}
    row |= {"turns": [{"speaker": turn.speaker, "text": turn.text} for turn in tested.turns]}
    path = tmp_path / "leak.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False), "utf-8")
    with pytest.raises(InputError, match="可用的通话"):
        TorchTrainer(threads=1).retrain(order(tiny_model, path, tmp_path), lambda *_: None)


StartWorker = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def training_hub(make_hub: MakeHub, tmp_path: Path, tiny_model: Path, services: Services) -> Hub:
    """A hub with the tiny model in use, labelled calls, a data set and a frozen test set."""
    hub = make_hub(
        {
            "HOTLINE_CLASSIFIER_MODEL": str(tiny_model),
            "HOTLINE_LABEL_CONTROL_SHARE": "0",
            **services.settings(),
        },
        queue=build_queue(services.jobs_url, tmp_path, 1),
        job_kinds=("retrain", "agreement"),
        models=ModelFolders(tmp_path / "models" / "classifiers", tiny_model),
        can_train=True,
    )
    for nth in range(6):
        label(hub, finished(hub, f"公安局第{nth}次让我转到安全账户里", in_split(Split.TRAIN, nth)), "t1")
    label(hub, finished(hub, "公安局的人要我转到安全账户", in_split(Split.TEST)), "t1")
    freeze_test_set(hub, "t1")
    make_dataset(hub, "t1")
    return hub


@pytest.fixture
def worker(tmp_path: Path, tiny_model: Path, services: Services) -> Iterator[StartWorker]:
    """Start the real job worker; it ends with the test."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        **services.settings(),
        "HOTLINE_DATA_DIR": str(tmp_path),
        "HOTLINE_CLASSIFIER_MODEL": str(tiny_model),
        "HOTLINE_JOB_THREADS": "1",
        "HOTLINE_TRAIN_THREADS": "1",
    }

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-m", "hotline", "job-worker"], cwd=ROOT, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("services", ["files"], indirect=True)
def test_kill_9_in_mid_training_resumes_and_the_model_is_compared_and_promoted(
    training_hub: Hub, worker: StartWorker
) -> None:
    hub = training_hub
    process = worker()
    job = order_retraining(hub, RetrainChoices(1, epochs=1, most_steps=60), "t1")
    with pytest.raises(StateError, match="已有训练"):
        order_retraining(hub, RetrainChoices(1), "t1")
    checkpoint = job_folder(hub, job.id) / "training" / "checkpoint-calls.pt"
    wait_for(hub, job.id, lambda job: checkpoint.exists())
    process.send_signal(signal.SIGKILL)
    process.wait()
    worker()
    ended = wait_for(hub, job.id, lambda job: not job.is_open)
    assert ended.state is JobState.DONE and ended.attempts == 2
    version = ended.result["version"]
    with hub.store.transaction() as uow:
        (model,) = uow.models()
        frozen = uow.dataset_examples("test", 1)
    assert (model.version, model.parent, model.dataset) == (version, "tiny", 1)
    for name, calls in ((PROJECT_TEST, 300), (OWN_TEST, 1)):
        compared = model.comparison["sets"][name]
        assert compared["calls"] >= calls and set(compared["models"]) == {"new", "current"}
    assert set(model.comparison["sets"][PROJECT_TEST]["models"]["new"]["per_class"]) >= {"loan", "not_fraud"}
    assert content_hash([example_of(example.row()) for example in frozen]) == content_hash(frozen)

    running = handlers.start_call(hub, commands.StartCall("manual", "u"))
    promote(hub, version, "t1")
    fresh = handlers.start_call(hub, commands.StartCall("manual", "u"))
    for call in (running, fresh):
        handlers.record_segment(hub, call.id, said("caller", "公安局让我把钱转到安全账户", 1.0), "typed")
        hub.decider.drain(call.id)
    with hub.store.transaction() as uow:
        named = [uow.latest_prediction(call.id) for call in (running, fresh)]
    assert [prediction.model_version for prediction in named if prediction] == ["tiny", version]
    roll_back(hub, "t1")
    with hub.store.transaction() as uow:
        assert uow.current_model() == ""


@pytest.mark.slow
@pytest.mark.parametrize("services", ["files"], indirect=True)
def test_training_is_cancelled_from_the_page(training_hub: Hub, worker: StartWorker) -> None:
    from hotline.jobs import cancel_job

    job = order_retraining(training_hub, RetrainChoices(1, epochs=20), "t1")
    worker()
    wait_for(training_hub, job.id, lambda job: "训练 " in job.message)
    cancel_job(training_hub, job.id, "t1")
    assert wait_for(training_hub, job.id, lambda job: not job.is_open).state is JobState.CANCELLED
    with training_hub.store.transaction() as uow:
        assert uow.models() == []


def test_orders_are_checked(training_hub: Hub) -> None:
    for wrong in (RetrainChoices(1, epochs=0), RetrainChoices(1, most_steps=-1), RetrainChoices(1, fresh=True)):
        with pytest.raises(InputError):
            order_retraining(training_hub, wrong, "t1")
    with pytest.raises(NotFoundError):
        order_retraining(training_hub, RetrainChoices(9), "t1")


def test_only_whole_registered_models_are_promoted(training_hub: Hub, tmp_path: Path, tiny_model: Path) -> None:
    hub = training_hub
    with pytest.raises(NotFoundError):
        promote(hub, "nobody", "t1")
    with pytest.raises(StateError, match="退回"):
        roll_back(hub, "t1")
    with hub.store.transaction() as uow:
        uow.add_model(ModelRecord("lost", hub.clock(), "t1", 1, "tiny", "0" * 64))
    with pytest.raises(StateError, match="不可用"):
        promote(hub, "lost", "t1")
    assert hub.models is not None
    with pytest.raises(ModelError, match="名称"):
        hub.models.add(tiny_model)


def test_kappa_is_measured_over_double_labels(training_hub: Hub, worker: StartWorker) -> None:
    assert cohen_kappa(["a", "a", "b", "b"], ["a", "a", "b", "a"]) == pytest.approx(0.5)
    hub = training_hub
    for nth, code in enumerate(("authority", "authority", "not_fraud")):
        label(hub, in_split(Split.TRAIN, nth), "t2", code)
    worker()
    job = order_agreement(hub, "t1")
    assert order_agreement(hub, "t1").id == job.id
    result = wait_for(hub, job.id, lambda job: job.state is JobState.DONE).result
    assert (result["calls"], result["same"]) == (3, 2) and result["kappa"] == pytest.approx(0.0)
    assert result["different"] == [{"call_id": in_split(Split.TRAIN, 2), "first": "authority", "second": "not_fraud"}]
    assert replace(job, state=JobState.DONE).is_open is False
