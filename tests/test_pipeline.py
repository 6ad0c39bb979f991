"""From frames to stored, numbered events; failures of one part never end the call."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from hotline import commands, handlers
from hotline.audio import AudioGap
from hotline.domain.call import CallState
from hotline.errors import CapacityError, RecognizerError
from hotline.events import CallEvent, EventType
from hotline.hub import Hub
from hotline.ports import EngineInfo
from hotline.queries import snapshot
from tests.conftest import MakeHub
from tests.fakes import ScriptedRecognizer, ScriptedSource, said

TALK = (
    said("operator", "您好反诈中心", 0.0),
    said("caller", "他让我把", 2.0, final=False),
    said("caller", "他让我把钱转到安全账户", 2.0),
    said("operator", "您的卡号是多少", 5.0),
)


def play(hub: Hub, source: ScriptedSource | None = None) -> str:
    call = hub.live.start(source or ScriptedSource())
    hub.live.wait(call.id, 20)
    return call.id


def types(events: Sequence[CallEvent]) -> list[EventType]:
    return [event.type for event in events]


def test_a_call_is_written_down_labelled_and_closed(make_hub: MakeHub) -> None:
    hub = make_hub(recognizer=ScriptedRecognizer(TALK))
    call_id = play(hub)
    view = snapshot(hub, call_id)
    assert [segment["text"] for segment in view["segments"]] == [TALK[0].text, TALK[2].text, TALK[3].text]
    assert view["prediction"]["shown"]["label"] == "authority"
    assert view["prediction"]["evidence"][0]["segment_id"] == view["segments"][1]["id"]
    assert view["call"]["state"] == CallState.ENDED
    assert view["alerts"][0]["level"] == "高"


def test_events_are_numbered_without_holes_and_partials_are_not_stored(make_hub: MakeHub) -> None:
    hub = make_hub(recognizer=ScriptedRecognizer(TALK))
    events = hub.store.events_after(play(hub), 0)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert EventType.PARTIAL not in types(events)
    assert types(events)[0] is EventType.CALL_STARTED
    assert types(events)[-1] is EventType.CALL_ENDED


def test_partials_reach_a_listening_console(make_hub: MakeHub) -> None:
    hub = make_hub(recognizer=ScriptedRecognizer(TALK))
    subscription = hub.bus.subscribe()
    play(hub)
    heard = []
    while event := subscription.get(0.2):
        heard.append(event)
    assert "他让我把" in [event.data["text"] for event in heard if event.type is EventType.PARTIAL]


def test_a_call_goes_on_by_hand_when_recognition_is_off(make_hub: MakeHub) -> None:
    hub = make_hub(recognizer=None)
    hub.recognizer_info = EngineInfo("off", "", "没有语音模型")
    call_id = play(hub)
    assert snapshot(hub, call_id)["recognizer"]["state"] == "off"
    call = handlers.start_call(hub, commands.StartCall("manual", "u1"))
    handlers.type_segment(hub, commands.TypeSegment(call.id, "u1", "caller", "让我转到安全账户"))
    assert hub.decider.drain(call.id)
    assert snapshot(hub, call.id)["call"]["label"] == "authority"


def test_a_refused_recogniser_is_shown_and_the_call_goes_on(make_hub: MakeHub) -> None:
    recognizer = ScriptedRecognizer(open_error=CapacityError("识别已满"))
    hub = make_hub(recognizer=recognizer)
    view = snapshot(hub, play(hub))
    assert view["recognizer"]["state"] == "unavailable"
    assert view["call"]["state"] == CallState.ENDED


def test_a_failing_recogniser_loses_no_committed_segment(make_hub: MakeHub) -> None:
    recognizer = ScriptedRecognizer(TALK)
    hub = make_hub(recognizer=recognizer)
    opened = recognizer.open

    def open_failing(channel: str):  # type: ignore[no-untyped-def]
        session = opened(channel)
        polls = iter(range(100))

        def results():  # type: ignore[no-untyped-def]
            if next(polls) == 2:
                raise RecognizerError("识别进程退出")
            return [session.script.pop(0)] if session.script else []

        session.results = results
        return session

    recognizer.open = open_failing  # type: ignore[method-assign]
    view = snapshot(hub, play(hub))
    assert TALK[0].text in [segment["text"] for segment in view["segments"]]
    assert view["recognizer"]["state"] == "unavailable"
    assert view["call"]["state"] == CallState.ENDED


def test_lost_audio_is_shown_as_a_gap(make_hub: MakeHub) -> None:
    hub = make_hub()
    call_id = play(hub, ScriptedSource(gaps=[AudioGap("caller", 1.0, 1.5)]))
    assert snapshot(hub, call_id)["gaps"] == [{"channel": "caller", "start_s": 1.0, "end_s": 1.5}]


def test_a_broken_classifier_never_ends_a_call(make_hub: MakeHub) -> None:
    class Broken:
        version, labels = "broken", ()

        def predict(self, calls: object) -> list[object]:
            raise RuntimeError("boom")

    hub = make_hub(recognizer=ScriptedRecognizer(TALK), classifier=Broken())
    view = snapshot(hub, play(hub))
    assert len(view["segments"]) == 3
    assert view["call"]["state"] == CallState.ENDED


def test_calls_beyond_the_limit_are_refused_and_others_go_on(make_hub: MakeHub) -> None:
    hub = make_hub({"HOTLINE_MAX_CALLS": "1"})
    release = threading.Event()

    class Waiting(ScriptedSource):
        def frames(self):  # type: ignore[no-untyped-def]
            release.wait(20)
            yield from ScriptedSource.frames(self)

    first = hub.live.start(Waiting())
    try:
        hub.live.start(ScriptedSource())
        raise AssertionError("a second call was accepted")
    except CapacityError as error:
        assert "处理" in str(error)
    finally:
        release.set()
    hub.live.wait(first.id, 20)
    assert snapshot(hub, first.id)["call"]["state"] == CallState.ENDED
    assert hub.live.running() == []
