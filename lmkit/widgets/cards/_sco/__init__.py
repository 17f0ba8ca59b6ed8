"""Quizzes as content for learning platforms: packages of SCORM 1.2."""
