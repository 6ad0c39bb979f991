"""The shipped model through the port and the command line, and the training loop on a tiny network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from classifiers import load_classifier
from classifiers.__main__ import main
from classifiers.dataset import read_calls
from classifiers.predictor import SHIPPED, OnnxClassifier
from hotline.domain.segment import Turn
from hotline.taxonomy import NOT_FRAUD, load_taxonomy

AUTHORITY = [
    Turn("operator", "您好反诈中心"),
    Turn("caller", "刚才有个自称公安局的打电话说我涉嫌洗钱，要我把钱转到安全账户核查"),
    Turn("operator", "您转了吗"),
    Turn("caller", "还没有，他让我别告诉家里人，还发了通缉令给我看"),
]


@pytest.fixture(scope="module")
def classifier() -> OnnxClassifier:
    return OnnxClassifier()


def test_a_plain_authority_scam_is_recognised(classifier: OnnxClassifier) -> None:
    prediction = classifier.predict([AUTHORITY])[0]
    assert prediction.label == "authority"
    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert prediction.model_version == classifier.version
    for span in prediction.evidence:
        assert AUTHORITY[span.turn].text[span.start : span.end] == span.text


def test_an_ordinary_question_is_not_fraud(classifier: OnnxClassifier) -> None:
    turns = [Turn("operator", "您好"), Turn("caller", "我想问一下身份证丢了到哪个派出所补办，要带什么材料")]
    assert classifier.predict([turns])[0].label == NOT_FRAUD


def test_calls_do_not_depend_on_their_neighbours(classifier: OnnxClassifier) -> None:
    other = [Turn("caller", "孩子玩游戏充值了想退款" * 20)]
    alone = classifier.predict([AUTHORITY], evidence=False)[0]
    beside = classifier.predict([other, AUTHORITY], evidence=False)[1]
    assert beside.label == alone.label
    assert beside.probability == pytest.approx(alone.probability, abs=0.1)


def test_an_hour_long_call_is_labelled(classifier: OnnxClassifier) -> None:
    chatter = [Turn("caller", "今天天气不错我在家里做饭看电视")] * 400
    prediction = classifier.predict([[*chatter[:200], *AUTHORITY, *chatter[200:]]])[0]
    assert prediction.label in load_taxonomy().codes


def test_the_shipped_model_is_small_and_beats_chance_on_the_test_split(classifier: OnnxClassifier) -> None:
    assert (SHIPPED / "model.onnx").stat().st_size < 40_000_000
    calls = [call for call in read_calls() if call.split == "test"][:80]
    predictions = classifier.predict([call.turns for call in calls], evidence=False)
    right = sum(p.label == c.label for p, c in zip(predictions, calls, strict=True))
    assert right / len(calls) > 0.8


def test_predict_writes_one_line_a_call(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    turns = [{"speaker": turn.speaker, "text": turn.text} for turn in AUTHORITY]
    source.write_text(json.dumps({"id": "a", "turns": turns}, ensure_ascii=False) + "\n", "utf-8")
    assert main(["predict", "--input", str(source), "--output", str(target)]) == 0
    (line,) = [json.loads(text) for text in target.read_text("utf-8").splitlines()]
    assert line["id"] == "a"
    assert line["label"] == "authority"
    assert set(line["probabilities"]) == set(load_taxonomy().codes)
    assert [part["turn"] for part in line["by_turn"]] == [0, 1, 2, 3]
    assert line["evidence"]


def test_predict_explains_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("{oops\n", "utf-8")
    assert main(["predict", "--input", str(source), "--output", str(tmp_path / "out")]) == 2
    assert "第 1 行" in capsys.readouterr().err


def test_a_missing_model_folder_is_explained(tmp_path: Path) -> None:
    from hotline.errors import ModelError

    with pytest.raises(ModelError, match="处理"):
        load_classifier(tmp_path / "nothing")
