"""The second pass: real Whisper on a piece of the sample call, kill -9, live calls first, both versions, roles."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from asr_models.embedded import install_whisper_base
from hotline import commands, handlers
from hotline.audio import AudioFrame
from hotline.bootstrap import job_functions
from hotline.demo import DEMO_PASSWORD
from hotline.domain.entities import Entity, EntityType
from hotline.domain.job import Job, JobState
from hotline.domain.second_pass import SecondPass, changes_between
from hotline.domain.segment import Segment, Transcript
from hotline.errors import NotFoundError, StateError
from hotline.hub import Hub
from hotline.jobs import Run, job_folder
from hotline.queues.huey_queue import build_queue
from hotline.sample import SAMPLE_CALL
from hotline.second_pass import HEARD_FILE, SECOND_PASS, order_after_call, order_second_pass, second_pass_job
from hotline.second_pass_view import differences, second_pass_status
from hotline.sources.file import FileSource
from hotline.transcript_diff import align, compare
from tests.conftest import MakeHub
from tests.fakes import KeywordClassifier, said
from tests.job_waits import wait_for
from web import create_app

FROM_S, TO_S = 5.2, 28.2


@pytest.fixture(scope="session")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_whisper_base(tmp_path_factory.mktemp("models"))


def record_excerpt(hub: Hub, call_id: str) -> float:
    """Put seconds 5 to 28 of the sample call into the recordings of a call; return its length in seconds."""
    source = FileSource(SAMPLE_CALL)
    recording = hub.recordings.open(call_id, source.channels, source.rate_hz)
    for frame in source.frames():
        if isinstance(frame, AudioFrame) and FROM_S <= frame.start_s < TO_S:
            recording.write(replace(frame, start_s=frame.start_s - FROM_S))
    recording.close()
    return TO_S - FROM_S


def ended_call(hub: Hub, *live: Transcript) -> str:
    """Return a finished call with a recording, in which `live` was heard."""
    call = handlers.start_call(hub, commands.StartCall("file", "demo-operator"))
    for transcript in live:
        handlers.record_segment(hub, call.id, transcript, "vosk")
    hub.decider.drain(call.id)
    handlers.end_call(hub, commands.EndCall(call.id, "u1"), record_excerpt(hub, call.id))
    return call.id


@pytest.fixture
def asking(make_hub: MakeHub, tmp_path: Path) -> Hub:
    return make_hub({"HOTLINE_DEMO": "1"}, queue=build_queue("", tmp_path, 1), job_kinds=tuple(job_functions()))


class SlowWriter:
    """Hears the same words in every piece and counts the pieces."""

    model = "scripted"

    def __init__(self, text: str = "我转了三万块钱到安全账户") -> None:
        self.heard = 0
        self._text = text

    def hear(self, channel: str, frames: Sequence[AudioFrame]) -> Sequence[Transcript]:
        self.heard += 1
        return [Transcript(channel, self._text, frames[0].start_s, frames[-1].end_s, True)]


def claimed(hub: Hub, job: Job) -> Run:
    with hub.store.transaction() as uow:
        mine = uow.claim_job(job.id, hub.clock())
    assert mine
    return Run(hub, mine)


def do(run: Run, listener: SlowWriter) -> object:
    classifier = KeywordClassifier()
    return second_pass_job(
        run, listener, lambda path, channel: FileSource(path, channels=(channel,)), lambda _: classifier
    )


@pytest.mark.speech
def test_whisper_hears_the_call_again_even_after_kill_9(asking: Hub, whisper: Path, tmp_path: Path) -> None:
    call_id = ended_call(asking, said("caller", "转了我已经转了四万八", 15.0))
    job = order_second_pass(asking, call_id, "u1")
    environment = {
        **os.environ,
        "HOTLINE_DATA_DIR": str(tmp_path),
        "HOTLINE_SECOND_PASS_MODEL": str(whisper),
        "HOTLINE_JOB_WORKER": "external",
    }

    def worker() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "hotline", "job-worker"], env=environment)

    first = worker()
    heard = job_folder(asking, job.id) / HEARD_FILE
    try:
        wait_for(
            asking, job.id, lambda job: not job.is_open or (heard.is_file() and heard.read_bytes().count(b"\n") > 0)
        )
        first.send_signal(signal.SIGKILL)
        first.wait()
        second = worker()
        ended = wait_for(asking, job.id, lambda job: not job.is_open)
        second.kill()
        second.wait()
    finally:
        first.kill()
    assert (ended.state, ended.attempts) == (JobState.DONE, 2), ended.message
    with asking.store.transaction() as uow:
        made, live = uow.second_pass(call_id), uow.segments(call_id)
    assert made and [segment.text for segment in live] == ["转了我已经转了四万八"]
    assert len({(s.channel, round(s.start_s, 1)) for s in made.segments}) == len(made.segments)
    text = "".join(segment.text for segment in made.segments)
    assert text.count("公安局") == text.count("四万八千六百") == 1 and made.model == "whisper-base"
    assert 48600 in [entity.value for entity in made.entities]
    assert made.prediction and ("amount", 48600) in made.changes.gained


def test_a_second_pass_replaces_an_earlier_one_and_the_live_version_stays(asking: Hub) -> None:
    call_id = ended_call(asking, said("caller", "我转了三千块钱", 1.0))
    for _ in range(2):
        run = claimed(asking, order_second_pass(asking, call_id, "u1"))
        do(run, SlowWriter())
        run.end(JobState.DONE)
    with asking.store.transaction() as uow:
        made, live, entities = uow.second_pass(call_id), uow.segments(call_id), uow.entities(call_id)
    assert made and len({segment.start_s for segment in made.segments}) == len(made.segments) == 3
    assert [segment.text for segment in live] == ["我转了三千块钱"] and [e.value for e in entities] == [3000]
    assert made.changes.label_before == "not_fraud" and made.changes.label_after == "authority"
    assert made.changes.gained == (("amount", 30000),) and made.changes.lost == (("amount", 3000),)
    assert second_pass_status(asking, call_id)["made"]["model"] == "scripted"


def test_pieces_that_were_heard_are_not_heard_again_and_a_cut_line_is(asking: Hub) -> None:
    call_id = ended_call(asking)
    run = claimed(asking, order_second_pass(asking, call_id, "u1"))
    do(run, SlowWriter())
    notes = run.folder / HEARD_FILE
    notes.write_bytes(notes.read_bytes()[:-5])
    again = SlowWriter("另一种说法")
    do(run, again)
    assert again.heard == 1
    run.end(JobState.DONE)


def test_a_live_call_goes_first(asking: Hub) -> None:
    call_id = ended_call(asking)
    run = claimed(asking, order_second_pass(asking, call_id, "u1"))
    live = handlers.start_call(asking, commands.StartCall("microphone", "u1"))
    writer = SlowWriter()

    class EndsTheCall:
        def sleep(self, _: float) -> None:
            assert writer.heard == 0 and "等待" in run.job.message
            handlers.end_call(asking, commands.EndCall(live.id, "u1"), 1.0)

    import hotline.second_pass as module

    real, module.time = module.time, EndsTheCall()  # type: ignore[assignment]
    try:
        do(run, writer)
    finally:
        module.time = real
    assert writer.heard == 3
    run.end(JobState.DONE)


def test_it_can_be_switched_off_and_is_refused_where_it_makes_no_sense(asking: Hub, make_hub: MakeHub) -> None:
    call_id = ended_call(asking, said("caller", "喂你好", 1.0))
    off = make_hub({"HOTLINE_SECOND_PASS": "0"}, queue=asking.queue, job_kinds=asking.job_kinds)
    order_after_call(off, call_id)
    assert second_pass_status(off, call_id) == {"wanted": False, "job": None, "made": None}
    order_after_call(asking, call_id)
    assert second_pass_status(asking, call_id)["job"]["state"] == JobState.QUEUED
    with pytest.raises(StateError, match="正在进行"):
        order_second_pass(asking, call_id, "u1")
    live = handlers.start_call(asking, commands.StartCall("manual", "u1"))
    with pytest.raises(StateError):
        order_second_pass(asking, live.id, "u1")
    handlers.end_call(asking, commands.EndCall(live.id, "u1"))
    with pytest.raises(NotFoundError, match="没有录音"):
        order_second_pass(asking, live.id, "u1")
    with asking.store.transaction() as uow:
        assert [job.kind for job in uow.jobs()] == [SECOND_PASS]


def test_differences_are_for_those_who_review_and_are_masked(asking: Hub) -> None:
    call_id = ended_call(asking, said("caller", "他的电话是幺三八零零幺三五七二六", 1.0))
    run = claimed(asking, order_second_pass(asking, call_id, "u1"))
    do(run, SlowWriter("他的电话是幺三八零零幺三五七二七"))
    run.end(JobState.DONE)
    shown = differences(asking, call_id, masked=False)
    assert "13800135727" in str(shown) and "13800135726" in str(shown["changes"]["lost"])
    app = create_app(asking, {"TESTING": True, "WTF_CSRF_ENABLED": False})
    codes = {}
    for name in ("operator", "supervisor", "admin"):
        client = app.test_client()
        client.post("/login", data={"username": name, "password": DEMO_PASSWORD})
        path = f"/api/v1/calls/{call_id}/second-pass"
        answers = client.get(path), client.get(f"{path}/differences"), client.post(path)
        codes[name] = [answer.status_code for answer in answers]
        if name == "supervisor":
            body = answers[1].get_data(as_text=True)
            assert "138****5727" in body and "13800135727" not in body
    assert codes == {"operator": [200, 403, 403], "supervisor": [200, 200, 201], "admin": [403, 403, 403]}


def test_the_sides_of_both_versions_change_places_together(asking: Hub) -> None:
    call_id = ended_call(asking)
    segment = Segment("s", call_id, "caller", "好", "好", 1.0, 2.0)
    fact = Entity(EntityType.AMOUNT, 5, 0, speaker="caller")
    changes = changes_between(None, None, [], [fact])
    with asking.store.transaction() as uow:
        uow.save_second_pass(SecondPass(call_id, asking.clock(), "m", (segment,), (fact,), None, changes))
        uow.swap_second_pass(call_id)
        made = uow.second_pass(call_id)
    assert made and made.segments[0].channel == made.entities[0].speaker == "operator"


def test_versions_are_aligned_by_time_and_compared_without_punctuation() -> None:
    def heard(text: str, start_s: float, end_s: float, channel: str = "caller") -> Segment:
        return Segment(text, "c", channel, text, text, start_s, end_s)

    first = [heard("一", 0, 2), heard("二", 2.5, 4), heard("三", 9, 10), heard("四", 0, 1, "operator")]
    second = [heard("一二", 0.1, 4.1), heard("五", 20, 21)]
    rows = align(first, second)
    shown = [("".join(s.text for s in row.first), "".join(s.text for s in row.second)) for row in rows]
    assert sorted(shown) == sorted([("一二", "一二"), ("三", ""), ("四", ""), ("", "五")])
    left, right = compare("转了四万八，他说", "转了四万九他说")
    assert [piece.text for piece in left if not piece.same] == ["八"]
    assert [piece.text for piece in right if not piece.same] == ["九"]
    assert "".join(piece.text for piece in left) == "转了四万八，他说"
