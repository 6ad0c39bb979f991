"""Evaluation of a recogniser: counting errors, manifests that cannot be used, the page, a real run."""

from __future__ import annotations

import json
import re
import wave
from pathlib import Path

import pytest

from asr_models.__main__ import main
from asr_models.evaluation import Heard, Utterance, align, by_group, comparable, error_rate, read_manifest
from asr_models.evaluation_page import render
from hotline.errors import DatasetError
from tests.synth import KOREAN, needs_espeak, speak


def test_errors_are_counted_by_kind() -> None:
    rate = error_rate([("我转了钱", "我专了"), ("您好", "您好啊")])
    assert (rate.characters, rate.substituted, rate.deleted, rate.inserted) == (6, 1, 1, 1)
    assert rate.rate == pytest.approx(0.5)


def test_a_number_spoken_and_written_is_an_error_only_in_the_plain_rate() -> None:
    spoken, written = "我转了八千块。", "我转了8000块"
    assert comparable(spoken) != comparable(written)
    assert comparable(spoken, numbers=True) == comparable(written, numbers=True)


def test_the_alignment_holds_both_texts() -> None:
    pieces = list(align("安全账户", "安全帐户吗"))
    assert "".join(p.said for p in pieces) == "安全账户"
    assert "".join(p.heard for p in pieces) == "安全帐户吗"
    assert [(p.said, p.heard) for p in pieces if not p.same] == [("账", "帐"), ("", "吗")]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("a.wav 您好\n", "第 1 行没有制表符"),
        ("# comment\na.wav\t。\n", "第 2 行没有参考文本"),
        ("a.wav\t您好\nb.wav\t您好\n", "第 2 行的音频不存在：b.wav"),
        ("a.wav\t您好\tGSM\na.wav\t您好\n", "第 2 行有 2 列，前面的行有 3 列"),
        ("\n", "没有可用的行"),
        (None, "FileNotFoundError"),
    ],
)
def test_a_bad_manifest_is_refused_by_line(tmp_path: Path, lines: str | None, said: str) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    path = tmp_path / "manifest.tsv"
    if lines is not None:
        path.write_text(lines, "utf-8")
    with pytest.raises(DatasetError, match=re.escape(said)):
        read_manifest(path)


def test_figures_are_given_for_every_tag_and_broken_audio_is_left_out() -> None:
    heard = Heard("您好", audio_s=2.0, wall_s=1.0, delay_s=0.5)
    broken = Heard("", audio_s=0.1, wall_s=1.0, delay_s=0.5, problem="录音不完整")
    results = [
        (Utterance(Path("a.wav"), "您好", ("GSM",)), heard),
        (Utterance(Path("b.wav"), "你好", ("mu-law",)), heard),
        (Utterance(Path("c.wav"), "再见", ("mu-law",)), broken),
    ]
    rows = {row.group: row for row in by_group(results)}
    assert [(name, row.utterances) for name, row in rows.items()] == [("全部 all", 2), ("GSM", 1), ("mu-law", 1)]
    assert rows["GSM"].plain.rate == 0.0
    assert rows["mu-law"].plain.rate == 0.5
    assert rows["GSM"].real_time_factor == 0.5


def test_the_page_is_self_contained_and_escapes_what_was_said() -> None:
    results = [(Utterance(Path("a.wav"), "<script>转账"), Heard("转帐", 1.0, 1.0, 1.0))]
    page = render(results, by_group(results), "m.tsv", "model")
    assert "&lt;script&gt;" in page
    assert "<del>账</del><ins>帐</ins>" in page
    assert not re.search(r"<script|https?://|src=", page)


def test_unreadable_audio_is_named_before_anything_is_recognised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "noise.wav").write_bytes(b"no audio at all")
    (tmp_path / "manifest.tsv").write_text("noise.wav\t您好\n", "utf-8")
    assert main(["evaluate", "--manifest", str(tmp_path / "manifest.tsv")]) == 2
    assert "noise.wav" in capsys.readouterr().err


@needs_espeak
@pytest.mark.speech
def test_a_real_recogniser_is_evaluated_and_a_second_run_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_LANGUAGE", "ko")
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(speak(KOREAN, "ko", 16000).tobytes())
    (tmp_path / "manifest.tsv").write_text(f"a.wav\t{KOREAN}\tespeak-ng\n", "utf-8")
    command = ["evaluate", "--manifest", str(tmp_path / "manifest.tsv"), "--json"]
    command += ["--in-process", "--results", str(tmp_path / "results.jsonl"), "--page", str(tmp_path / "page.html")]
    assert main(command) == 0
    first = json.loads(capsys.readouterr().out)
    assert [row["group"] for row in first] == ["全部 all", "espeak-ng"]
    assert first[0]["delay_p50_s"] > 0
    assert first[0]["real_time_factor"] > 0
    assert KOREAN in (tmp_path / "page.html").read_text("utf-8")
    monkeypatch.setenv("HOTLINE_ASR_ENGINE", "off")
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out) == first
