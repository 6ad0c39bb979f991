"""Trainers' queue, labels, undo, data sets and frozen test sets, on a real database."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from hotline import commands, handlers
from hotline.data_versions import DATA, TEST, freeze_test_set, labelled_examples, make_dataset, verify_sets
from hotline.dataset_formats import FORMATS, format_of
from hotline.dataset_import import import_labels
from hotline.domain.datasets import Example, Split, split_of
from hotline.domain.labels import CallLabel, Candidate, EvidenceMark, LabelOrigin, QueueReason, rank
from hotline.domain.segment import Channel, Turn
from hotline.errors import DatasetError, InputError, StateError
from hotline.hub import Hub
from hotline.labelling import call_to_label, doubly_labelled, label_queue, save_label, undo_label
from hotline.reviewing import send_to_trainer
from tests.conftest import MakeHub
from tests.fakes import said

FRAUD, ORDINARY = "公安局让我把钱转到安全账户里去", "我想问一下银行几点钟开门营业"


@pytest.fixture
def hub(make_hub: MakeHub, database_url: str) -> Hub:
    """A hub whose queue leaves nothing to chance, on each kind of database."""
    return make_hub({"HOTLINE_LABEL_CONTROL_SHARE": "0", "HOTLINE_DATABASE_URL": database_url})


def finished(hub: Hub, text: str = FRAUD, call_id: str = "") -> str:
    """Store a finished call of one caller's sentence, classified."""
    call_id = call_id or str(uuid.uuid4())
    with hub.store.transaction() as uow:
        handlers.start_call_in(uow, hub, commands.StartCall("file", "u-operator"), call_id)
    handlers.record_segment(hub, call_id, said("caller", text, 1.0), "whisper")
    hub.decider.drain(call_id)
    handlers.end_call(hub, commands.EndCall(call_id, "u-operator"))
    return call_id


def in_split(split: Split, nth: int = 0) -> str:
    """Return the nth id that falls into a split."""
    return [f"call-{n}" for n in range(400) if split_of(f"call-{n}") is split][nth]


def label(hub: Hub, call_id: str, user: str = "t1", code: str = "authority", **more: object) -> CallLabel:
    return save_label(hub, CallLabel(call_id, user, label=code, **more))  # type: ignore[arg-type]


def candidate(call_id: str, probability: float, **more: object) -> Candidate:
    from hotline.bootstrap import utc_now

    return Candidate(call_id, utc_now(), None, 60.0, "loan", "m1", probability, **more)  # type: ignore[arg-type]


def test_the_queue_ranks_wishes_corrections_and_doubt_and_mixes_in_chance() -> None:
    doubtful = [candidate(f"d{n}", 0.3 + n / 100) for n in range(40)]
    rows = rank(
        [
            *doubtful,
            candidate("sent", 0.99, sent_note="看看"),
            candidate("fixed", 0.9, corrected_label="game"),
            candidate("agreed", 0.99, corrected_label="loan"),
            candidate("mine", 0.1, labelled_by=("me",)),
            candidate("twice", 0.1, labelled_by=("a", "b")),
        ],
        "me",
        0.2,
        0.0,
    )
    ids = [row.candidate.call_id for row in rows]
    assert {"mine", "twice"}.isdisjoint(ids) and len(ids) == len(set(ids)) == 43
    ranked = [row for row in rows if row.reason is not QueueReason.CONTROL]
    chance = [row for row in rows if row.reason is QueueReason.CONTROL]
    assert ranked[0].reason is QueueReason.SENT and ranked[0].candidate.call_id == "sent"
    assert ranked[1].reason is QueueReason.CORRECTED
    doubts = [row.candidate.probability for row in ranked[2:]]
    assert doubts == sorted(doubts)
    assert 2 <= len(chance) <= 16 and rows.index(chance[0]) < 8


def test_a_second_trainer_gets_the_share_that_is_labelled_twice() -> None:
    once = [candidate(f"c{n}", 0.5, labelled_by=("a",)) for n in range(200)]
    assert rank(once, "b", 0.1, 0.0) == []
    second = rank(once, "b", 0.1, 0.25)
    assert {row.reason for row in second} == {QueueReason.SECOND} and 30 < len(second) < 70


def test_a_label_is_kept_quoted_undone_and_never_a_proposal(hub: Hub) -> None:
    call_id = finished(hub)
    page = call_to_label(hub, call_id, "t1")
    assert page["proposal"]["source"] == "model" and page["proposal"]["label"] == "authority" and page["mine"] is None
    (segment,) = page["segments"]
    assert page["proposal"]["evidence"][0]["text"] == "安全账户"
    mark = EvidenceMark(segment["id"], 0, 3, "")
    stored = label(hub, call_id, evidence=(mark,), money_gone=False)
    assert stored.evidence[0].text == "公安局"
    assert call_to_label(hub, call_id, "t1")["mine"]["money_gone"] is False
    second = call_to_label(hub, call_id, "t2")
    assert second["mine"] is None and second["proposal"] is None
    assert call_id not in [row.candidate.call_id for row in label_queue(hub, "t1")]
    assert undo_label(hub, "t1").call_id == call_id
    assert [row.candidate.call_id for row in label_queue(hub, "t1")] == [call_id]
    with pytest.raises(StateError):
        undo_label(hub, "t1")
    with pytest.raises(InputError, match="位置"):
        label(hub, call_id, evidence=(replace(mark, end=99),))
    with pytest.raises(InputError, match="类型"):
        save_label(hub, CallLabel(call_id, "t1"))


def test_what_a_supervisor_sends_comes_first_and_live_calls_do_not(hub: Hub) -> None:
    finished(hub)
    wanted = finished(hub, ORDINARY)
    send_to_trainer(hub, commands.SendToTrainer(wanted, "s1", "请核对"))
    first = label_queue(hub, "t1")[0]
    assert (first.candidate.call_id, first.reason, first.candidate.sent_note) == (wanted, QueueReason.SENT, "请核对")
    live = handlers.start_call(hub, commands.StartCall("manual", "u"))
    with pytest.raises(StateError, match="结束"):
        label(hub, live.id)


def test_pre_labels_never_count_as_done(hub: Hub) -> None:
    call_id = finished(hub)
    line = {"id": call_id, "label": "game", "evidence": ["安全账户"], "prelabel": True}
    assert import_labels(hub, "jsonl", json.dumps(line).encode(), "t1") == {"labels": 0, "prelabels": 1, "examples": 0}
    with hub.store.transaction() as uow:
        assert labelled_examples(uow) == ([], {})
    assert [row.candidate.call_id for row in label_queue(hub, "t1")] == [call_id]
    proposal = call_to_label(hub, call_id, "t1")["proposal"]
    assert (proposal["source"], proposal["label"], proposal["evidence"][0]["text"]) == ("prelabel", "game", "安全账户")


def test_double_labels_are_compared_and_disputes_left_out(hub: Hub) -> None:
    same, other = finished(hub), finished(hub, ORDINARY)
    for user, code in (("t1", "not_fraud"), ("t2", "other_fraud")):
        label(hub, same, user)
        label(hub, other, user, code)
    verdicts = {(a.verdict, b.verdict) for a, b in doubly_labelled(hub)}
    assert verdicts == {("authority", "authority"), ("not_fraud", "other_fraud")}
    with hub.store.transaction() as uow:
        examples, left_out = labelled_examples(uow)
    assert [e.id for e in examples] == [same] and left_out == {"disputed": 1}


def test_a_frozen_test_set_never_changes_and_training_never_sees_it(hub: Hub) -> None:
    tested, second, taught = in_split(Split.TEST), in_split(Split.TEST, 1), in_split(Split.TRAIN)
    label(hub, finished(hub, call_id=tested), "t1")
    label(hub, finished(hub, ORDINARY, taught), "t1", "not_fraud")
    first = freeze_test_set(hub, "t1")
    label(hub, tested, "t1", "game")
    with pytest.raises(StateError, match="可冻结"):
        freeze_test_set(hub, "t1")
    label(hub, finished(hub, "他们让我刷单返利先垫付三百块钱", second), "t1", "rebate")
    again = freeze_test_set(hub, "t1")
    twin = {"id": in_split(Split.TRAIN, 5), "label": "loan", "turns": [{"speaker": "caller", "text": FRAUD}]}
    import_labels(hub, "jsonl", json.dumps(twin).encode(), "t1")
    made = make_dataset(hub, "t1")
    with hub.store.transaction() as uow:
        before = {e.id: e.label for e in uow.dataset_examples(TEST, first.number)}
        after = {e.id: e.label for e in uow.dataset_examples(TEST, again.number)}
        assert before == {tested: "authority"} and after == {tested: "authority", second: "rebate"}
        assert [e.id for e in uow.dataset_examples(DATA, made.number)] == [taught]
        assert verify_sets(uow) == {"test-1": True, "test-2": True, "data-1": True}
    assert made.counts["left_out"]["test"] == 3 and first.sha256 != again.sha256


def examples() -> list[Example]:
    talk = (Turn(Channel.OPERATOR, "您好，请讲。"), Turn(Channel.CALLER, '=他说"安全账户",要转账'))
    return [
        Example("c1", talk, "authority", "转账", True, None, ("安全账户",), split_of("c1"), ("t1",)),
        Example("c2", talk[1:], "not_fraud", split=split_of("c2"), labelled_by=("t1",)),
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_back_what_it_wrote(hub: Hub, name: str) -> None:
    content = format_of(name).write(examples())
    assert import_labels(hub, name, content.encode(), "t1")["examples"] == 2
    with hub.store.transaction() as uow:
        assert uow.examples() == examples()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("jsonl", '{"id": "a", "label": "loan", "turns": []}\n{"id": ', "第 2 行：不是 JSON"),
        ("jsonl", '{"id": "a", "label": "dance"}', "第 1 行：标签不对"),
        ("jsonl", '{"id": "a", "label": "loan"}', "第 1 行：没有对话内容"),
        ("jsonl", '{"id": "a", "label": "loan", "turns": [{"speaker": "x", "text": ""}]}', "第 1 轮不对"),
        ("csv", "id,kind\n1,loan\n", "第 1 行：缺少列"),
        ("csv", "id,label,text\n1,loan,客：喂\n2,loan,谁说的\n", "第 3 行：看不出谁在说话"),
        ("csv", "id,label,money_gone\n1,loan,也许\n", "第 2 行：money_gone 不对"),
        ("label_studio", '{"data": 1}', "不是任务列表"),
        ("label_studio", '[{"data": {"id": 1}, "annotations": [{"result": [{"value": 3}]}]}]', "第 1 个任务"),
        ("doccano", '{"text": "客：喂", "cats": []}', "第 1 行：类型不对"),
        ("doccano", '{"id": 1, "text": "客：喂", "cats": ["loan"], "entities": [[0, 99, "e"]]}', "位置不对"),
        ("jsonl", "", "通话数不对"),
    ],
)
def test_bad_files_say_where_and_what_and_store_nothing(hub: Hub, name: str, content: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message) as caught:
        import_labels(hub, name, content.encode(), "t1")
    assert caught.value.expected and caught.value.remedy
    with hub.store.transaction() as uow:
        assert uow.examples() == []


def test_files_of_other_encodings_and_formats_are_refused(hub: Hub) -> None:
    with pytest.raises(DatasetError, match="UTF-8"):
        import_labels(hub, "jsonl", "编号".encode("gbk"), "t1")
    with pytest.raises(InputError, match="doccano"):
        import_labels(hub, "xlsx", b"", "t1")


def test_labels_of_known_calls_come_back_from_other_tools(hub: Hub) -> None:
    call_id = finished(hub)
    task = {
        "data": {"id": call_id, "dialogue": []},
        "annotations": [
            {
                "result": [
                    {"from_name": "label", "type": "choices", "value": {"choices": ["冒充公检法及政府机关"]}},
                    {"from_name": "evidence", "type": "paragraphlabels", "value": {"start": "0", "text": "安全账户"}},
                ]
            }
        ],
    }
    try:
        counts = import_labels(hub, "label_studio", json.dumps([task]).encode(), "t1")
    except DatasetError as error:
        pytest.fail(str(error))
    assert counts["labels"] == 1
    with hub.store.transaction() as uow:
        (stored,) = uow.labels(call_id)
    assert (stored.label, stored.origin, stored.evidence[0].text) == ("authority", LabelOrigin.IMPORT, "安全账户")
    assert stored.at is not None and hub.clock() - stored.at < timedelta(minutes=1)
