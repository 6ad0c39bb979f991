"""`python -m asr_models compile`: a copy of a small Vosk model whose decoding graph is worked out once for all calls.

Small models keep sounds and words (HCLr.fst) apart from the language model (Gr.fst); Vosk joins them while it decodes,
anew for each recogniser, and that is most of what a call costs. Here OpenFst joins them beforehand, in the same way and
with the same weights. The graph is many times as large, but all recognisers of a process share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePath

from asr_models.adaptation import openfst
from asr_models.adaptation.command import find_model
from asr_models.adaptation.copying import copied, graph_folder
from asr_models.factory import models_dir
from asr_models.folder import check_folder, language_of, sha256
from hotline.config import Config

WHOLE, LANGUAGE, SOUNDS = "HCLG.fst", "Gr.fst", "HCLr.fst"
AMBIGUITY_MARKS = "disambig_tid.int"
"""Input labels that only keep words of the same sound apart while the graph is built; decoding must not wait for them."""


def run(name: str, config: Config) -> Iterator[str]:
    """Write the copy and yield the lines to print. Raises: ModelError."""
    folder = find_model(config, name)
    check_folder(folder, "vosk")
    graph = graph_folder(folder)
    note = {
        "made_from": PurePath(name).name,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "original_gr_sha256": sha256(graph / LANGUAGE),
        "changed": "HCLr.fst and Gr.fst joined as HCLG.fst",
    }
    target = models_dir(config) / f"{PurePath(name).name}-compiled"
    language = language_of(folder) or config["language"]
    with copied(folder, target, note, language, without=(LANGUAGE, SOUNDS)) as copy:
        _join(graph, copy)
        size_mb = (copy / WHOLE).stat().st_size / 1e6
    yield f"{target}（{WHOLE} {size_mb:.0f} MB）\n用 HOTLINE_ASR_MODEL={target} 启用"


def _join(graph: Path, copy: Path) -> None:
    """Write the whole graph and the words into `copy`. Raises: ModelError."""
    automaton, words = openfst.read(graph / LANGUAGE)
    openfst.write_words(words or openfst.read_words(graph / "words.txt"), copy / "words.txt")
    marks = (graph / AMBIGUITY_MARKS).read_text("ascii").split()
    steps = [copy / f"step-{number}" for number in range(4)]
    openfst.write(automaton, steps[0])
    steps[1].write_text("".join(f"{mark}\t0\n" for mark in marks), "ascii")
    openfst.run_tool("fstcompose", graph / SOUNDS, steps[0], steps[2])
    openfst.run_tool("fstrelabel", f"--relabel_ipairs={steps[1]}", steps[2], steps[3])
    steps[2].unlink()
    openfst.run_tool("fstconvert", "--fst_type=const", steps[3], copy / WHOLE)
    for step in (steps[0], steps[1], steps[3]):
        step.unlink()
