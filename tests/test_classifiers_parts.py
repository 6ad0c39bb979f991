"""The classifier's pieces: data, windows, damage, decisions, evidence, the model folder."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from classifiers.artefact import MANIFEST, read_manifest
from classifiers.damage import Damager, DamageRates, sound_of
from classifiers.dataset import heard_until, parse_turns, read_calls, read_lines
from classifiers.decision import Calibration, Mix, assess_risk, characters_said, combine_windows, softmax
from classifiers.encoding import MAX_TOKENS, encode
from classifiers.evidence import LONGEST_CLAUSE, add_token_votes, candidate_spans, clauses, verified_spans
from classifiers.predictor import SHIPPED, OnnxClassifier
from hotline.domain.datasets import split_of
from hotline.domain.risk import EvidenceSpan, RiskLevel
from hotline.domain.segment import Turn
from hotline.errors import DatasetError, ModelError
from hotline.taxonomy import NOT_FRAUD, load_taxonomy

TURNS = (
    Turn("operator", "您好"),
    Turn("caller", "有人说我涉嫌洗钱"),
    Turn("operator", "嗯"),
    Turn("caller", "让我转到安全账户"),
)
CODES = load_taxonomy().codes


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "不是 JSON"),
        ("[1]", "不是对象"),
        ('{"label": "scam", "turns": [{"speaker": "caller", "text": "x"}]}', "标签"),
        ('{"label": "loan", "turns": []}', "没有对话"),
        ('{"label": "loan", "turns": [{"speaker": "left", "text": "x"}]}', "第 1 轮"),
        ('{"label": "loan", "turns": [{"speaker": "caller", "text": 3}]}', "第 1 轮"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text('{"label": "loan", "turns": [{"speaker": "caller", "text": "x"}]}\n' + line + "\n", "utf-8")
    with pytest.raises(DatasetError, match=f"第 2 行.*{message}"):
        read_calls(path)


def test_binary_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    for bad in (path, tmp_path / "none.jsonl"):
        with pytest.raises(DatasetError):
            list(read_lines(bad))


def test_the_shipped_calls_are_whole() -> None:
    calls = read_calls()
    assert len({call.id for call in calls}) == len(calls)
    assert {call.label for call in calls} == set(CODES)
    for call in calls:
        assert call.split == split_of(call.id)
        spoken = "\n".join(turn.text for turn in call.turns if turn.speaker == "caller")
        assert all(piece in spoken for piece in call.evidence)


def test_a_call_is_heard_up_to_a_caller_turn() -> None:
    assert heard_until(TURNS, 1) == TURNS[:2]
    assert heard_until(TURNS, 9) == TURNS
    assert parse_turns({"turns": [{"speaker": "caller", "text": "x"}]}, "here") == (Turn("caller", "x"),)


def test_windows_cover_a_long_call_and_know_their_characters(tokenizer: Tokenizer) -> None:
    turns = [Turn("caller", f"第{n}句话说的是转账和验证码的事情还有很多细节") for n in range(60)]
    windows = encode(turns, tokenizer)
    assert len(windows) > 1
    assert all(len(window.ids) <= MAX_TOKENS for window in windows)
    covered = {source.turn for window in windows for source in window.sources if source}
    assert covered == set(range(60))
    source = next(s for s in windows[0].sources if s and s.end > s.start)
    assert turns[source.turn].text[source.start : source.end]


def test_damage_is_seeded_and_keeps_speakers() -> None:
    damager = Damager(turn.text for turn in TURNS)
    once = damager.damage(TURNS, random.Random(1))
    assert once == damager.damage(TURNS, random.Random(1))
    assert {turn.speaker for turn in once} <= {"operator", "caller"}


def test_damage_spells_numbers_and_drops_punctuation() -> None:
    damager = Damager([], DamageRates(homophone=0, like_sound=0, other=0, deletion=0, filler=0, keep_punctuation=0))
    assert damager.damage_text("转了，4500元。", random.Random(0)) == "转了四五零零元"


def test_a_replaced_character_sounds_the_same() -> None:
    damager = Damager(["他她它塔踏大打"], DamageRates(homophone=1, like_sound=0, other=0, deletion=0, filler=0))
    heard = {damager.damage_text("他", random.Random(seed)) for seed in range(40)}
    assert len(heard) > 1
    assert heard <= set("他她它塔踏")


def test_a_syllable_has_an_initial_and_a_final() -> None:
    assert sound_of("张") == ("zh", "ang")
    assert sound_of("微") == ("w", "ei")
    assert sound_of("安") == ("", "an")


def test_fraud_told_in_one_window_of_a_long_call_counts() -> None:
    authority, ordinary = CODES.index("authority"), CODES.index(NOT_FRAUD)
    logits = np.zeros((3, len(CODES)), np.float32)
    logits[1, authority] = 6.0
    logits[[0, 2], ordinary] = 3.0
    assert int(softmax(combine_windows(logits)).argmax()) == authority


@pytest.mark.parametrize(
    ("fraud", "stage", "money", "coached", "level"),
    [
        (0.1, None, 0.9, 0.9, RiskLevel.LOW),
        (0.9, "诱导", 0.1, 0.1, RiskLevel.MEDIUM),
        (0.9, "转账", 0.1, 0.1, RiskLevel.HIGH),
        (0.9, "诱导", 0.8, 0.1, RiskLevel.HIGH),
        (0.9, "诱导", 0.1, 0.8, RiskLevel.URGENT),
        (0.6, "转账", 0.1, 0.1, RiskLevel.MEDIUM),
    ],
)
def test_risk_follows_from_fraud_stage_and_facts(
    fraud: float, stage: str | None, money: float, coached: float, level: RiskLevel
) -> None:
    probabilities = {NOT_FRAUD: 1 - fraud, "loan": fraud}
    assert assess_risk(probabilities, False, stage, money, coached)[0] is level


def test_clauses_follow_punctuation_and_stay_short() -> None:
    assert clauses("他说，转账。") == [(0, 2), (3, 5)]
    assert max(end - start for start, end in clauses("字" * 70)) <= LONGEST_CLAUSE


def test_only_the_callers_words_are_evidence(tokenizer: Tokenizer) -> None:
    votes = [np.zeros(len(turn.text), np.float32) for turn in TURNS]
    for window in encode(TURNS, tokenizer):
        add_token_votes(votes, window, np.ones(len(window.ids), np.float32))
    assert all(vote.all() for vote in votes)
    spans = candidate_spans(TURNS, votes)
    assert spans
    assert {TURNS[span.turn].speaker for span in spans} == {"caller"}
    assert all(TURNS[span.turn].text[span.start : span.end] == span.text for span in spans)


def test_evidence_without_effect_is_dropped() -> None:
    spans = [EvidenceSpan(0, 0, 2, "一二", 1.0), EvidenceSpan(0, 2, 4, "三四", 0.9)]
    kept = verified_spans(spans, [0.0, 0.3])
    assert [span.text for span in kept] == ["三四"]


def test_a_damaged_model_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="不完整"):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="读不懂"):
        read_manifest(tmp_path)
    manifest = json.loads((SHIPPED / MANIFEST).read_text("utf-8"))
    (tmp_path / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match="损坏"):
        OnnxClassifier(tmp_path)


def test_another_taxonomy_is_refused(tmp_path: Path) -> None:
    manifest = json.loads((SHIPPED / MANIFEST).read_text("utf-8"))
    manifest["labels"] = manifest["labels"][:-1]
    (tmp_path / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ModelError, match="分类表"):
        read_manifest(tmp_path)


def test_the_less_has_been_said_the_less_sure_a_label_is() -> None:
    calibration = Calibration(labels=Mix(2.0, 0.5), settling=60.0)
    network, ngrams = np.array([4.0, 0.0, 1.0], np.float32), np.array([6.0, 0.0, 0.0], np.float32)
    early, late = (softmax(calibration.label_scores(network, ngrams, said))[0] for said in (20, 400))
    assert early.argmax() == late.argmax() == 0
    assert 1 / 3 < early[0] < late[0] - 0.1
    assert characters_said(TURNS) == len("有人说我涉嫌洗钱让我转到安全账户")
