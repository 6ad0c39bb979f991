"""Which classifier a call uses: the one that was in use when it began."""

from __future__ import annotations

from hotline.domain.call import Call
from hotline.domain.model import SHIPPED, Promotion
from hotline.errors import NotFoundError, StateError
from hotline.hub import Hub
from hotline.ports import Classifier


def classifier_of(hub: Hub, call: Call) -> Classifier | None:
    """Return the classifier that a call began with; the one in use now when that is gone."""
    if hub.models is None:
        return hub.classifier
    return hub.models.get(call.model_version) or current_classifier(hub)


def current_classifier(hub: Hub) -> Classifier | None:
    """Return the classifier that new calls use."""
    if hub.models is None:
        return hub.classifier
    with hub.store.transaction() as uow:
        version = uow.current_model()
    return hub.models.get(version) or hub.classifier


def promote(hub: Hub, version: str, actor: str) -> Promotion:
    """Let new calls use a model; running calls keep theirs. Raises: NotFoundError, ModelError, StateError."""
    with hub.store.transaction() as uow:
        known = version == SHIPPED or any(model.version == version for model in uow.models())
        current = uow.current_model()
    if not known or hub.models is None:
        raise NotFoundError("没有这个模型", expected="已登记的模型", found=version[:40], remedy="请刷新页面")
    if version == current:
        raise StateError("该模型已在使用", expected="另一个模型", found=version or "随附模型", remedy="请刷新页面")
    if hub.models.get(version) is None:
        raise StateError("模型文件不可用", expected="完整的模型文件夹", found=version[:40], remedy="请重新训练")
    promotion = Promotion(version, hub.clock(), actor)
    with hub.store.transaction() as uow:
        uow.add_promotion(promotion)
        uow.audit(actor, "model.promote", version or "shipped", current or "shipped")
    return promotion


def roll_back(hub: Hub, actor: str) -> Promotion:
    """Go back to the model that was in use before. Raises: StateError when there was none."""
    with hub.store.transaction() as uow:
        history = uow.promotions(limit=2)
    if not history:
        raise StateError("没有可以退回的模型", expected="启用过新模型", found="没有", remedy="无需退回")
    return promote(hub, history[1].version if len(history) > 1 else SHIPPED, actor)
