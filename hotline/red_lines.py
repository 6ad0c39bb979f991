"""Phrases that an operator must not say (domain rules, section 3), found as a hint for the quality check.

A hint only: people decide. Warnings such as 不要告诉别人验证码 are no breach and are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hotline.domain.segment import Channel, Segment

PHRASES = {
    "secret": re.compile(r"(?:告诉|报|念|发|输入|提供)(?:一下|给)?.{0,5}(?:密码|验证码|安全码)"),
    "screen": re.compile(r"(?:共享|投屏|打开).{0,3}屏幕"),
    "transfer": re.compile(r"(?:把|将).{0,6}(?:钱|资金|余额).{0,4}(?:转|汇|打)(?:到|给|入|进)"),
    "promise": re.compile(r"(?:保证|一定|肯定|绝对|包).{0,6}(?:追回|要回|拿回|找回|退回)"),
    "fee": re.compile(r"(?:交|付|收).{0,4}(?:手续费|服务费|保证金)"),
    "wechat": re.compile(r"(?:加|添加).{0,4}(?:我|个人)?.{0,2}微信"),
}
DENIED = re.compile(r"不要|别|不会|不能|不用|切勿|千万|没有|不得|无法|是不是|有没有|让您|让你|要求您|要求你|他们|对方")
REACH = 8
"""Characters before a phrase in which a denial or a question counts."""


@dataclass(frozen=True)
class RedLineHint:
    """One phrase of the operator that somebody should look at."""

    code: str
    segment_id: str
    start_s: float
    text: str


def find_red_lines(segments: Sequence[Segment]) -> list[RedLineHint]:
    """Return suspicious phrases on the operator's side, in the order of the call."""
    return [
        RedLineHint(code, segment.id, segment.start_s, match[0])
        for segment in segments
        if segment.channel == Channel.OPERATOR
        for code, pattern in PHRASES.items()
        for match in pattern.finditer(segment.text)
        if not DENIED.search(segment.text[max(0, match.start() - REACH) : match.end()])
    ]
