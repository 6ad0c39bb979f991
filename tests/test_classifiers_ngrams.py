"""The n-gram part of the classifier: learning, going on from earlier weights, its file, and its votes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.dataset import LabelledCall
from classifiers.ngram_training import fit_ngrams
from classifiers.ngrams import NgramModel
from classifiers.predictor import SHIPPED, OnnxClassifier
from hotline.domain.segment import Turn
from hotline.errors import ModelError
from hotline.taxonomy import load_taxonomy

CODES = load_taxonomy().codes
GAME = "我的游戏账号卖给别人，平台说要交解冻金"
TASK = "群里让我点赞刷单，垫了钱不给返"


def call(number: int, text: str, label: str, *, coached: bool = False) -> LabelledCall:
    return LabelledCall(f"n{number}", (Turn("caller", f"第{number}次，{text}"),), label, coached=coached)


@pytest.fixture(scope="module")
def model() -> NgramModel:
    calls = [call(n, GAME, "game") if n % 2 else call(n, TASK, "rebate", coached=True) for n in range(12)]
    return fit_ngrams(calls)


def best(model: NgramModel, text: str) -> str:
    return CODES[int(model.logits([Turn("caller", text)])[: len(CODES)].argmax())]


def test_it_learns_labels_and_facts_and_forgives_wrong_characters(model: NgramModel) -> None:
    assert (best(model, GAME), best(model, TASK)) == ("game", "rebate")
    assert best(model, "我的由戏账号卖给别人，平台说要交解冻金") == "game"
    assert best(model, "沃德尤西张浩麦给别人") == "game"
    coached = [float(model.logits([Turn("caller", text)])[-1]) for text in (TASK, GAME)]
    assert coached[0] > 0 > coached[1]


def test_its_file_says_the_same(model: NgramModel, tmp_path: Path) -> None:
    model.save(tmp_path / "ngrams.npz")
    again = NgramModel.load(tmp_path / "ngrams.npz")
    turns = [Turn("operator", "您好"), Turn("caller", GAME)]
    assert np.abs(again.logits(turns) - model.logits(turns)).max() < 0.01


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nothing", b"\x93NUMPY"])
def test_a_damaged_file_is_explained(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ngrams.npz").write_bytes(content)
    with pytest.raises(ModelError, match="处理"):
        NgramModel.load(tmp_path / "ngrams.npz")


def test_training_on_keeps_what_was_learned(model: NgramModel) -> None:
    taught = [call(n, "网恋对象说要路费，我转了三千", "romance") for n in range(20, 26)]
    later = fit_ngrams(taught, start=model)
    assert best(later, "网恋对象说要路费，我转了三千") == "romance"
    assert (best(later, GAME), best(later, TASK)) == ("game", "rebate")
    assert later.rows is model.rows


def test_votes_point_at_the_words_that_decide(model: NgramModel) -> None:
    turns = [Turn("operator", "您好，请讲"), Turn("caller", "今天天气好，游戏账号卖给别人")]
    votes = model.votes(turns, CODES.index("game"), len(CODES))
    assert [len(vote) for vote in votes] == [len(turn.text) for turn in turns]
    assert votes[1][6:].sum() > 5 * abs(votes[1][:6].sum())


def test_a_call_without_any_known_n_gram_has_the_bias_alone(model: NgramModel) -> None:
    unknown = [Turn("caller", "")] if "客" not in model.rows else []
    assert np.allclose(model.logits(unknown), model.bias)


def test_the_shipped_model_mixes_both_parts() -> None:
    shipped = OnnxClassifier(SHIPPED)
    assert shipped.ngrams is not None
    assert shipped.manifest.calibration.labels.ngram_weight > 0.05
