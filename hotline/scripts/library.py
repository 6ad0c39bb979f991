"""The cards of `persuasion_scripts.yaml` in the order in which an operator needs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from hotline.taxonomy import NOT_FRAUD

PLACEHOLDER = re.compile(r"\{(\w+)\}")
FALLBACKS = {"城市": "本市", "坐席工号": "（报工号）", "来电人称呼": "您", "回访号码": "96110"}
PAYING_STAGES = frozenset({"转账", "追加"})


@dataclass(frozen=True)
class ScriptCard:
    """One card: what to say (`lines`), and for whom or when (`tip`)."""

    id: str
    """Stable, for example `authority.opening`."""
    kind: str
    """question, coached, paid, isolation, opening, probe, rebuttal, action, calm or closing."""
    title: str
    lines: tuple[str, ...]
    tip: str = ""


class ScriptLibrary:
    """All scripts; immutable."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._global: Mapping[str, Any] = content["global"]
        self._classes: dict[str, Mapping[str, Any]] = {row["id"]: row for row in content["classes"]}

    @classmethod
    def load(cls) -> ScriptLibrary:
        """Return the scripts shipped with the package."""
        text = files("hotline.scripts").joinpath("persuasion_scripts.yaml").read_text("utf-8")
        return cls(yaml.safe_load(text))

    def cards(
        self,
        label: str | None,
        stage: str | None = None,
        money_gone: bool | None = None,
        being_coached: bool | None = None,
        values: Mapping[str, str] | None = None,
    ) -> list[ScriptCard]:
        """Return cards, the one to say now first; placeholders are filled from `values` or neutral words.

        Unanswered safety questions come first, then what to say to a caller who is being coached or has paid,
        then the cards of the scam type, then what calms and closes.
        """
        chosen: list[ScriptCard] = []
        if label != NOT_FRAUD and (money_gone is None or being_coached is None):
            chosen.append(self._card("question", "先问两件事", "first_two_questions"))
        if being_coached:
            chosen.append(self._card("coached", "有人正在教他操作", "being_coached"))
        if money_gone:
            chosen.append(self._card("paid", "钱已转出：先记要素", "already_paid"))
        chosen.extend(self._class_cards(label, paying=bool(money_gone) or stage in PAYING_STAGES))
        if label != NOT_FRAUD:
            chosen.append(self._card("isolation", "打破孤立", "break_isolation"))
            chosen.append(self._card("calm", "安抚", "calm_lines"))
        chosen.append(self._card("closing", "结束前复述", "closing"))
        return [_filled(card, values or {}) for card in chosen]

    def victim_words(self) -> dict[str, tuple[str, ...]]:
        """Return, for each scam type, words that its victims use."""
        return {code: tuple(row["victim_words"]) for code, row in self._classes.items()}

    def patterns(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Return, for each scam type, its tell-tale signals and its victims' words."""
        return {code: (tuple(row["signals"]), tuple(row["victim_words"])) for code, row in self._classes.items()}

    def never(self) -> dict[str, tuple[str, ...]]:
        """Return what an operator must never ask, say or do."""
        return {kind: tuple(lines) for kind, lines in self._global["never"].items()}

    def _card(self, kind: str, title: str, key: str) -> ScriptCard:
        return ScriptCard(f"global.{key}", kind, title, tuple(self._global[key]))

    def _class_cards(self, label: str | None, *, paying: bool) -> list[ScriptCard]:
        row = self._classes.get(label or "")
        if row is None:
            return []
        name = row["label"].removesuffix("类")
        opening = ScriptCard(f"{label}.opening", "opening", f"{name}：开场", (row["opening"],))
        probes = ScriptCard(f"{label}.probes", "probe", f"{name}：追问", tuple(row["probes"]))
        rebuttals = ScriptCard(f"{label}.rebuttals", "rebuttal", f"{name}：点破", tuple(row["rebuttals"]))
        actions = ScriptCard(f"{label}.actions", "action", f"{name}：请他现在做", tuple(row["actions"]))
        return [actions, rebuttals, probes, opening] if paying else [opening, probes, rebuttals, actions]


def _filled(card: ScriptCard, values: Mapping[str, str]) -> ScriptCard:
    def fill(match: re.Match[str]) -> str:
        return values.get(match[1]) or FALLBACKS.get(match[1], "")

    lines = tuple(PLACEHOLDER.sub(fill, line) for line in card.lines)
    return ScriptCard(card.id, card.kind, card.title, lines, card.tip)
