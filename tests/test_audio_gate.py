"""The VAD gate, the resampler and the level, on real synthesised speech, noise and silence."""

from __future__ import annotations

import numpy as np
import pytest

from hotline.audio import SILENCE_DBFS, AudioFrame, level_dbfs
from hotline.resample import StreamResampler
from hotline.vad import WINDOW_MS, WINDOW_SAMPLES, GateSettings, VadGate
from tests.synth import MANDARIN, Samples, frames, needs_espeak, noise, silence, speak


def run_gate(samples: Samples, rate_hz: int = 8000) -> tuple[list[AudioFrame], list[float]]:
    """Return the frames that pass and the times at which utterances end."""
    gate, passed, ends = VadGate("caller"), [], []
    for frame in frames(samples, rate_hz=rate_hz):
        output = gate.push(frame)
        passed += output.frames
        if output.utterance_ended:
            ends.append(frame.end_s)
    return passed, ends


@needs_espeak
@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_speech_passes_with_lead_in_and_hang_over(rate_hz: int) -> None:
    speech = speak(MANDARIN, rate_hz=rate_hz)
    speech_s = len(speech) / rate_hz
    passed, ends = run_gate(np.concatenate((silence(2, rate_hz), speech, silence(2, rate_hz))), rate_hz)
    assert passed[0].start_s == pytest.approx(1.7, abs=0.2)
    assert len(ends) >= 1
    assert 2 + speech_s - 0.3 < ends[-1] < 2 + speech_s + 1.0
    starts = [frame.start_s for frame in passed]
    assert starts == sorted(set(starts)), "frames pass once, in order"


@needs_espeak
def test_two_utterances_end_twice_and_the_pause_between_is_dropped() -> None:
    speech = speak("我刚才转了钱。")
    passed, ends = run_gate(np.concatenate((silence(1), speech, silence(3), speech, silence(2))))
    assert len(ends) == 2
    second_start = 1 + len(speech) / 8000 + 3
    assert not [frame for frame in passed if ends[0] < frame.start_s < second_start - 0.6]


@needs_espeak
def test_speech_passes_in_telephone_noise() -> None:
    speech = speak(MANDARIN)
    mixed = (
        np.concatenate((silence(1), speech, silence(1.5)))
        + noise(2.5 + len(speech) / 8000, level=200)[: len(speech) + 20000]
    )
    passed, ends = run_gate(mixed.astype(np.int16))
    assert sum(frame.duration_s for frame in passed) > 0.8 * len(speech) / 8000
    assert ends


@pytest.mark.parametrize("level", [0.0, 50.0, 1000.0])
def test_silence_and_noise_do_not_pass(level: float) -> None:
    passed, ends = run_gate(noise(5, level=level))
    assert not passed
    assert not ends


class Scripted:
    """Says what the script says; counts how often it was asked."""

    def __init__(self, *probabilities: float) -> None:
        self.script = list(probabilities)
        self.asked = 0
        self.resets = 0

    def probability(self, window: np.ndarray) -> float:
        assert window.shape == (WINDOW_SAMPLES,)
        self.asked += 1
        return self.script.pop(0) if self.script else 0.0

    def reset(self) -> None:
        self.resets += 1


def test_a_click_of_one_window_does_not_open_the_gate() -> None:
    gate = VadGate("caller", Scripted(0.0, 0.9, 0.0, 0.9, 0.0))
    assert not [f for frame in frames(noise(0.5)) for f in gate.push(frame).frames]


def test_line_silence_costs_no_model_and_clears_its_memory() -> None:
    detector = Scripted()
    gate = VadGate("caller", detector)
    for frame in frames(silence(2)):
        gate.push(frame)
    assert detector.asked == 0
    assert detector.resets == 1


def test_a_hole_in_the_audio_ends_the_utterance() -> None:
    gate = VadGate("caller", Scripted(*[0.9] * 100))
    for frame in frames(noise(1)):
        gate.push(frame)
    assert gate.speaking
    after = next(frames(noise(1), start_s=9.0))
    output = gate.push(after)
    assert output.utterance_ended
    assert [frame.start_s for frame in output.frames] == [9.0]


def test_a_short_pause_does_not_end_the_utterance() -> None:
    settings = GateSettings(hang_over_ms=500)
    gate = VadGate("caller", Scripted(*[0.9] * 10, *[0.1] * 10, *[0.9] * 10), settings)
    assert not any(gate.push(frame).utterance_ended for frame in frames(noise(0.95)))


def test_the_pause_between_the_groups_of_a_number_does_not_end_the_utterance() -> None:
    pause = [0.9] * 10 + [0.1] * 25 + [0.9] * 10
    for dictation, ends in ((True, 0), (False, 1)):
        gate = VadGate("caller", Scripted(*pause))
        outputs = []
        for frame in frames(noise(len(pause) * WINDOW_MS / 1000)):
            outputs.append(gate.push(frame))
            gate.dictation = dictation
        assert sum(output.utterance_ended for output in outputs) == ends


def test_resampling_in_pieces_equals_resampling_at_once() -> None:
    tone = (np.sin(np.arange(8000) * 2 * np.pi * 440 / 8000) * 8000).astype(np.int16)
    whole = StreamResampler(8000, 16000).push(tone.tobytes(), last=True)
    stream = StreamResampler(8000, 16000)
    pieces = [stream.push(tone[i : i + 160].tobytes()) for i in range(0, 8000, 160)]
    joined = np.concatenate([*pieces, stream.push(b"", last=True)])
    assert abs(len(joined) - 16000) <= 2
    np.testing.assert_allclose(joined[:15900], whole[:15900], atol=2)


def test_level() -> None:
    assert level_dbfs(silence(1).tobytes()) == SILENCE_DBFS
    assert level_dbfs(b"") == SILENCE_DBFS
    square = np.tile(np.array([16384, -16384], np.int16), 100)
    assert level_dbfs(square.tobytes()) == pytest.approx(-6.02, abs=0.01)
