"""Measures what `hotline.homophones` mends and spoils in real transcripts of Whisper; `--write` makes its models anew.

    python -m benchmarks.homophones [--write] [--split test] [--costs] [--readers]

The transcripts of `classifiers/data/spoken.jsonl` against what was said. Of the characters written: mended (wrong, then
right), spoilt (right, then wrong), other (wrong, then otherwise wrong). `in clean` counts changes in a thousand
characters of texts without errors: all wrong. Peer in the same run, where jieba is installed (`pip install jieba==0.42.1`):
words that jieba does not know become the most frequent word of this project's texts with the same pinyin.
`--costs` shows the choice of the price of a change on the validation split, `--readers` what the classifier and the
extraction of facts would make of mended text, and in how many segments the numbers differ afterwards.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from importlib import import_module
from typing import Any

from pypinyin import lazy_pinyin
from rapidfuzz.distance import Levenshtein

from benchmarks.homophones_model import Row, build, corpus, plain, write
from benchmarks.report import percentile, show
from classifiers.dataset import CALLS_FILE, INDEPENDENT_FILE, SPOKEN_FILE, LabelledCall, read_calls, read_lines
from classifiers.evaluation import score
from classifiers.predictor import OnnxClassifier
from hotline.entities import extract
from hotline.homophones.kept import is_chinese, kept
from hotline.homophones.mending import Mender
from hotline.numbers import normalise

COSTS = (4.5, 5.0, 5.5, 6.0, 7.0)
PEER_LEAST = 50
"""Occurrences of a word that the peer takes; of 2, 5, 20 and 50 the best on the validation split."""
DOMAIN = re.findall(
    r"\w+",
    """
    洗钱 止付 冻结 解冻 转账 汇款 打款 收款 付款 退款 验证码 屏幕共享 共享屏幕 安全账户 账户 账号 卡号 银行卡 开户行 户名 银行
    支行 公安局 派出所 警察 民警 检察院 法院 通缉 涉嫌 涉案 报警 报案 立案 征信 贷款 网贷 额度 利率 保证金 手续费 解冻费 流水
    刷单 返利 佣金 垫付 客服 快递 理赔 投资 理财 股票 平台 提现 充值 微信 支付宝 腾讯会议 链接 下载 诈骗 骗子 反诈 身份证 密码
    转出 对公 花呗 借呗 游戏 账单
    """,
)
"""Words that matter to operators."""
Mend = Callable[[str], str]
NUMBER = re.compile(r"[\d.:~%]+")
VERSIONS = ("as recognised", "mended")
SPEAKERS = ("operator", "caller")


def measure(name: str, mend: Mend, calls: Sequence[tuple[Row, Row]], clean: Sequence[str]) -> dict[str, Any]:
    """Return one row: what a way of mending does to transcripts (said, heard) and to texts without errors."""
    counts: Counter[str] = Counter()
    for said_call, heard_call in calls:
        call: Counter[str] = Counter()
        after_turns = [{**turn, "text": mend(turn["text"])} for turn in heard_call["turns"]]
        for speaker in SPEAKERS:
            said, before = plain(said_call["turns"], speaker), plain(heard_call["turns"], speaker)
            after = plain(after_turns, speaker)
            counts["said"] += len(said)
            call["before"] += Levenshtein.distance(said, before)
            call["after"] += Levenshtein.distance(said, after)
            counts.update(_changes(said, before, after))
            counts.update(_words(said, before, after))
        counts["errors before"] += call["before"]
        counts["errors after"] += call["after"]
        counts["better"] += call["after"] < call["before"]
        counts["worse"] += call["after"] > call["before"]
    changed = sum(sum(a != b for a, b in zip(text, mend(text), strict=True)) for text in clean)
    return {
        "way": name,
        "CER before": 100 * counts["errors before"] / counts["said"],
        "CER after": 100 * counts["errors after"] / counts["said"],
        **{kind: counts[kind] for kind in ("mended", "spoilt", "other")},
        **{f"calls {kind}": counts[kind] for kind in ("better", "worse")},
        "words": counts["words"],
        "recall before": counts["found before"] / counts["words"],
        "recall after": counts["found after"] / counts["words"],
        "false before": counts["false before"],
        "false after": counts["false after"],
        "in clean": 1000 * changed / max(1, sum(map(len, clean))),
    }


def _changes(said: str, before: str, after: str) -> Iterator[str]:
    """Yield what became of each written character that was changed."""
    right: list[str | None] = [None] * len(before)
    for step in Levenshtein.opcodes(said, before):
        if step.tag in ("equal", "replace"):
            right[step.dest_start : step.dest_end] = said[step.src_start : step.src_end]
    for meant, old, new in zip(right, before, after, strict=True):
        if old != new:
            yield "mended" if new == meant else "spoilt" if old == meant else "other"


def _words(said: str, before: str, after: str) -> Counter[str]:
    """Count words that matter: said, found, and found more often than said."""
    counts: Counter[str] = Counter()
    for word in DOMAIN:
        times = said.count(word)
        counts["words"] += times
        for name, text in (("before", before), ("after", after)):
            counts[f"found {name}"] += min(times, text.count(word))
            counts[f"false {name}"] += max(0, text.count(word) - times)
    return counts


def speed(mend: Mend, calls: Iterable[tuple[Row, Row]]) -> dict[str, Any]:
    """Return processor time a segment in milliseconds, after one round to fill what is kept by character."""
    texts = [turn["text"] for _, heard in calls for turn in heard["turns"]]
    times_ms = []
    for text in texts * 2:
        begun = time.thread_time()
        mend(text)
        times_ms.append(1000 * (time.thread_time() - begun))
    times_ms = times_ms[len(texts) :]
    lengths = sorted(map(len, texts))
    return {
        "segments": len(texts),
        "characters (median)": lengths[len(lengths) // 2],
        "longest": lengths[-1],
        **{f"p{share} ms": percentile(times_ms, share) for share in (50, 95, 99)},
        "most ms": max(times_ms),
    }


def peer() -> Mend | None:
    """Return mending by dictionary: jieba's words, pinyin, frequency; None where jieba is not installed."""
    try:
        jieba = import_module("jieba")
    except ImportError:
        return None
    jieba.setLogLevel(60)
    counts = Counter(
        word for text in corpus() for word in jieba.cut(text) if len(word) > 1 and all(map(is_chinese, word))
    )
    words: dict[tuple[str, ...], str] = {}
    for word, count in counts.most_common():
        if count >= PEER_LEAST:
            words.setdefault(tuple(lazy_pinyin(word)), word)
    known = {word for word, count in jieba.dt.FREQ.items() if count} | set(counts)

    def mend(text: str) -> str:
        stays, result, place = kept(text), list(text), 0
        while place < len(text):
            for length in (4, 3, 2):
                piece = text[place : place + length]
                if len(piece) < length or any(stays[place : place + length]) or piece in known:
                    continue
                if word := words.get(tuple(lazy_pinyin(piece))):
                    result[place : place + length] = word
                    place += length - 1
                    break
            place += 1
        return "".join(result)

    return mend


def classified(mend: Mend, split: str) -> list[dict[str, Any]]:
    """Return what the shipped classifier makes of the transcripts, as recognised and mended."""
    classifier = OnnxClassifier(threads=1)
    rows = []
    for name, calls in _versions(mend, split):
        labels = [prediction.label for prediction in classifier.predict([c.turns for c in calls], evidence=False)]
        rows.append({"text": name, "calls": len(calls), **asdict(score([c.label for c in calls], labels))})
    return rows


def facts(mend: Mend, split: str) -> list[dict[str, Any]]:
    """Return, by kind, facts of what was said, and those rightly and wrongly found in the transcripts."""
    said = {call.id: _facts_of(call) for call in read_calls(CALLS_FILE)}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, calls in _versions(mend, split):
        for call in calls:
            for kind, value in _facts_of(call):
                counts[kind][f"{name} {'right' if (kind, value) in said[call.id] else 'wrong'}"] += 1
            for kind, _ in said[call.id]:
                counts[kind]["said"] += name == VERSIONS[0]
    columns = ["said", *(f"{name} {kind}" for name in VERSIONS for kind in ("right", "wrong"))]
    return [{"fact": kind, **{column: counts[kind][column] for column in columns}} for kind in sorted(counts)]


def numbers_changed(mend: Mend) -> dict[str, Any]:
    """Return in how many segments of all splits the digits of the normalised text differ after mending."""
    texts = [turn["text"] for _, row in read_lines(SPOKEN_FILE) for turn in row["turns"]]
    changed = [text for text in texts if NUMBER.findall(normalise(text)) != NUMBER.findall(normalise(mend(text)))]
    return {"segments": len(texts), "numbers differ": len(changed)}


def _versions(mend: Mend, split: str) -> Iterator[tuple[str, list[LabelledCall]]]:
    calls = [call for call in read_calls(SPOKEN_FILE) if call.split == split]
    yield VERSIONS[0], calls
    yield (
        VERSIONS[1],
        [replace(c, turns=tuple(replace(turn, text=mend(turn.text)) for turn in c.turns)) for c in calls],
    )


def _facts_of(call: LabelledCall) -> set[tuple[str, str]]:
    return {(str(entity.type), str(entity.value)) for entity in extract(call.turns)}


def pairs_of(split: str) -> list[tuple[Row, Row]]:
    """Return (call as it was said, as it was heard) of a split."""
    said = {row["id"]: row for _, row in read_lines(CALLS_FILE)}
    return [(said[row["id"]], row) for _, row in read_lines(SPOKEN_FILE) if row["split"] == split]


def clean_texts(split: str) -> list[str]:
    """Return what was said: for the test split by a writer whom the models never read."""
    if split == "test":
        rows = [row for _, row in read_lines(INDEPENDENT_FILE)]
    else:
        rows = [said for said, _ in pairs_of(split)]
    return [re.sub(r"\s+", "", turn["text"]) for row in rows for turn in row["turns"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="estimate anew and write the models")
    parser.add_argument("--split", choices=("validation", "test"), default="test")
    parser.add_argument("--costs", action="store_true", help="other prices of a change, on the validation split")
    parser.add_argument("--readers", action="store_true", help="what classifier and facts make of mended text")
    arguments = parser.parse_args()
    if arguments.write:
        write(build())
    if arguments.costs:
        calls, clean = pairs_of("validation"), clean_texts("validation")
        show("price of a change", [measure(f"{cost} nats", build(cost).mend, calls, clean) for cost in COSTS])
        return
    calls, clean = pairs_of(arguments.split), clean_texts(arguments.split)
    mender = Mender.load()
    if arguments.readers:
        show(f"classifier, {arguments.split}", classified(mender.mend, arguments.split))
        show(f"facts, {arguments.split}", facts(mender.mend, arguments.split))
        show("numbers, all splits", [numbers_changed(mender.mend)])
        return
    other = peer()
    rows = [measure("noisy channel", mender.mend, calls, clean)]
    if other:
        rows.append(measure("dictionary", other, calls, clean))
    show(f"homophones, {arguments.split}", rows)
    show("time a segment", [speed(mender.mend, calls)])


if __name__ == "__main__":
    main()
