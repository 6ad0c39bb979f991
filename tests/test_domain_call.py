"""What the console shows as predictions come and the operator speaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hotline.domain.call import Call, CallState, SafetyFacts
from hotline.domain.risk import Prediction, RiskLevel
from hotline.errors import StateError
from hotline.taxonomy import NOT_FRAUD

NOW = datetime(2026, 11, 24, tzinfo=UTC)
CALL = Call("c1", "test", NOW)


def predicted(label: str, probability: float, risk: RiskLevel = RiskLevel.MEDIUM, unsure: bool = False) -> Prediction:
    return Prediction(label, probability, {label: probability}, "m", risk=risk, unsure=unsure)


def test_a_sure_label_is_shown_at_once() -> None:
    call = CALL.observing(predicted("loan", 0.9))
    assert (call.label, call.label_source, call.risk) == ("loan", "model", RiskLevel.MEDIUM)


def test_a_hesitant_label_must_lead_twice() -> None:
    once = CALL.observing(predicted("loan", 0.6))
    assert once.label is None
    assert once.observing(predicted("loan", 0.6)).label == "loan"
    assert once.observing(predicted("game", 0.6)).label is None


def test_one_deviating_prediction_does_not_change_the_shown_label() -> None:
    call = CALL.observing(predicted("loan", 0.95))
    wavering = call.observing(predicted("credit_record", 0.6))
    assert wavering.label == "loan"
    assert wavering.observing(predicted("loan", 0.7)).pending_label is None
    assert wavering.observing(predicted("credit_record", 0.6)).label == "credit_record"


def test_an_unsure_prediction_shows_no_label_and_no_risk() -> None:
    call = CALL.observing(predicted("loan", 0.3, RiskLevel.HIGH, unsure=True))
    assert (call.label, call.risk) == (None, None)


def test_the_operators_label_stands() -> None:
    call = CALL.observing(predicted("loan", 0.95)).corrected("authority").observing(predicted("loan", 0.99))
    assert (call.label, call.label_source) == ("authority", "operator")


def test_risk_rises_with_predictions_and_falls_only_when_no_fraud_is_shown() -> None:
    call = CALL.observing(predicted("loan", 0.9, RiskLevel.HIGH))
    assert call.observing(predicted("loan", 0.9, RiskLevel.MEDIUM)).risk is RiskLevel.HIGH
    assert call.observing(predicted(NOT_FRAUD, 0.95, RiskLevel.LOW)).risk is RiskLevel.LOW


@pytest.mark.parametrize(
    ("facts", "risk"),
    [
        (SafetyFacts(money_gone=True), RiskLevel.HIGH),
        (SafetyFacts(being_coached=True), RiskLevel.URGENT),
        (SafetyFacts(money_gone=False, being_coached=False), None),
    ],
)
def test_the_operators_answers_raise_the_risk(facts: SafetyFacts, risk: RiskLevel | None) -> None:
    assert CALL.answering(facts).risk is risk


def test_the_operators_yes_outlasts_a_prediction_of_no_fraud() -> None:
    call = CALL.answering(SafetyFacts(being_coached=True)).observing(predicted(NOT_FRAUD, 0.95, RiskLevel.LOW))
    assert call.risk is RiskLevel.URGENT


def test_a_call_ends_once() -> None:
    ended = CALL.ended(CallState.ENDED, NOW, 12.0)
    with pytest.raises(StateError, match="已经结束"):
        replace(ended).ended(CallState.ENDED, NOW, 12.0)
