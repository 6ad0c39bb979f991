"""The three commands for files: right lines come out, bad input gets one clear line and exit code 2."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from hotline.__main__ import main

CALL = {
    "id": "c1",
    "turns": [
        {"speaker": "operator", "text": "您转了多少钱？"},
        {"speaker": "caller", "text": "四万五，转到工行，他让我转到安全账户，说我涉嫌洗钱，电话幺三八零零幺三八零零零"},
    ],
}


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    path = tmp_path / "calls.jsonl"
    path.write_text(json.dumps(CALL, ensure_ascii=False) + "\n\n", "utf-8")
    return path


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, timeout=120, check=False)


def test_entities_writes_integers_and_digits(calls: Path, tmp_path: Path) -> None:
    assert main(["entities", "--input", str(calls), "--output", str(tmp_path / "out.jsonl")]) == 0
    (line,) = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    found = {(e["type"], e["value"], e["turn"]) for e in json.loads(line)["entities"]}
    assert {("amount", 45000, 1), ("phone", "13800138000", 1)} <= found
    assert any(kind == "bank" for kind, _, _ in found)


def test_predict_writes_all_that_readers_need(calls: Path, tmp_path: Path) -> None:
    result = _run("classifiers", "predict", "--input", str(calls), "--output", str(tmp_path / "out.jsonl"))
    assert result.returncode == 0, result.stderr
    (line,) = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    row = json.loads(line)
    assert {"id", "label", "probability", "probabilities", "evidence", "by_turn"} <= set(row)
    assert row["label"] == "authority"
    assert len(row["probabilities"]) == 14
    assert sum(row["probabilities"].values()) == pytest.approx(1, abs=0.01)
    assert [turn["turn"] for turn in row["by_turn"]] == [0, 1]


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[1, 2]",
        '{"id": 1}',
        '{"id": 1, "turns": [{"speaker": "judge", "text": "好"}]}',
        '{"id": 1, "turns": [{"speaker": "caller"}]}',
        '{"id": 1, "turns": "好"}',
    ],
)
@pytest.mark.parametrize("command", ["hotline entities", "classifiers predict"])
def test_a_bad_line_is_named(line: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(json.dumps(CALL) + "\n" + line + "\n", "utf-8")
    module, verb = command.split()
    arguments = [verb, "--input", str(path), "--output", str(tmp_path / "out.jsonl")]
    if module == "hotline":
        code = main(arguments)
    else:
        from classifiers.__main__ import main as classifiers_main

        code = classifiers_main(arguments)
    assert code == 2
    said = capsys.readouterr().err
    assert "2" in said and "Traceback" not in said


def _header(channels: int, data_bytes: int) -> bytes:
    fmt = struct.pack("<HHIIHH", 1, channels, 8000, 16000 * channels, 2 * channels, 16)
    return b"RIFF" + struct.pack("<I", 36 + data_bytes) + b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data"


TEN_HOURS = 10 * 3600 * 16000
BAD_FILES = {
    "empty.wav": b"",
    "truncated.wav": _header(1, 64000)[:30],
    "noise.mp3": bytes(range(256)) * 40,
    "words.wav": "这不是录音".encode(),
    "no-channels.wav": _header(0, 64) + struct.pack("<I", 64) + bytes(64),
}


@pytest.mark.parametrize("name", sorted(BAD_FILES))
def test_audio_that_cannot_be_read_gets_a_clear_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(BAD_FILES[name])
    result = _run("hotline", "transcribe", str(path), "--engine", "whisper")
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_what_came_of_a_cut_file_is_written_down(tmp_path: Path) -> None:
    whole = tmp_path / "whole.wav"
    sample = resources.files("hotline.sample")
    sound = next(str(entry) for entry in sample.iterdir() if entry.name.endswith((".opus", ".wav")))
    command = ["ffmpeg", "-v", "error", "-i", sound, "-t", "12", "-ac", "1", "-ar", "8000", str(whole)]
    subprocess.run(command, check=True)
    path = tmp_path / "promise.wav"
    path.write_bytes(_header(1, TEN_HOURS) + struct.pack("<I", TEN_HOURS) + whole.read_bytes()[-190_000:])
    result = _run("hotline", "transcribe", str(path), "--engine", "whisper", "--json")
    assert result.returncode == 2
    assert "36000.0 秒" in result.stderr and "Traceback" not in result.stderr
    assert "反诈" in "".join(json.loads(line)["text"] for line in result.stdout.splitlines())


@pytest.mark.parametrize("content", [None, {}, {"am/final.mdl": b"x"}, {"model.bin": b"x"}])
def test_a_model_folder_that_is_not_one_gets_a_clear_line(content: dict[str, bytes] | None, tmp_path: Path) -> None:
    sound = tmp_path / "silence.wav"
    sound.write_bytes(_header(1, 32000) + struct.pack("<I", 32000) + bytes(32000))
    folder = tmp_path / "model"
    for name, data in (content or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    if content == {}:
        folder.mkdir()
    result = _run("hotline", "transcribe", str(sound), "--model", str(folder))
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
