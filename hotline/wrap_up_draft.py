"""A first summary of a call, made of its own facts only: no model, no guess, every clause with its source.

Numbers of accounts and people are masked as on screen, so that the summary may be copied into a ticket.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from hotline.domain.call import Call
from hotline.domain.entities import SENSITIVE_TYPES, Entity, EntityType
from hotline.domain.freeze import FreezeRequest, FreezeStatus
from hotline.domain.segment import Segment
from hotline.domain.wrap_up import Money
from hotline.privacy import mask_entity
from hotline.taxonomy import NOT_FRAUD, load_taxonomy

ENTITY_NAMES = {
    EntityType.AMOUNT: "金额",
    EntityType.BANK_CARD: "账号",
    EntityType.ALIPAY: "支付宝",
    EntityType.PERSON: "姓名",
    EntityType.BANK: "银行",
    EntityType.PHONE: "电话",
    EntityType.APP: "软件",
    EntityType.URL: "网址",
    EntityType.WECHAT: "微信号",
}
MOST_VALUES = 4
FREEZE_NAMES = {
    FreezeStatus.STOPPED: "已止付",
    FreezeStatus.PARTLY_MOVED: "部分转出，余额已止付",
    FreezeStatus.MISMATCH: "信息不符，未止付",
    FreezeStatus.ALREADY_OUT: "资金已转出",
    FreezeStatus.REJECTED: "银行拒绝",
    FreezeStatus.POLICE_REVIEW: "待第二人审核",
    FreezeStatus.SENT_BACK: "审核退回",
    FreezeStatus.FAILED: "发送失败",
}


@dataclass(frozen=True)
class Source:
    """Where a clause comes from: a segment of the call, or a fact stored with it."""

    kind: str
    """`segment`, `call`, `label`, `facts` or `freeze`."""
    start_s: float | None = None
    segment_id: str | None = None
    freeze_id: str | None = None


@dataclass(frozen=True)
class Clause:
    """One sentence of the draft."""

    text: str
    sources: tuple[Source, ...]


def suggested_money(call: Call, freezes: Sequence[FreezeRequest]) -> Money:
    """Return the money that is known: heard or requested at most, and what banks said they stopped."""
    stopped_fen = sum(_stopped_fen(request) for request in freezes)
    at_risk_fen = max([call.at_risk_fen, stopped_fen, *(request.fields.amount_fen for request in freezes)])
    return Money(at_risk_fen=at_risk_fen, stopped_fen=stopped_fen)


def draft_summary(
    call: Call, entities: Sequence[Entity], segments: Sequence[Segment], freezes: Sequence[FreezeRequest], zone: tzinfo
) -> list[Clause]:
    """Return the summary as clauses in a fixed order; the same call always gives the same ones."""
    local = call.started_at.astimezone(zone)
    begun = f"{local.month}月{local.day}日{local:%H:%M}来电，通话{_duration(call.duration_s)}。"
    clauses = [Clause(begun, (Source("call"),))]
    if call.label:
        name = load_taxonomy().get(call.label).name
        by = "坐席认定" if call.label_source == "operator" else "自动分类"
        what = "未见诈骗" if call.label == NOT_FRAUD else f"疑似{name}"
        clauses.append(Clause(f"{what}（{by}）。", (Source("label"),)))
    if call.risk:
        clauses.append(Clause(f"风险等级：{call.risk}。", (Source("call"),)))
    clauses += _answers(call)
    clauses += filter(None, (_heard(kind, name, entities, segments) for kind, name in ENTITY_NAMES.items()))
    clauses += [_request(request) for request in sorted(freezes, key=lambda r: r.created_at)]
    return clauses


def _answers(call: Call) -> Iterable[Clause]:
    source = (Source("facts"),)
    if call.facts.money_gone is not None:
        yield Clause("来电人已转账。" if call.facts.money_gone else "来电人尚未转账。", source)
    if call.facts.being_coached is not None:
        yield Clause("通话时有人在教其操作。" if call.facts.being_coached else "通话时无人在教其操作。", source)


def _heard(kind: EntityType, name: str, entities: Sequence[Entity], segments: Sequence[Segment]) -> Clause | None:
    """Name the different values of one kind, as many as fit."""
    found: dict[str, Entity] = {}
    for entity in entities:
        if entity.type is kind:
            found.setdefault(_shown(entity), entity)
    if not found:
        return None
    kept = list(found.items())[:MOST_VALUES]
    values = "、".join(text + ("（已复述）" if entity.confirmed else "") for text, entity in kept)
    more = f"等{len(found)}项" if len(found) > MOST_VALUES else ""
    return Clause(f"提到{name}：{values}{more}。", tuple(_said(entity, segments) for _, entity in kept))


def _shown(entity: Entity) -> str:
    if entity.type is EntityType.AMOUNT:
        about = "约" if "approximate" in entity.warnings else ""
        return f"{about}{int(entity.value):,}元"
    return mask_entity(entity.type, str(entity.value)) if entity.type in SENSITIVE_TYPES else str(entity.value)


def _said(entity: Entity, segments: Sequence[Segment]) -> Source:
    inside = 0 <= entity.turn < len(segments)
    return Source("segment", entity.start_s, segments[entity.turn].id if inside else None)


def _request(request: FreezeRequest) -> Clause:
    state = FREEZE_NAMES.get(request.status, "处理中")
    stopped = f"，止付{_yuan(_stopped_fen(request))}元" if _stopped_fen(request) else ""
    receipt = f"，回执{request.receipt}" if request.receipt else ""
    text = f"止付申请{_yuan(request.fields.amount_fen)}元：{state}{stopped}{receipt}。"
    return Clause(text, (Source("freeze", freeze_id=request.id),))


def _stopped_fen(request: FreezeRequest) -> int:
    if request.status is FreezeStatus.STOPPED:
        return request.stopped_amount_fen or request.fields.amount_fen
    return request.stopped_amount_fen if request.status is FreezeStatus.PARTLY_MOVED else 0


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}" if fen % 100 == 0 else f"{fen / 100:,.2f}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}分{rest}秒" if minutes else f"{rest}秒"
