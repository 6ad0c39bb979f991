"""One module a kind of fact; each finds candidates in a turn's normalised text."""
