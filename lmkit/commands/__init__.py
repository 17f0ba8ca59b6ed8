"""The commands of `python -m lmkit`: each module adds one to the parser, and holds what it does."""
