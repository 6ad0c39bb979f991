"""A compiled Vosk model is the same model: same words for the same sounds at the same cost, and Vosk decodes with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from ctypes.util import find_library
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr_models.__main__ import main
from asr_models.adaptation import openfst
from asr_models.adaptation.openfst import ARC, HEADER, STATE, Automaton
from asr_models.embedded import vosk_korean
from asr_models.folder import verify_folder
from tests.synth import needs_espeak, speak

needs_openfst = pytest.mark.skipif(
    shutil.which("fstcompose") is None or find_library("fstlookahead") is None, reason="libfst-tools is not installed"
)
SOUNDS = "0 1 1 0\n1 2 2 1\n1 3 3 2\n2 0 8 0\n3 0 9 0\n0 0\n"
"""Two words that begin alike: 1 2 is the first, 1 3 the second; 8 and 9 only mark their ends."""
COSTS = {"1": 1.0, "2": 2.5}
ROUNDING = 0.002
"""What OpenFst loses when it looks ahead: it rounds to 1/1024."""


def tool(*command: str | Path) -> None:
    libraries = " ".join(filter(None, map(find_library, openfst.PLUGINS)))
    subprocess.run([*map(str, command)], check=True, env={**os.environ, "LD_PRELOAD": libraries})


def model_folder(folder: Path) -> Path:
    """Return the graph folder of a model with empty sounds and settings."""
    for name in ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_bytes(b"x")
    (folder / "graph").mkdir()
    return folder / "graph"


def small_model(graph: Path) -> None:
    """Write a look-ahead graph as Kaldi's recipe makes it: words renumbered for it, and the language model with them."""
    (graph / "sounds.txt").write_text(SOUNDS, "ascii")
    tool("fstcompile", graph / "sounds.txt", graph / "plain.fst")
    tool("fstarcsort", "--sort_type=olabel", graph / "plain.fst", graph / "sorted.fst")
    numbers = f"--save_relabel_opairs={graph / 'numbers'}"
    tool("fstconvert", "--fst_type=olabel_lookahead", numbers, graph / "sorted.fst", graph / "HCLr.fst")
    renumbered = dict(line.split() for line in (graph / "numbers").read_text("ascii").splitlines())
    rows = [(int(renumbered[word]), cost) for word, cost in COSTS.items()]
    labels, costs = (np.array(column) for column in zip(*sorted(rows), strict=True))
    stay = np.zeros(len(labels), np.int64)
    openfst.write(Automaton(0, np.array([0.5]), stay, labels, stay, costs.astype(float)), graph / "Gr.fst")
    (graph / "words.txt").write_text("".join(f"{word} {renumbered[word]}\n" for word in COSTS), "ascii")
    (graph / "disambig_tid.int").write_text("8\n9\n", "ascii")


def whole_graph(path: Path) -> tuple[int, Any, Any]:
    """Return start, states and arcs of a `const` FST."""
    body = path.read_bytes()
    position = 4
    for _ in range(2):
        position += 4 + int.from_bytes(body[position : position + 4], "little")
    _, _, _, start, count, arc_count = HEADER.unpack_from(body, position)
    position += HEADER.size
    states = np.frombuffer(body, STATE, count, position)
    return start, states, np.frombuffer(body, ARC, arc_count, position + states.nbytes)


def paths(path: Path, arcs_at_most: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], float]]:
    """Yield sounds, words and cost of every way through a graph."""
    start, states, arcs = whole_graph(path)
    waiting: list[tuple[int, tuple[int, ...], tuple[int, ...], float, int]] = [(start, (), (), 0.0, 0)]
    while waiting:
        state, sounds, words, cost, length = waiting.pop()
        if np.isfinite(states["final"][state]):
            yield sounds, words, cost + float(states["final"][state])
        first = states["first"][state]
        for arc in arcs[first : first + states["arcs"][state]] if length < arcs_at_most else ():
            heard = (*sounds, int(arc["input"])) if arc["input"] else sounds
            said = (*words, int(arc["output"])) if arc["output"] else words
            waiting.append((int(arc["target"]), heard, said, cost + float(arc["cost"]), length + 1))


@needs_openfst
def test_the_whole_graph_says_the_same_at_the_same_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    graph = model_folder(tmp_path / "models" / "small")
    small_model(graph)
    assert main(["compile", "small"]) == 0
    copy = tmp_path / "models" / "small-compiled"
    number = openfst.read_words(copy / "graph" / "words.txt")
    assert number == openfst.read_words(graph / "words.txt")
    found = {sounds: (words, cost) for sounds, words, cost in paths(copy / "graph" / "HCLG.fst", 6)}
    assert found[1, 2] == ((number["1"],), pytest.approx(1.0 + 0.5, abs=ROUNDING))
    assert found[1, 3] == ((number["2"],), pytest.approx(2.5 + 0.5, abs=ROUNDING))
    assert found[1, 3, 1, 2] == ((number["2"], number["1"]), pytest.approx(2.5 + 1.0 + 0.5, abs=ROUNDING))
    assert {sound for sounds in found for sound in sounds} == {1, 2, 3}
    _, states, arcs = whole_graph(copy / "graph" / "HCLG.fst")
    assert states["in_eps"].sum() == (arcs["input"] == 0).sum() > 0
    assert not list((copy / "graph").glob("step-*"))
    assert not (copy / "graph" / "Gr.fst").exists()
    assert verify_folder(copy) >= 6


@needs_openfst
def test_a_model_without_a_split_graph_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    (model_folder(tmp_path / "models" / "large") / "HCLG.fst").write_bytes(b"x")
    assert main(["compile", "large"]) == 2
    assert "HCLr.fst" in capsys.readouterr().err


@needs_openfst
@needs_espeak
@pytest.mark.speech
@pytest.mark.slow
def test_vosk_hears_the_same_words_with_either_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sounds of a real model with a language model of four words: its own would take minutes to join."""
    original = vosk_korean()
    assert original
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    model = tmp_path / "models" / "few-words"
    shutil.copytree(original, model, ignore=shutil.ignore_patterns("Gr.fst"))
    words = openfst.read(original / "graph" / "Gr.fst")[1]
    labels = np.sort([words[word] for word in ("은행", "계좌", "신고", "전화")])
    stay = np.zeros(len(labels), np.int64)
    openfst.write(Automaton(0, np.zeros(1), stay, labels, stay, np.full(len(labels), 1.4)), model / "graph" / "Gr.fst")
    openfst.write_words(words, model / "graph" / "words.txt")
    assert main(["compile", "few-words"]) == 0
    import vosk

    pcm = speak("은행 전화 신고 계좌", "ko", 16000).tobytes()
    texts = []
    for folder in (model, tmp_path / "models" / "few-words-compiled"):
        recognizer = vosk.KaldiRecognizer(vosk.Model(str(folder)), 16000)
        recognizer.AcceptWaveform(pcm)
        texts.append(json.loads(recognizer.FinalResult())["text"])
    assert texts[0] == texts[1] != ""
