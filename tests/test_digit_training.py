"""The digit head's training: from texts to classes, from encodings to a network that ONNX reads."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from asr_models.digit_head import CLASSES, FIRST_DIGIT, OTHER, DigitHead
from asr_models.digit_training import Example, classes_of, export, score, train

EPOCHS = 25


@pytest.mark.parametrize(
    "text, expected",
    [
        ("卡号六二幺", [OTHER, OTHER, FIRST_DIGIT + 6, FIRST_DIGIT + 2, FIRST_DIGIT + 1]),
        ("〇，洞拐勾。OK", [FIRST_DIGIT, FIRST_DIGIT, FIRST_DIGIT + 7, FIRST_DIGIT + 9]),
        ("两千", [OTHER, OTHER]),
    ],
)
def test_each_syllable_has_a_class(text: str, expected: list[int]) -> None:
    assert list(classes_of(text)) == expected


def _example(rng: random.Random) -> Example:
    """Return an encoding in which each syllable lights its own feature for three frames, with pauses."""
    classes = tuple(FIRST_DIGIT + rng.randrange(10) for _ in range(rng.randint(4, 9)))
    frames = torch.zeros(6 * len(classes) + 4, CLASSES)
    for place, code in enumerate(classes):
        frames[6 * place + 2 : 6 * place + 5, code] = 6.0
    return Example(frames.half(), classes)


def test_a_trained_head_reads_what_it_was_never_shown(tmp_path: Path) -> None:
    rng = random.Random(3)
    network = train([_example(rng) for _ in range(96)], EPOCHS, seed=1)
    export(network, "0" * 64, tmp_path / "head.onnx")
    head = DigitHead(tmp_path / "head.onnx")
    found = score([_example(rng) for _ in range(20)], head)
    assert found.wrong < 0.1 * found.digits
    other = tmp_path / "model.bin"
    other.write_bytes(b"another encoder")
    assert not head.fits(other)
