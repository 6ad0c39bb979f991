"""The demonstration month: whole, spread over days and people, loaded twice without change."""

from __future__ import annotations

import wave
from collections import Counter
from pathlib import Path

import pytest

from classifiers.dataset import CALLS_FILE, read_calls
from hotline.demo_month import load_month
from hotline.demo_month.freezes import STATES, card_number
from hotline.demo_month.load import MonthClock
from hotline.demo_month.story import AUDIO_CALLS, DAYS, stories
from hotline.domain.call import CallState, Disposition
from hotline.domain.datasets import text_key
from hotline.errors import ModelError
from hotline.hub import Hub
from hotline.labelling import doubly_labelled, label_queue
from hotline.stores import SqlStore
from tests.conftest import MakeHub


@pytest.fixture
def month(make_hub: MakeHub) -> tuple[Hub, MonthClock]:
    hub = make_hub()
    clock = MonthClock(hub.clock)
    hub.store.close()
    hub.clock, hub.store = clock, SqlStore(hub.config.database_url, hub.bus, clock)
    return hub, clock


@pytest.mark.slow
def test_a_month_shows_every_page_something_and_loads_once(month: tuple[Hub, MonthClock]) -> None:
    hub, clock = month
    loaded = load_month(hub, clock, CALLS_FILE, lambda *_: None)
    again = load_month(hub, clock, CALLS_FILE, lambda *_: None)
    assert loaded.added >= 400 and loaded.recordings == AUDIO_CALLS and loaded.there == 0
    assert (again.added, again.there) == (0, loaded.added)
    with hub.store.transaction() as uow:
        calls = uow.calls(limit=1000)
        freezes = uow.freezes(limit=1000)
        labels = uow.labels()
        marks = uow.trainer_marks(limit=1000)
        assert all(uow.latest_prediction(call.id).model_version == hub.classifier.version for call in calls[:20])  # type: ignore[union-attr]
    assert len(calls) == loaded.added and all(call.state is not CallState.LIVE for call in calls)
    assert len({call.started_at.date() for call in calls}) >= DAYS - 1
    assert len({call.operator_id for call in calls}) >= 4
    assert {call.disposition for call in calls} >= set(Disposition) - {Disposition.OTHER}
    assert {freeze.status for freeze in freezes} == set(STATES)
    assert max(call.started_at for call in calls) < clock.real()
    assert Counter(len(set(pair)) for pair in ((a.verdict, b.verdict) for a, b in doubly_labelled(hub)))[1] > 10
    assert len(labels) > 100 and marks and label_queue(hub, "demo-trainer")
    assert sum(bool(hub.recordings.paths(call.id)) for call in calls) == AUDIO_CALLS


def test_recordings_hold_what_their_transcripts_say(month: tuple[Hub, MonthClock], tmp_path: Path) -> None:
    from hotline.demo_month.audio import SampleVoices

    hub, _ = month
    story = next(story for story in stories(CALLS_FILE) if story.clips)
    SampleVoices().record(story, hub.recordings)
    paths = hub.recordings.paths(story.id)
    with wave.open(paths["caller"]) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(story.said[-1].end_s + 1.0, abs=0.01)
    assert set(paths) == {"operator", "caller"} and len(story.clips) == len(story.said)


def test_the_month_leaves_the_projects_test_set_alone() -> None:
    tested = {text_key(call.turns) for call in read_calls() if call.split == "test"}
    assert not [s for s in stories(CALLS_FILE) if text_key([said.turn for said in s.said]) in tested]


def test_the_month_needs_a_classifier(make_hub: MakeHub) -> None:
    hub = make_hub(classifier=None)
    with pytest.raises(ModelError):
        load_month(hub, MonthClock(hub.clock), CALLS_FILE, lambda *_: None)


@pytest.mark.parametrize("number", [0, 7, 439])
def test_invented_cards_pass_the_luhn_check(number: int) -> None:
    digits = [int(digit) for digit in reversed(card_number(number))]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    assert len(digits) == 19 and (sum(digits[::2]) + sum(doubled)) % 10 == 0
