"""The facts of a call: accounts, phones, sums, banks, apps, addresses, names and times, each once.

Canonical values: digits without separators, sums as whole yuan, banks by short name (工商银行), times as
`今天14:20`, `14:20` or `11月3日`. A fact belongs to the turn in which it was first said in full.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from hotline.domain.entities import Entity, EntityType
from hotline.domain.segment import Segment, Turn
from hotline.entity_rules.addresses import find_mail_accounts, find_urls, find_wechat_names, spoken_addresses
from hotline.entity_rules.amounts import find_amounts
from hotline.entity_rules.apps import find_apps
from hotline.entity_rules.banks import find_banks
from hotline.entity_rules.dictation import digit_entities
from hotline.entity_rules.found import Found
from hotline.entity_rules.moments import find_moments
from hotline.entity_rules.money_sounds import hear_money
from hotline.entity_rules.names import find_names
from hotline.entity_rules.read_back import merge_read_backs
from hotline.numbers import COUNTED, normalise_marked
from hotline.word_times import character_bounds

Rule = Callable[[str, str], list[Found]]
"""Takes a turn's marked text and what the other speaker said just before."""
BLANKING_RULES: tuple[Rule, ...] = (
    find_mail_accounts,
    lambda text, _: find_wechat_names(text),
    lambda text, _: find_urls(text),
    lambda text, _: find_moments(text),
    find_amounts,
)
"""Their digits are not part of an account or a phone number."""
QUANTITY = re.compile(rf"\d+(?:\.\d+)?{COUNTED}|\d{{1,4}}(?=年|月|号楼|[日岁室楼期单%])|\d{{1,2}}(?=号)")
"""Numbers that count or date something."""
BLANK = "\u3000"


def extract(turns: Sequence[Turn]) -> list[Entity]:
    """Return the facts of a whole call in the order in which they were said."""
    return [entity for entity, _, _ in _extract([turn.text for turn in turns], [turn.speaker for turn in turns]).placed]


def extract_segments(segments: Sequence[Segment]) -> list[Entity]:
    """Return the facts of stored segments with the seconds in which they were said, down to single digits."""
    found = _extract([segment.text for segment in segments], [segment.channel for segment in segments])
    bounds = {
        turn: character_bounds(segments[turn].words, found.texts[turn], segments[turn].start_s, segments[turn].end_s)
        for turn in {entity.turn for entity, _, _ in found.placed} | {t for p in found.places.values() for t, _ in p}
    }
    return [
        replace(
            entity,
            start_s=round(bounds[entity.turn][start], 2),
            end_s=round(bounds[entity.turn][end], 2),
            digits_s=tuple(
                round(bounds[turn][place], 2) for turn, place in found.places.get((entity.type, str(entity.value)), ())
            ),
        )
        for entity, start, end in found.placed
    ]


@dataclass(frozen=True)
class _Found:
    """Facts, each once, with the characters of their turn's text, and where the digits of long numbers were said."""

    texts: Sequence[str]
    placed: Sequence[tuple[Entity, int, int]]
    places: Mapping[tuple[EntityType, str], Sequence[tuple[int, int]]]


def _extract(raw: Sequence[str], speakers: Sequence[str]) -> _Found:
    texts = [normalise_marked(spoken_addresses(hear_money(text))) for text in raw]
    masked, found = [], []
    for turn, text in enumerate(texts):
        question = raw[turn - 1] if turn and speakers[turn - 1] != speakers[turn] else ""
        blanked = text
        for rule in BLANKING_RULES:
            for item in rule(blanked, question):
                blanked = blanked[: item.start] + BLANK * (item.end - item.start) + blanked[item.end :]
                found.append((_entity(item, turn, speakers[turn], text), item.start, item.end))
        apps = find_apps(text)
        names = [item for item in find_names(text, question) if not any(item.overlaps(app) for app in apps)]
        for items in (find_banks(text), apps, names):
            found.extend((_entity(item, turn, speakers[turn], text), item.start, item.end) for item in items)
        masked.append(QUANTITY.sub(lambda match: BLANK * len(match[0]), blanked))
    numbers, places = digit_entities(texts, speakers, masked)
    found = merge_read_backs(found, texts, speakers) + numbers
    found.sort(key=lambda item: (item[0].turn, item[1]))
    return _Found(texts, _once(found), places)


def _entity(item: Found, turn: int, speaker: str, text: str) -> Entity:
    return Entity(
        item.type, item.value, turn, text[item.start : item.end].replace(COUNTED, ""), speaker, warnings=item.warnings
    )


def _once(found: Sequence[tuple[Entity, int, int]]) -> list[tuple[Entity, int, int]]:
    """Keep the first mention of each fact; another speaker's repetition confirms it."""
    kept: dict[tuple[EntityType, str | int], tuple[Entity, int, int]] = {}
    for entity, start, end in found:
        key = (entity.type, entity.value)
        if key not in kept:
            kept[key] = (entity, start, end)
        elif kept[key][0].speaker != entity.speaker and entity.type in (EntityType.AMOUNT, EntityType.PERSON):
            first, first_start, first_end = kept[key]
            kept[key] = (replace(first, confirmed=True), first_start, first_end)
    return list(kept.values())
