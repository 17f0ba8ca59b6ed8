"""A class at work on a real hub: ``python -m tests.hub --students 6``."""
