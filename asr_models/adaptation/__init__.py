"""Fitting the language model of a small Vosk model to the talk of one hotline."""
