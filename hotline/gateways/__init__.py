"""Adapters to the bank side, and the simulator that plays it."""
