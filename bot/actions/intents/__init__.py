"""What a person's words ask for, by a classifier that was learned from sentences. Pure.

`tests/bench/learn_intents.py` learns it. `features` are what an utterance is told by, `ngrams`
judges by them in a millisecond, and `probe` by what a language model makes of it as well.
`commands` are the spoken commands among the intents.
"""
