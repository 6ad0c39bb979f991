"""Whisper's habit of writing down its prompt where it understands nothing."""

from __future__ import annotations

import pytest

from asr_models.whisper_engine import PROMPT, echoes_prompt


@pytest.mark.parametrize(
    "text",
    ["转账金额，转账金额。", "转账金额 转账金额", "银行卡号和验证", "转账金额。", "银行卡号、转账金额，手机号和验证码"],
)
def test_the_prompt_is_recognised_whatever_its_marks(text: str) -> None:
    assert echoes_prompt(text, PROMPT, 0.9)


@pytest.mark.parametrize("text", ["", "好的。", "您说银行卡号是多少，我来记一下", "转账金额我不知道是多少钱", "卡号"])
def test_speech_with_words_of_the_prompt_is_speech(text: str) -> None:
    assert not echoes_prompt(text, PROMPT, 0.9)


def test_a_word_of_the_prompt_is_believed_only_when_it_was_clear() -> None:
    assert echoes_prompt("转账。", PROMPT, 0.33)
    assert not echoes_prompt("转账。", PROMPT, 0.7)
    assert not echoes_prompt("好的。", PROMPT, 0.33)
    assert not echoes_prompt("", PROMPT, 0.0)
