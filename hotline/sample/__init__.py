"""The sample call: synthetic two-speaker Mandarin, and what is said in it."""

from pathlib import Path

_FOLDER = Path(__file__).parent
SAMPLE_CALL = _FOLDER / "call.wav"
"""Stereo G.711 mu-law, 8 kHz: operator left, caller right."""
SAMPLE_REFERENCE = _FOLDER / "call.json"
"""Reference transcript with times, and the facts that are said."""
SAMPLE_LEDGER = _FOLDER / "ledger.json"
"""The transfer of the sample call, for the bank simulator."""
