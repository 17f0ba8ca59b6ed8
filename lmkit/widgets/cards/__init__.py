"""Quizzes, flashcards and the Review page."""
