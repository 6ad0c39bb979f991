"""`python -m asr_models train-digits`: makes the digit head of a Whisper model from recordings of known text.

Each recording is encoded once by the model that the head will stand beside; the head learns which digits and how many
other syllables were said, not when (connectionist temporal classification). `benchmarks/digit_speech.py` makes the
recordings that the shipped head was trained on.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rapidfuzz.distance import Levenshtein
from torch import nn
from tqdm import tqdm

from asr_models.digit_head import BLANK, CLASSES, FIRST_DIGIT, OTHER, DigitHead, syllables
from asr_models.evaluation import Utterance, read_manifest
from asr_models.factory import models_dir
from asr_models.folder import check_folder, sha256
from hotline.config import Config
from hotline.errors import DatasetError
from hotline.numerals import DIGIT_VALUES

QUANTITY = "两"
"""A two that is said of amounts, never in a dictated number: a syllable like any other."""
WIDTH = 128
DILATIONS = (1, 2, 4, 8)
KERNEL = 5
"""Frames; the layers together see 1.2 s."""
BATCH = 16
LEARNING_RATE = 2e-3
BLUR = 0.3
"""Without it a head that learned few voices reads those well and others badly: 8.8 instead of 1.2 % of the digits wrong."""
HELD_OUT_EVERY = 12
"""One recording in so many is not learned from: the figures are of them."""
LONGEST_S = 14.0
OPSET = 17


@dataclass(frozen=True)
class Example:
    """One recording: its encoding `(frames, features)` in half precision, and its syllables as classes."""

    encoded: torch.Tensor
    classes: tuple[int, ...]


@dataclass(frozen=True)
class Score:
    """How well the digits of the held-out recordings were read."""

    wrong: int
    """Digits put in, left out or taken for others."""
    digits: int
    whole: int
    """Recordings of which every digit is right."""
    recordings: int


class DigitNetwork(nn.Module):
    """Dilated convolutions over the encoding: `(N, T, features)` in, natural logarithms `(N, T, CLASSES)` out."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features
        self.narrow = nn.Sequential(nn.LayerNorm(features), nn.Linear(features, WIDTH), nn.GELU(), nn.Dropout(0.1))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in DILATIONS)
        self.layers = nn.ModuleList(
            nn.Conv1d(WIDTH, WIDTH, KERNEL, padding=KERNEL // 2 * step, dilation=step) for step in DILATIONS
        )
        self.drop = nn.Dropout(0.1)
        self.classes = nn.Linear(WIDTH, CLASSES)

    def forward(self, encoded: torch.Tensor) -> torch.Tensor:
        """Return the logarithms of each frame's classes."""
        state = self.narrow(encoded)
        for norm, layer in zip(self.norms, self.layers, strict=True):
            changed = layer(norm(state).transpose(1, 2)).transpose(1, 2)
            state = state + self.drop(nn.functional.gelu(changed))
        return self.classes(state).log_softmax(-1)  # type: ignore[no-any-return]


def classes_of(text: str) -> tuple[int, ...]:
    """Return the class of each syllable of a Chinese text; what is not a Chinese character is not spoken."""
    return tuple(
        FIRST_DIGIT + DIGIT_VALUES[character] if character in DIGIT_VALUES and character != QUANTITY else OTHER
        for character in text
        if "\u4e00" <= character <= "\u9fff" or character == "〇"
    )


def encode(recordings: Sequence[Utterance], model: Path, threads: int) -> list[Example]:
    """Encode recordings of at most `LONGEST_S` with a Whisper model. Raises: AudioError, ModelError."""
    from faster_whisper import WhisperModel, decode_audio

    from asr_models.whisper_decoding import WhisperDecoder

    check_folder(model, "whisper")
    whisper = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
    decoder, found = WhisperDecoder(whisper, "zh"), []
    for recording in tqdm(recordings, unit="段", desc="encode", file=sys.stderr, disable=None):
        audio = decode_audio(str(recording.audio))
        frames = len(audio) // 320 + 2
        classes = classes_of(recording.reference)
        if len(audio) <= LONGEST_S * 16_000 and 0 < len(classes) < frames / 2:
            encoded = np.array(decoder.encode(audio))[0, :frames]
            found.append(Example(torch.from_numpy(encoded.astype(np.float16)), classes))
    return found


def batches(examples: Sequence[Example], rng: random.Random) -> Iterator[list[Example]]:
    """Yield the examples in batches of like length, in random order."""
    ordered = sorted(examples, key=lambda example: len(example.encoded) + 40 * rng.random())
    groups = [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]
    rng.shuffle(groups)
    yield from groups


def blurred(group: Sequence[Example], spread: torch.Tensor, rng: random.Random) -> torch.Tensor:
    """Return the padded encodings `(N, T, features)` as other voices might give them.

    Each feature is scaled, shifted and made noisy by `BLUR` of its `spread` `(features,)`, some are left out, and a
    short stretch of each recording is taken out.
    """
    rows = nn.utils.rnn.pad_sequence([example.encoded.float() for example in group], batch_first=True)
    one = (len(group), 1, rows.shape[2])
    rows = rows * (1 + BLUR * torch.randn(one)) + BLUR * spread * (torch.randn(one) + torch.randn_like(rows))
    rows = nn.functional.dropout1d(rows.transpose(1, 2), BLUR).transpose(1, 2)
    for row, example in zip(rows, group, strict=True):
        start = rng.randrange(max(1, len(example.encoded) - 8))
        row[start : start + rng.randint(0, 8)] = 0
    return rows


def train(examples: Sequence[Example], epochs: int, seed: int) -> DigitNetwork:
    """Return a network trained on the examples."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    spread = torch.cat([example.encoded.float() for example in examples[:200]]).std(0)
    network = DigitNetwork(examples[0].encoded.shape[1])
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=0.02)
    steps = epochs * -(-len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.15)
    loss_of = nn.CTCLoss(blank=BLANK, zero_infinity=True)
    with tqdm(total=steps, unit="步", desc="train", file=sys.stderr, disable=None) as bar:
        for _ in range(epochs):
            for group in batches(examples, rng):
                lengths = torch.tensor([len(example.encoded) for example in group])
                wanted = torch.tensor([code for example in group for code in example.classes])
                sizes = torch.tensor([len(example.classes) for example in group])
                loss = loss_of(network(blurred(group, spread, rng)).transpose(0, 1), wanted, lengths, sizes)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                bar.set_postfix(loss=f"{loss.item():.3f}")
                bar.update()
    return network.eval()


def export(network: DigitNetwork, encoder_sha256: str, path: Path) -> None:
    """Write the network as ONNX, with the checksum of the encoder that it belongs to."""
    import onnx

    frames = torch.zeros(1, 50, network.features)
    axes = {"encoded": {1: "frames"}, "found": {1: "frames"}}
    torch.onnx.export(
        network,
        (frames,),
        str(path),
        input_names=["encoded"],
        output_names=["found"],
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )
    graph = onnx.load(str(path))
    onnx.helper.set_model_props(graph, {"encoder_sha256": encoder_sha256})
    onnx.save(graph, str(path))


def score(examples: Sequence[Example], head: DigitHead) -> Score:
    """Read the examples' digits with an exported head."""
    wrong = digits = whole = recordings = 0
    for example in examples:
        said = "".join(str(code - FIRST_DIGIT) for code in example.classes if code != OTHER)
        found = head.probabilities(example.encoded.numpy()[None], seconds=LONGEST_S)
        heard = "".join(syllable.digit or "" for syllable in syllables(found))
        wrong += Levenshtein.distance(said, heard)
        digits += len(said)
        whole += said == heard
        recordings += 1
    return Score(wrong, digits, whole, recordings)


def run(arguments: argparse.Namespace, config: Config) -> Iterator[str]:
    """Train, write the head and yield its figures. Raises: DatasetError, AudioError, ModelError."""
    torch.set_num_threads(arguments.threads)
    model = models_dir(config) / arguments.model
    examples = encode(read_manifest(arguments.manifest), model, arguments.threads)
    held = examples[::HELD_OUT_EVERY]
    learned = [example for index, example in enumerate(examples) if index % HELD_OUT_EVERY]
    if not learned:
        raise DatasetError(
            "录音太少", expected=f"{HELD_OUT_EVERY} 段以上", found=str(len(examples)), remedy="请补充录音"
        )
    export(train(learned, arguments.epochs, arguments.seed), sha256(model / "model.bin"), arguments.output)
    found = score(held, DigitHead(arguments.output))
    yield f"{arguments.output.name}: {len(learned)} recordings learned"
    yield f"held out: {found.wrong} of {found.digits} digits wrong, {found.whole} of {found.recordings} recordings right"
