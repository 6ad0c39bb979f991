"""Everything between audio and text: model catalogue, engines, supervised worker processes, evaluation."""

from asr_models.factory import build_recognizer, chosen, ensure

__all__ = ["build_recognizer", "chosen", "ensure"]
