"""Words that Whisper wrote as others of the same or a like sound (喜钱 for 洗钱), put right where that is nearly certain.

A noisy channel (Kernighan, Church and Gale 1990; for Chinese: SIGHAN's spelling check tasks): what was said follows a
language model of hotline talk (`language.py`), what was written differs from it by sound (`sounds.py`), and the
likeliest reading of a segment is searched (`mending.py`) among those that leave alone what must not change (`kept.py`).
Both models lie in `model.npz`, made by `python -m benchmarks.homophones --write`.
"""
