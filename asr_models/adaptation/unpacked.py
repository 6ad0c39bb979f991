"""`python -m asr_models unpack`: a copy of a small Vosk model that says the same and costs less.

Small models keep their language model as a succinct `ngram` FST, whose arcs are worked out of bit vectors each time
that decoding looks at them. As a `const` FST the very same arcs lie ready in memory; the file is a fifth larger.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePath

from asr_models.adaptation import openfst
from asr_models.adaptation.command import find_model
from asr_models.adaptation.copying import copied, graph_folder
from asr_models.factory import models_dir
from asr_models.folder import check_folder, language_of, sha256
from hotline.config import Config


def run(name: str, config: Config) -> Iterator[str]:
    """Write the copy and yield the lines to print. Raises: ModelError."""
    folder = find_model(config, name)
    check_folder(folder, "vosk")
    graph = graph_folder(folder)
    automaton, words = openfst.read(graph / "Gr.fst")
    words = words or openfst.read_words(graph / "words.txt")
    note = {
        "made_from": PurePath(name).name,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "original_gr_sha256": sha256(graph / "Gr.fst"),
        "changed": "Gr.fst: same arcs, stored as const",
    }
    target = models_dir(config) / f"{PurePath(name).name}-unpacked"
    with copied(folder, target, note, language_of(folder) or config["language"], without=("Gr.fst",)) as copy:
        openfst.write(automaton, copy / "Gr.fst")
        openfst.write_words(words, copy / "words.txt")
    yield f"{target}\n用 HOTLINE_ASR_MODEL={target} 启用"
