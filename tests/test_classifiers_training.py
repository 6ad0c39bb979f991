"""The real training command on a tiny random encoder: it finishes, resumes, and its model folder loads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from classifiers.__main__ import main
from classifiers.encoding import encode
from classifiers.network import pooled
from classifiers.predictor import SHIPPED, OnnxClassifier
from classifiers.training import TrainingArguments
from classifiers.warm_start import load_network
from hotline.domain.segment import Turn
from hotline.errors import ConfigError


@pytest.fixture(scope="module")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A one-layer BERT with random weights and the shipped tokenizer."""
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=27100,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        pad_token_id=1,
    )
    BertModel(config).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_file=str(SHIPPED / "tokenizer.json")).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty easy calls of two labels."""
    path = tmp_path_factory.mktemp("data") / "calls.jsonl"
    rows = []
    for n in range(40):
        fraud = n % 2 == 0
        text = f"对方说我涉嫌洗钱要转到安全账户第{n}次" if fraud else f"我想问身份证在哪里补办第{n}次"
        rows.append(
            {
                "id": str(n),
                "label": "authority" if fraud else "not_fraud",
                "stage": "诱导" if fraud else None,
                "money_gone": False,
                "coached": fraud,
                "split": "validation" if n >= 32 else "train",
                "turns": [{"speaker": "operator", "text": "您好"}, {"speaker": "caller", "text": text}],
            }
        )
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


def arguments(base: Path, data: Path, output: Path, *more: str) -> list[str]:
    return [
        "train",
        "--base",
        str(base),
        "--data",
        str(data),
        "--output",
        str(output),
        "--layers",
        "1",
        "--batch-size",
        "8",
        "--learning-rate",
        "0.005",
        *more,
    ]


def test_training_writes_a_model_that_has_learned(tiny_base: Path, tiny_data: Path, tmp_path: Path) -> None:
    assert main(arguments(tiny_base, tiny_data, tmp_path / "run", "--epochs", "12", "--version", "tiny")) == 0
    classifier = OnnxClassifier(tmp_path / "run" / "model")
    assert classifier.version == "tiny"
    assert classifier.manifest.metrics["validation"]["accuracy"] == 1.0
    assert classifier.predict([[Turn("caller", "说我涉嫌洗钱要转到安全账户")]])[0].label == "authority"


def test_an_interrupted_training_goes_on(
    tiny_base: Path, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    short = ("--epochs", "3", "--checkpoint-every", "4")
    assert main(arguments(tiny_base, tiny_data, whole, *short)) == 0

    class Stop(Exception):
        pass

    def stop_at_second_checkpoint(*args: object) -> None:
        saved(*args)
        if args[-1] == 8:
            raise Stop

    from classifiers import training

    saved = training._save
    with monkeypatch.context() as patch:
        patch.setattr("classifiers.training._save", stop_at_second_checkpoint)
        with pytest.raises(Stop):
            main(arguments(tiny_base, tiny_data, cut, *short))
    assert main(arguments(tiny_base, tiny_data, cut, *short, "--resume")) == 0
    a, b = (torch.load(folder / "network.pt", weights_only=True) for folder in (whole, cut))
    assert all(torch.allclose(a[name], b[name], atol=1e-4) for name in a)


@pytest.mark.parametrize("change", [{"epochs": 0}, {"learning_rate": 0.5}, {"batch_size": 0}, {"layers": 0}])
def test_wrong_arguments_are_named(change: dict[str, float], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=next(iter(change))):
        TrainingArguments(base="x", output=tmp_path, **change)  # type: ignore[arg-type]


def test_a_missing_base_is_explained(tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(tmp_path / "none", tiny_data, tmp_path / "run")) == 2
    assert "--base" in capsys.readouterr().err


def test_training_goes_on_from_a_finished_model(tiny_data: Path, tmp_path: Path) -> None:
    """The shipped int8 model, with no encoder at hand, is a starting point that already knows its labels."""
    start, tokenizer = load_network(SHIPPED)
    start.eval()
    shipped = OnnxClassifier()
    call = [Turn("caller", "对方说我涉嫌洗钱，要我把钱转到安全账户")]
    window = encode(call, tokenizer)[0]
    ids = torch.tensor([window.ids])
    with torch.no_grad():
        logits = pooled(start(ids, torch.ones_like(ids)), torch.ones_like(ids))[0]
    assert int(logits[: len(shipped.labels)].argmax()) == int(
        shipped.network_logits([call])[0][: len(shipped.labels)].argmax()
    )
    command = ["train", "--start-from", str(SHIPPED), "--data", str(tiny_data), "--output", str(tmp_path / "run")]
    assert main([*command, "--epochs", "1", "--batch-size", "32", "--version", "own"]) == 0
    own = OnnxClassifier(tmp_path / "run" / "model")
    assert (own.version, own.manifest.base) == ("own", shipped.manifest.base)
    assert own.predict([call])[0].label == "authority"


def test_a_missing_starting_point_is_explained(
    tiny_base: Path, tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(tiny_base, tiny_data, tmp_path / "run", "--start-from", str(tmp_path / "none.pt"))) == 2
    assert "--start-from" in capsys.readouterr().err
