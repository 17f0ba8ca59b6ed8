"""The book on paper and on e-readers: one PDF, printed by a browser, and one EPUB, both from the built pages.

``python -m paper pdf`` and ``python -m paper epub`` make them; ``make pdf`` and ``make epub`` build the book before.
"""
