"""Persuasion scripts: which card to show an operator now, and what an operator must never say."""

from hotline.scripts.library import ScriptCard, ScriptLibrary

__all__ = ["ScriptCard", "ScriptLibrary"]
