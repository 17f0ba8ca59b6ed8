"""Write what the tests in Node compare the page's engine with: ``python -m tests.vectors``."""

from tests.vectors import store

if __name__ == "__main__":
    print(store.ensure())
