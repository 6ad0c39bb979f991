"""Words without times are spread over the voiced part of an utterance."""

import numpy as np
import pytest

from asr_models.word_times import spread

RATE_HZ = 16000


def _tone(seconds: float) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)


def _silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE_HZ))


def test_pauses_are_left_out() -> None:
    samples = np.concatenate([_silence(0.5), _tone(1.0), _silence(1.0), _tone(1.0)])
    words = spread("转账，给他。", samples, RATE_HZ, 0.7)
    assert [word.text for word in words] == ["转", "账，", "给", "他。"]
    assert [word.start_s for word in words] == pytest.approx([0.5, 1.0, 2.5, 3.0], abs=0.05)
    assert words[-1].end_s == pytest.approx(3.5, abs=0.05)


def test_digits_take_the_time_of_as_many_syllables() -> None:
    words = spread("卡号6222020000000000", _tone(4.5), RATE_HZ, 0.7)
    assert [word.text for word in words] == ["卡", "号", "6222020000000000"]
    assert words[2].start_s == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("text, samples", [("", _tone(1)), ("你好", np.zeros(0)), ("你好", _silence(1))])
def test_nothing_to_place_gives_no_words(text: str, samples: np.ndarray) -> None:
    assert spread(text, samples, RATE_HZ, 0.5) == []
