"""Streams become calls and channels: joining, gaps, time, limits, and what a bad peer cannot do."""

from __future__ import annotations

import time
import wave
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from hotline import commands, handlers
from hotline.audio import AudioFrame, AudioGap, AudioItem, ChannelEnd, Idle
from hotline.domain.call import CallState
from hotline.domain.segment import Transcript
from hotline.errors import CapacityError, HotlineError, InputError
from hotline.hub import Hub
from hotline.ports import User
from hotline.queries import snapshot
from hotline.sources.live_feed import ChannelInput, LiveFeed
from hotline.streams import CallSpec, StreamSpec
from tests.conftest import MakeHub
from tests.fakes import ScriptedRecognizer, said

RATE_HZ = 8000
QUICK = {"HOTLINE_STREAM_LINGER_S": "0.3", "HOTLINE_STREAM_WAIT_S": "0.3"}
TONE = (np.sin(np.arange(RATE_HZ) * 2 * np.pi * 440 / RATE_HZ) * 8000).astype("<i2")


class Ears:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.ends = 0

    def transcript(self, transcript: Transcript) -> None:
        self.texts.append(transcript.text)

    def settled(self) -> None:
        pass

    def ended(self) -> None:
        self.ends += 1


def spec(external_id: str = "", channel: str = "caller", **values: object) -> StreamSpec:
    return StreamSpec("vosk_ws", channel, RATE_HZ, CallSpec(external_id, **values))  # type: ignore[arg-type]


def state(hub: Hub, call_id: str) -> str:
    return str(snapshot(hub, call_id)["call"]["state"])


def wait_for(condition: object, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_two_streams_of_one_call_join_and_the_last_one_ends_it(make_hub: MakeHub) -> None:
    recognizer = ScriptedRecognizer([said("caller", "让我转到安全账户", 0.0), said("operator", "您好", 0.0)])
    hub, caller, operator = make_hub(QUICK, recognizer=recognizer), Ears(), Ears()
    first = hub.switchboard.attach(spec("pbx-1", caller_number="13800000000"), caller)
    second = hub.switchboard.attach(spec("pbx-1", "operator"), operator)
    assert first.call_id == second.call_id
    for _ in range(10):
        first.push(TONE[:160].tobytes())
        second.push(TONE[:160].tobytes())
    first.finish()
    wait_for(lambda: caller.ends)
    assert caller.texts == ["让我转到安全账户"]
    assert state(hub, first.call_id) == CallState.LIVE
    second.finish()
    hub.live.wait(first.call_id, 10)
    view = snapshot(hub, first.call_id, masked=False)
    assert operator.texts == ["您好"]
    assert view["call"]["state"] == CallState.ENDED
    assert view["call"]["external_id"] == "pbx-1"
    assert view["call"]["caller_number"] == "13800000000"
    assert {segment["channel"] for segment in view["segments"]} == {"caller", "operator"}


def test_a_call_opened_first_gets_its_audio_later_or_ends(make_hub: MakeHub) -> None:
    hub = make_hub(QUICK)
    waiting = hub.switchboard.open_call(CallSpec("pbx-2"), "api")
    stream = hub.switchboard.attach(StreamSpec("rtp", call=CallSpec(call_id=waiting.id)))
    assert stream.call_id == waiting.id
    stream.push(TONE.tobytes())
    stream.finish()
    hub.live.wait(waiting.id, 10)
    assert state(hub, waiting.id) == CallState.ENDED
    with pytest.raises(InputError):
        hub.switchboard.attach(StreamSpec("rtp", call=CallSpec(call_id=waiting.id)))
    silent = hub.switchboard.open_call(CallSpec("pbx-3"), "api")
    wait_for(lambda: state(hub, silent.id) == CallState.ENDED)


def test_a_taken_channel_is_refused_and_a_lost_peer_makes_room(make_hub: MakeHub) -> None:
    hub = make_hub(QUICK)
    first = hub.switchboard.attach(spec("pbx-4"))
    with pytest.raises(InputError):
        hub.switchboard.attach(spec("pbx-4"))
    first.input.heard_at_s -= 10
    again = hub.switchboard.attach(spec("pbx-4"))
    assert again.call_id == first.call_id
    assert not first.live()
    again.push(TONE.tobytes())
    assert state(hub, again.call_id) == CallState.LIVE


def test_strangers_and_too_many_are_refused(make_hub: MakeHub) -> None:
    hub = make_hub({"HOTLINE_MAX_CALLS": "1"})
    for wrong in (spec(operator="nobody"), spec("x" * 200), spec("a\nb"), spec(channel="left"), spec(call_id="none")):
        with pytest.raises(HotlineError):
            hub.switchboard.attach(wrong)
    first = hub.switchboard.attach(spec())
    with pytest.raises(CapacityError):
        hub.switchboard.attach(spec())
    first.finish()
    hub.live.wait(first.call_id, 10)
    hub.switchboard.attach(spec()).finish()


def test_a_call_beyond_the_limit_is_worked_on_by_hand_until_there_is_room(make_hub: MakeHub) -> None:
    hub = make_hub({"HOTLINE_MAX_CALLS": "1", **QUICK})
    first = hub.switchboard.attach(spec())
    announced = hub.switchboard.open_call(CallSpec("pbx-7"), "cti")
    for channel in ("caller", "operator"):
        with pytest.raises(CapacityError):
            hub.switchboard.attach(spec("pbx-7", channel))
        with pytest.raises(CapacityError):
            hub.switchboard.attach(spec("pbx-8", channel))
    with hub.store.transaction() as uow:
        unannounced = uow.find_external_calls("pbx-8", None, 10)
    assert len(unannounced) == 1
    time.sleep(2 * float(QUICK["HOTLINE_STREAM_WAIT_S"]))
    for call in (announced, *unannounced):
        view = snapshot(hub, call.id)
        assert view["call"]["state"] == CallState.LIVE
        assert view["recognizer"]["state"] == "refused"
        assert "不超过 1 路" in view["recognizer"]["reason"]
        handlers.type_segment(hub, commands.TypeSegment(call.id, "u1", "caller", "他让我转账"))
    first.finish()
    hub.live.wait(first.call_id, 10)
    assert hub.switchboard.attach(spec("pbx-8")).call_id == unannounced[0].id
    wait_for(lambda: snapshot(hub, unannounced[0].id)["recognizer"]["state"] == "ok")
    hub.live.end(announced.id, "u1")
    assert state(hub, announced.id) == CallState.ENDED


def test_the_operator_is_found_by_name_and_a_console_can_end_the_call(make_hub: MakeHub) -> None:
    hub = make_hub(QUICK)
    with hub.store.transaction() as uow:
        uow.save_user(User("u1", "wang", "王", "operator", ""))
    ears = Ears()
    stream = hub.switchboard.attach(spec(operator="wang"), ears)
    assert snapshot(hub, stream.call_id)["call"]["operator_id"] == "u1"
    hub.live.end(stream.call_id, "u1")
    hub.live.wait(stream.call_id, 10)
    assert not stream.live()
    assert ears.ends == 1
    stream.push(TONE.tobytes())
    wait_for(lambda: hub.switchboard.streams() == 0)


def test_a_call_ended_by_hand_before_its_audio_takes_none(make_hub: MakeHub) -> None:
    hub = make_hub()
    call = hub.switchboard.open_call(CallSpec("pbx-5"), "api")
    handlers.end_call(hub, commands.EndCall(call.id, "u1"))
    with pytest.raises(InputError):
        hub.switchboard.attach(StreamSpec("rtp", call=CallSpec(call_id=call.id)))


def test_recordings_keep_time_with_silence_for_gaps_and_late_channels(make_hub: MakeHub) -> None:
    hub = make_hub()
    first = hub.switchboard.attach(spec("pbx-6"))
    origin_s = time.monotonic()
    first.push(TONE.tobytes(), origin_s + 1)
    first.skip(2.0, lost=True)
    first.push(TONE.tobytes(), origin_s + 4)
    second = hub.switchboard.attach(spec("pbx-6", "operator"))
    second.push(TONE.tobytes(), origin_s + 4)
    first.finish()
    second.finish()
    hub.live.end(first.call_id, "u1")
    hub.live.wait(first.call_id, 10)
    sound = {}
    for channel, path in hub.recordings.paths(first.call_id).items():
        with wave.open(path) as file:
            sound[channel] = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert len(sound["caller"]) == pytest.approx(4 * RATE_HZ, abs=800)
    assert len(sound["operator"]) == pytest.approx(4 * RATE_HZ, abs=800)
    assert not sound["caller"][RATE_HZ + 800 : 3 * RATE_HZ - 800].any()
    assert sound["caller"][3 * RATE_HZ + 800 :].any()
    assert not sound["operator"][: 3 * RATE_HZ - 800].any()
    (gap,) = snapshot(hub, first.call_id)["gaps"]
    assert gap["end_s"] - gap["start_s"] == pytest.approx(2.0, abs=0.01)


def drained(feed: LiveFeed) -> list[AudioItem]:
    feed.close()
    return [item for item in feed.frames() if not isinstance(item, Idle)]


def audio(items: list[AudioItem]) -> Iterator[AudioFrame]:
    return (item for item in items if isinstance(item, AudioFrame))


def opened(rate_hz: int = RATE_HZ, **values: bool) -> tuple[LiveFeed, ChannelInput]:
    feed = LiveFeed("test", RATE_HZ, capacity_s=4000.0)
    return feed, feed.open("caller", rate_hz, **values)


def test_frames_are_whole_and_resampled_with_the_filter_kept() -> None:
    feed, stream = opened(16000)
    wave_16k = (np.sin(np.arange(32000) * 2 * np.pi * 440 / 16000) * 8000).astype("<i2").tobytes()
    cuts = [0, 321, 5000, 5001, 30002, len(wave_16k)]
    for start, end in pairwise(cuts):
        stream.push(wave_16k[start:end], feed.origin_s + end / 32000)
    stream.finish()
    *frames, end = drained(feed)
    assert isinstance(end, ChannelEnd)
    samples = np.frombuffer(b"".join(frame.pcm for frame in audio(frames)), np.int16)
    expected = np.sin(np.arange(16000) * 2 * np.pi * 440 / 8000) * 8000
    assert len(samples) == 16000
    assert np.abs(samples[400:-400] - expected[400:-400]).max() < 60


@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize("drift_ppm", [-300, 150])
def test_time_stays_right_over_an_hour_of_clock_drift_and_jitter(drift_ppm: int, timed: bool) -> None:
    """An hour of 100 ms blocks whose sender's clock is off; a click each minute must be placed within 50 ms."""
    feed, stream = opened(timed=timed)
    jitter = np.random.default_rng(1).exponential(0.008, 40000)
    block_s = 0.1 * (1 - drift_ppm * 1e-6)
    clicks, found = {}, {}
    for index in range(36000):
        samples = np.zeros(800, "<i2")
        if index % 600 == 300:
            samples[400] = 20000
            clicks[index] = index * block_s + block_s / 2
        stream.push(samples.tobytes(), feed.origin_s + (index + 1) * block_s + jitter[index])
    for frame in audio(drained(feed)):
        heard = np.abs(np.frombuffer(frame.pcm, np.int16))
        if heard.max() > 5000:
            moment = frame.start_s + int(heard.argmax()) / RATE_HZ
            found[min(clicks, key=lambda index: abs(clicks[index] - moment))] = moment
    errors = [abs(found[index] - clicks[index]) for index in clicks]
    assert len(errors) == 60
    assert max(errors) < 0.05


def test_a_pause_is_a_gap_but_a_burst_that_fills_it_is_none() -> None:
    for burst in (False, True):
        feed, stream = opened()
        now_s = feed.origin_s
        for _ in range(100):
            now_s += 0.02
            stream.push(TONE[:160].tobytes(), now_s)
        now_s += 2.0
        for index in range(200):
            now_s += 0.0 if burst and index < 100 else 0.02
            stream.push(TONE[:160].tobytes(), now_s)
        items = drained(feed)
        gaps = [item for item in items if isinstance(item, AudioGap)]
        *_, last = audio(items)
        assert last.end_s == pytest.approx(now_s - feed.origin_s, abs=0.05)
        assert sum(gap.end_s - gap.start_s for gap in gaps) == (0 if burst else pytest.approx(2.0, abs=0.05))


def test_a_file_sent_fast_keeps_its_own_time() -> None:
    feed, stream = opened()
    for index in range(100):
        stream.push(TONE.tobytes(), feed.origin_s + 0.01 * index)
    frames = list(audio(drained(feed)))
    assert frames[-1].end_s - frames[0].start_s == pytest.approx(100.0, abs=0.01)
    assert b"".join(frame.pcm for frame in frames) == TONE.tobytes() * 100


def test_a_call_that_is_not_read_drops_its_oldest_audio_and_says_so() -> None:
    feed = LiveFeed("test", RATE_HZ, capacity_s=1.0)
    stream = feed.open("caller", RATE_HZ, timed=True)
    for index in range(5):
        stream.push(TONE.tobytes(), feed.origin_s + index + 1)
    gap, *rest = drained(feed)
    assert gap == AudioGap("caller", 0.0, pytest.approx(4.0))
    assert len(rest) == 50
