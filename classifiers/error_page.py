"""An HTML page of a model's confusions and worst mistakes, with the words that misled it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment

from classifiers.dataset import CALLS_FILE, LabelledCall, read_calls
from classifiers.predictor import SHIPPED, OnnxClassifier
from hotline.domain.risk import Prediction
from hotline.taxonomy import load_taxonomy

WORST = 60
PAGE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>分类错误分析 {{ version }}</title>
<style>
body { font: 15px/1.6 "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; max-width: 70rem; margin: 2rem auto;
       padding: 0 1rem; color: #1c2330 }
table { border-collapse: collapse } td, th { padding: .25rem .6rem; border-bottom: 1px solid #d8dde6; text-align: left }
article { border: 1px solid #d8dde6; border-radius: .5rem; padding: .75rem 1rem; margin: 1rem 0 }
mark { background: #ffe3a3 } .operator { color: #5b6675 } h2 { margin-top: 2rem }
</style>
<h1>分类错误分析</h1>
<p>模型 {{ version }}，{{ total }} 通，错 {{ wrong|length }} 通（{{ "%.1f"|format(100 * wrong|length / total) }} %）。
标亮处是模型所依据的话。</p>
<h2>混淆最多的类型</h2>
<table><tr><th>应为<th>判为<th>通数
{% for (truth, label), count in confusions %}<tr><td>{{ names[truth] }}<td>{{ names[label] }}<td>{{ count }}
{% endfor %}</table>
<h2>最有把握的错误</h2>
{% for item in wrong[:worst] %}<article>
<p><b>{{ item.id }}</b> 应为 <b>{{ names[item.truth] }}</b>，判为 <b>{{ names[item.label] }}</b>
（{{ "%.0f"|format(100 * item.probability) }} %；应有类型得 {{ "%.0f"|format(100 * item.truth_probability) }} %）</p>
{% for turn in item.turns %}<div class="{{ turn.speaker }}">{{ "客" if turn.speaker == "caller" else "席" }}：
{%- for text, marked in turn.pieces %}{% if marked %}<mark>{{ text }}</mark>{% else %}{{ text }}{% endif %}{% endfor %}</div>
{% endfor %}</article>
{% endfor %}</html>
"""


def write_error_page(model: Path | None, data: Path | None, split: str, output: Path) -> None:
    """Predict a split and write the page. Raises: DatasetError, ModelError."""
    calls = [call for call in read_calls(data or CALLS_FILE) if call.split == split]
    classifier = OnnxClassifier(model or SHIPPED, threads=2)
    predictions = classifier.predict([call.turns for call in calls])
    wrong = [_mistake(c, p) for c, p in zip(calls, predictions, strict=True) if p.label != c.label]
    wrong.sort(key=lambda item: -item["probability"])
    confusions = Counter((item["truth"], item["label"]) for item in wrong).most_common(20)
    names = {scam_type.code: scam_type.name for scam_type in load_taxonomy().types}
    template = Environment(autoescape=True).from_string(PAGE)
    output.write_text(
        template.render(
            version=classifier.version, total=len(calls), wrong=wrong, confusions=confusions, names=names, worst=WORST
        ),
        "utf-8",
    )


def _mistake(call: LabelledCall, prediction: Prediction) -> dict[str, Any]:
    turns = []
    for index, turn in enumerate(call.turns):
        ranges = sorted((s.start, s.end) for s in prediction.evidence if s.turn == index)
        turns.append({"speaker": turn.speaker, "pieces": _pieces(turn.text, ranges)})
    return {
        "id": call.id,
        "truth": call.label,
        "label": prediction.label,
        "probability": prediction.probability,
        "truth_probability": prediction.probabilities[call.label],
        "turns": turns,
    }


def _pieces(text: str, ranges: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Cut a text into marked and unmarked pieces."""
    pieces, last = [], 0
    for start, end in ranges:
        pieces += [(text[last:start], False), (text[start:end], True)]
        last = end
    return [(piece, marked) for piece, marked in [*pieces, (text[last:], False)] if piece]
