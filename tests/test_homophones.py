"""Misheard words are put right beside the text as recognised; numbers, names and what is right stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline import commands, handlers
from hotline.config import Config
from hotline.domain.risk import EvidenceSpan
from hotline.domain.segment import Segment, Transcript, Word
from hotline.homophones import mending
from hotline.homophones.kept import kept
from hotline.homophones.mending import likely_said, mended, words_said
from hotline.numbers import normalise
from hotline.ports import EngineInfo
from hotline.queries import snapshot
from tests.conftest import MakeHub
from tests.fakes import KeywordClassifier, ScriptedRecognizer, ScriptedSource, said

ON = Config({})
HEARD = "不会通报学院对方的托管账号是什么护名？"
SAID = "不会通报学院对方的托管账号是什么户名？"

REAL = [
    (HEARD, SAID),
    ("请您不要再接他的电话，收款账护士公司还是个人。", "请您不要再接他的电话，收款账户是公司还是个人。"),
    ("会从个人账护收。请您找到那笔会款的回单，就进报案。", "会从个人账户收。请您找到那笔会款的回单，就近报案。"),
    ("他让我下载腾信会营", "他让我下载腾讯会营"),
    (
        "压低能动吗？转给对功等。三天前还能动吗？我在公司撤锁。",
        "压低能冻吗？转给对公的。三天前还能冻吗？我在公司撤锁。",
    ),
    ("说他账户涉爱要清查", "说他账户涉案要清查"),
    ("让社区民紧过去", "让社区民警过去"),
    ("想争信的骗局，您儿子的争信不归他管。", "想争信的骗局，您儿子的征信不归他管。"),
]
"""As Whisper wrote it (validation split, and the sample call), and what must come of it; what is too broken stays broken."""


@pytest.mark.parametrize(("heard", "better"), REAL)
def test_real_transcripts_are_mended_character_for_character(heard: str, better: str) -> None:
    assert mended(heard) == better and len(heard) == len(better)


@pytest.mark.parametrize(
    "text",
    [
        "卡号六二二二零二一二三四五六七八九零零一",
        "一共三万五千块，三月四号下午三点二十转的",
        "六二二二是三零幺五就九八 6222021234567890",
        "转了2万3给他，验证码是483920",
        "三百快，五千园，四月是号，二零二六年",
    ],
)
def test_what_numbers_are_made_of_stays(text: str) -> None:
    assert mended(text) == text and normalise(mended(text)) == normalise(text)


@pytest.mark.parametrize(
    "text", ["我姓聊，叫聂笙。", "收款人是喻蘅，户名俞梓晗", "钱转给了祁老师", "小蔡和老郝都来了", "微信名叫“宏垚尘埃”"]
)
def test_names_of_unknown_people_stay(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize(
    "text", ["", "，。", "OK", "您好，这里是反诈专线。", "他说我涉嫌洗钱，让我把钱转到安全账户", "我没有转，也不认识他"]
)
def test_what_is_right_or_empty_stays(text: str) -> None:
    assert mended(text) == text


def test_no_numeral_negation_or_third_person_comes_or_goes() -> None:
    mender = mending.Mender.load()
    targets = mender.sounds.targets
    assert not targets & set("零一二两三四五六七八九十百千万亿不没别未无他她它")
    assert {"户", "诈", "征"} <= targets
    assert kept("他没转三天") == [True, True, True, True, True]


def test_a_much_too_long_text_stays() -> None:
    assert mended(HEARD * 30) == HEARD * 30


def test_only_chinese_by_whisper_is_mended_and_only_if_wanted() -> None:
    assert likely_said(HEARD, "whisper", ON) == SAID
    assert likely_said(HEARD, "vosk", ON) == likely_said(HEARD, "typed", ON) == HEARD
    assert likely_said(HEARD, "whisper", Config({"HOTLINE_HOMOPHONES": "0"})) == HEARD
    assert likely_said(HEARD, "whisper", Config({"HOTLINE_LANGUAGE": "ko"})) == HEARD


def test_a_failing_model_costs_no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> mending.Mender:
        raise OSError("gone")

    monkeypatch.setattr(mending, "_shipped", broken)
    mending._mended.cache_clear()
    assert mended(HEARD) == HEARD


def test_the_classifier_reads_what_was_likely_said() -> None:
    segment = Segment("a", "c", "caller", HEARD, normalise(SAID), 0.0, 5.0, engine="whisper")
    assert normalise(words_said(segment)) == SAID
    assert len(words_said(segment)) == len(HEARD)


def test_what_a_person_corrected_is_not_mended_again() -> None:
    corrected = Segment("a", "c", "caller", HEARD, normalise(HEARD), 0.0, 5.0, engine="whisper")
    assert words_said(corrected) == HEARD


class _QuotesTheName(KeywordClassifier):
    """Finds its evidence in a misheard word."""

    def _one(self, turns):  # type: ignore[no-untyped-def]
        place = turns[0].text.index("户名")
        return replace(super()._one(turns), evidence=(EvidenceSpan(0, place, place + 2, "户名", 1.0),))


def test_a_call_shows_what_was_said_and_keeps_what_was_recognised(make_hub: MakeHub) -> None:
    words = tuple(Word(character, n / 5, (n + 1) / 5) for n, character in enumerate(HEARD))
    recognizer = ScriptedRecognizer((replace(said("caller", HEARD, 0.0), words=words),))
    hub = make_hub(recognizer=recognizer, classifier=_QuotesTheName())
    hub.recognizer_info = EngineInfo("whisper", "base", "")
    call = hub.live.start(ScriptedSource())
    hub.live.wait(call.id, 20)
    view = snapshot(hub, call.id)
    (line,) = view["segments"]
    assert (line["text"], line["normalised"]) == (HEARD, SAID)
    assert view["prediction"]["evidence"][0]["text"] == "户名"
    with hub.store.transaction() as uow:
        (segment,) = uow.segments(call.id)
    assert segment.words == words


def test_typed_words_stay_as_typed(make_hub: MakeHub) -> None:
    hub = make_hub(recognizer=None)
    call = handlers.start_call(hub, commands.StartCall("manual", "u1"))
    assert handlers.type_segment(hub, commands.TypeSegment(call.id, "u1", "caller", HEARD)).normalised == HEARD


def test_a_segment_of_the_second_pass_is_mended_too(make_hub: MakeHub) -> None:
    hub = make_hub(recognizer=None)
    segment = handlers.segment_of(hub, "c", Transcript("caller", HEARD, 0.0, 5.0, is_final=True), "whisper")
    assert (segment.text, segment.normalised) == (HEARD, SAID)
