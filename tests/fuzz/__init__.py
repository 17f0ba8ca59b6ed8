"""Differential fuzzing: random cases that two implementations must answer alike, for as long as there is time.

``python -m tests.fuzz --minutes 10 --seed 7`` (or ``make fuzz MINUTES=10 SEED=7``) runs decoders against transformers,
layers against torch, the page's engine against Python, and card files against a second parser. There is a module for
each pair. Hypothesis makes the cases and finds the smallest one that fails. `test_fuzz.py` runs a few cases of each
target in the ordinary tests.

Both sides add up in different orders. Where a hair decides (two texts tie, a sum of probabilities reaches top_p just
so) no side is wrong: see `tests.fuzz.judge`.
"""
