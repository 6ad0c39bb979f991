"""Adapters that carry events to consoles."""
