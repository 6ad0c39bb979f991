"""Recordings handed in: what becomes a call, what is refused and why, and swapping the sides afterwards."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline import commands, handlers, jobs, swapping
from hotline.demo import DEMO_PASSWORD
from hotline.domain.job import Job, JobState
from hotline.errors import RecognizerError, StateError
from hotline.hub import Hub
from hotline.sources.file import FileSource
from hotline.stores.recordings import SWAPPING, WavRecordingStore
from hotline.upload_job import transcribe_upload
from hotline.uploads import inbox
from tests.conftest import MakeHub
from tests.fakes import ScriptedRecognizer, said
from web import create_app

SAID = [said("operator", "您好反诈中心", 0.0), said("caller", "公安局让我把钱转到安全账户", 1.0)]


@pytest.fixture
def center(make_hub: MakeHub) -> Hub:
    limits = {"HOTLINE_UPLOAD_MB": "1", "HOTLINE_UPLOAD_FILES": "3", "HOTLINE_UPLOAD_HOURS": "0.01"}
    center = make_hub({"HOTLINE_DEMO": "1", **limits}, recognizer=ScriptedRecognizer(SAID))
    center.job_kinds = ("upload",)
    return center


@pytest.fixture
def client(center: Hub) -> FlaskClient:
    client = create_app(center, {"WTF_CSRF_ENABLED": False}).test_client()
    client.post("/login", data={"username": "operator", "password": DEMO_PASSWORD})
    return client


def tone(seconds: float, channels: int = 1, rate_hz: int = 8000, level: float = 0.3) -> bytes:
    """A WAV file with a tone."""
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    samples = (level * 32767 * np.sin(2 * np.pi * 440 * times)).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(np.repeat(samples, channels).tobytes())
    return file.getvalue()


def hand_in(client: FlaskClient, content: bytes, name: str = "a.wav", layout: str = "") -> Any:
    headers = {"X-File-Name": name, "X-Layout": layout}
    return client.post("/api/v1/uploads", data=content, headers=headers, content_type="application/octet-stream")


def work(center: Hub) -> list[Job]:
    """Do what waits, as the worker does; return the jobs, oldest first."""
    functions = {"upload": lambda run: transcribe_upload(run, lambda path, names: FileSource(path, channels=names))}
    with center.store.transaction() as uow:
        found = [job.id for job in reversed(uow.jobs(only_open=True))]
    for job_id in found:
        jobs.run_job(center, functions, job_id)
    with center.store.transaction() as uow:
        return [uow.job(job_id) for job_id in found]


def calls(center: Hub) -> int:
    with center.store.transaction() as uow:
        return len(uow.calls())


def test_a_batch_becomes_finished_calls_and_a_bad_file_fails_alone(client: FlaskClient, center: Hub) -> None:
    for name, content in (("two.wav", tone(2, 2)), ("bad.mp3", b"no audio at all" * 99), ("one.wav", tone(2))):
        assert hand_in(client, content, name).status_code == 202
    two, bad, one = work(center)
    assert (two.state, bad.state, one.state) == (JobState.DONE, JobState.FAILED, JobState.DONE)
    assert "无法识别" in bad.message and calls(center) == 2
    shown = {row["name"]: row for row in client.get("/api/v1/uploads").get_json()["uploads"]}
    assert (shown["two.wav"]["layout"], shown["one.wav"]["layout"]) == ("two_channel", "single_speaker")
    with center.store.transaction() as uow:
        call = uow.call(shown["two.wav"]["call_id"])
        assert (call.state, call.source, call.operator_id) == ("ended", "upload", "demo-operator")
        assert call.label == "authority" and round(call.duration_s, 1) == 2.0
        assert {s.channel for s in uow.segments(call.id)} == {"operator", "caller"}
    assert not list(inbox(center.config).iterdir())


@pytest.mark.parametrize(
    "content, layout, expected",
    [
        (b"", "", "空"),
        (b"x" * (1024**2 + 1), "", "太大"),
        (b"x", "sideways", "声道"),
    ],
)
def test_what_cannot_be_taken_is_refused_at_once(
    client: FlaskClient, center: Hub, content: bytes, layout: str, expected: str
) -> None:
    answer = hand_in(client, content, layout=layout)
    assert answer.status_code == 400 and expected in answer.get_json()["error"]["message"]
    assert not list(inbox(center.config).iterdir())


def test_too_many_at_a_time_are_refused_until_some_are_done(client: FlaskClient, center: Hub) -> None:
    assert [hand_in(client, tone(0.2)).status_code for _ in range(4)] == [202, 202, 202, 503]
    work(center)
    assert hand_in(client, tone(0.2)).status_code == 202


def test_a_file_larger_than_other_bodies_passes_the_csrf_check(make_hub: MakeHub) -> None:
    center = make_hub({"HOTLINE_DEMO": "1", "HOTLINE_UPLOAD_MB": "2"})
    center.job_kinds = ("upload",)
    app = create_app(center, {"WTF_CSRF_ENABLED": False})
    client = app.test_client()
    client.post("/login", data={"username": "operator", "password": DEMO_PASSWORD})
    app.config["WTF_CSRF_ENABLED"] = True
    token = client.get("/calls").text.split('"csrf_token": "')[1].split('"')[0]
    headers = {"X-File-Name": "a.wav", "X-CSRFToken": token}
    large = {"data": tone(60), "content_type": "application/octet-stream"}
    assert client.post("/api/v1/uploads", headers=headers, **large).status_code == 202
    assert client.post("/api/v1/uploads", headers={"X-File-Name": "a.wav"}, **large).status_code == 400
    form = {"file": (io.BytesIO(tone(60)), "a.wav"), "realtime": "0"}
    assert client.post("/api/v1/calls", headers=headers, data=form).status_code == 201
    stranger = app.test_client()
    assert stranger.post("/api/v1/uploads", headers=headers, **large).status_code in (400, 401, 413)


def test_numbers_in_a_file_name_are_masked(client: FlaskClient, center: Hub) -> None:
    hand_in(client, tone(0.2), "20260101-13800138000.wav")
    with center.store.transaction() as uow:
        assert "13800138000" not in str(uow.jobs())


def test_too_long_a_recording_is_refused_and_a_lying_one_is_cut(client: FlaskClient, center: Hub) -> None:
    assert hand_in(client, tone(40)).status_code == 202
    lying = bytearray(tone(40))
    lying[40:44] = (16000).to_bytes(4, "little")
    hand_in(client, bytes(lying))
    honest, liar = work(center)
    assert honest.state is JobState.FAILED and "太长" in honest.message
    assert liar.state is JobState.DONE and liar.result["duration_s"] <= 37


def test_a_cut_off_recording_is_used_as_far_as_it_goes_with_a_warning(client: FlaskClient, center: Hub) -> None:
    hand_in(client, tone(3)[:24000])
    (job,) = work(center)
    assert job.state is JobState.DONE and "比文件头所写的短" in job.result["warning"]
    assert 1.0 < job.result["duration_s"] < 2.0


def test_a_recording_that_recognition_did_not_hear_is_done_with_a_warning(client: FlaskClient, center: Hub) -> None:
    assert isinstance(center.recognizer, ScriptedRecognizer)
    center.recognizer.open_error = RecognizerError("语音识别没有准备好", remedy="请稍后再试")
    hand_in(client, tone(2))
    (job,) = work(center)
    assert job.state is JobState.DONE and "没有准备好" in job.result["warning"]


@pytest.mark.parametrize(
    "playlist", ["ffconcat version 1.0\nfile {name}\n", "#EXTM3U\n#EXTINF:9,\n{name}\n#EXT-X-ENDLIST\n"]
)
def test_a_playlist_cannot_read_another_file(client: FlaskClient, center: Hub, playlist: str) -> None:
    other = inbox(center.config) / "other.wav"
    other.write_bytes(tone(1))
    hand_in(client, playlist.format(name=other.name).encode(), "list.ffconcat")
    (job,) = work(center)
    assert job.state is JobState.FAILED and calls(center) == 0


def test_a_cancelled_upload_ends_its_call_and_says_so(client: FlaskClient, center: Hub) -> None:
    upload = hand_in(client, tone(20)).get_json()["upload"]
    hand_in(client, tone(1))

    class Cancelling(FileSource):
        def frames(self) -> Any:
            for number, frame in enumerate(super().frames()):
                if number == 50:
                    client.post(f"/api/v1/jobs/{upload['id']}/cancel")
                    jobs.REPORT_EVERY_S = 0.0
                yield frame

    every = jobs.REPORT_EVERY_S
    try:
        open_file = lambda path, names: Cancelling(path, channels=names)  # noqa: E731
        jobs.run_job(center, {"upload": lambda run: transcribe_upload(run, open_file)}, upload["id"])
    finally:
        jobs.REPORT_EVERY_S = every
    (other,) = work(center)
    with center.store.transaction() as uow:
        assert uow.job(upload["id"]).state is JobState.CANCELLED and other.state is JobState.DONE
        notes = [call.note for call in uow.calls()]
    assert any("取消" in note for note in notes)


def test_the_sample_in_every_container_that_av_writes_is_heard(
    client: FlaskClient, center: Hub, tmp_path: Path
) -> None:
    import av

    for name, codec in (
        ("a.mp3", "mp3"),
        ("a.m4a", "aac"),
        ("a.ogg", "libopus"),
        ("a.flac", "flac"),
        ("a.amr", "libopencore_amrnb"),
    ):
        try:
            with av.open(str(tmp_path / name), "w") as out, av.open(io.BytesIO(tone(2))) as source:
                stream = out.add_stream(codec, rate=8000 if codec != "libopus" else 48000, layout="mono")
                for frame in source.decode(audio=0):
                    out.mux(stream.encode(frame))
                out.mux(stream.encode(None))
        except (av.FFmpegError, ValueError):
            continue
        hand_in(client, (tmp_path / name).read_bytes(), name)
        (job,) = work(center)
        assert job.state is JobState.DONE, (name, job.message)
        assert 1.8 < job.result["duration_s"] < 2.2, name


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_malformed_files_never_do_more_than_fail_alone(center: Hub, client: FlaskClient, data: st.DataObject) -> None:
    whole = tone(0.5, data.draw(st.integers(1, 3)))
    edits = data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=12))
    content = bytearray(whole)
    for place, value in edits:
        content[place % data.draw(st.sampled_from([64, len(whole)]))] = value
    cut = bytes(content[: data.draw(st.integers(0, len(whole)))])
    noise = data.draw(st.binary(max_size=200))
    head = data.draw(
        st.sampled_from([b"", b"OggS", b"ID3\x04", b"fLaC", b"\x00\x00\x00\x20ftypM4A ", b"#!AMR\n", b"\x1aE\xdf\xa3"])
    )
    content = bytearray(data.draw(st.sampled_from([cut, head + noise, noise])))
    answer = hand_in(client, bytes(content), "x.bin")
    assert answer.status_code == (202 if content else 400)
    for job in work(center):
        assert job.state in (JobState.DONE, JobState.FAILED) and "内部错误" not in job.message
    assert not list(inbox(center.config).iterdir())
    with center.store.transaction() as uow:
        assert not uow.calls(live=True)


def test_swapping_moves_words_facts_label_and_recording_and_back_again(client: FlaskClient, center: Hub) -> None:
    hand_in(client, tone(2, 2), layout="mirrored")
    (job,) = work(center)
    call_id = job.result["call_id"]
    paths = center.recordings.paths(call_id)
    before = {channel: Path(path).read_bytes() for channel, path in paths.items()}
    first = client.get(f"/api/v1/calls/{call_id}").get_json()
    assert first["call"]["label"] == "authority"
    Path(paths["operator"]).write_bytes(before["operator"][:-2] + b"\x01\x00")

    assert client.post(f"/api/v1/calls/{call_id}/swap").status_code == 200
    center.decider.drain(call_id)
    with center.store.transaction() as uow:
        said_by = {segment.channel: segment.text for segment in uow.segments(call_id)}
        assert said_by["operator"] == SAID[1].text and said_by["caller"] == SAID[0].text
    swapped = client.get(f"/api/v1/calls/{call_id}").get_json()
    assert [s["channel"] for s in swapped["segments"]] == ["caller", "operator"]
    assert Path(paths["caller"]).read_bytes().endswith(b"\x01\x00")
    assert client.post(f"/api/v1/calls/{call_id}/swap").status_code == 200
    center.decider.drain(call_id)
    again = client.get(f"/api/v1/calls/{call_id}").get_json()
    assert [s["channel"] for s in again["segments"]] == [s["channel"] for s in first["segments"]]
    assert again["call"]["label"] == "authority" and again["entities"] == first["entities"]


def test_a_mono_call_swapped_has_no_caller_to_label_until_it_is_swapped_back(client: FlaskClient, center: Hub) -> None:
    hand_in(client, tone(2))
    (job,) = work(center)
    call_id = job.result["call_id"]
    assert client.get(f"/api/v1/calls/{call_id}").get_json()["call"]["label"] == "authority"
    client.post(f"/api/v1/calls/{call_id}/swap")
    center.decider.drain(call_id)
    alone = client.get(f"/api/v1/calls/{call_id}").get_json()
    assert alone["call"]["label"] is None and set(center.recordings.paths(call_id)) == {"operator"}
    client.post(f"/api/v1/calls/{call_id}/swap")
    center.decider.drain(call_id)
    assert client.get(f"/api/v1/calls/{call_id}").get_json()["call"]["label"] == "authority"


def test_a_live_call_is_not_swapped_and_an_operators_label_stands(center: Hub) -> None:
    call = handlers.start_call(center, commands.StartCall("manual", "demo-operator"))
    with pytest.raises(StateError):
        swapping.swap_channels(center, commands.SwapChannels(call.id, "demo-operator"))
    handlers.correct_label(center, commands.CorrectLabel(call.id, "demo-operator", "rebate"))
    handlers.end_call(center, commands.EndCall(call.id, "demo-operator"))
    assert swapping.swap_channels(center, commands.SwapChannels(call.id, "demo-operator")).label == "rebate"


def test_a_swap_of_files_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    for stop_after in range(2):
        folder = tmp_path / f"c{stop_after}"
        folder.mkdir()
        (folder / "operator.wav").write_text("A")
        (folder / "caller.wav").write_text("B")
        (folder / "operator.wav").rename(folder / SWAPPING)
        if stop_after:
            (folder / "caller.wav").rename(folder / "operator.wav")
        WavRecordingStore(tmp_path).swap(folder.name)
        assert {p.name: p.read_text() for p in folder.iterdir()} == {"operator.wav": "B", "caller.wav": "A"}
