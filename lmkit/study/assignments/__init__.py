"""Programming assignments with automatic grading, from one source: the YAML files in this folder.

Of each, notebooks are made for otter-grader and for nbgrader. A question has a solution, tests that students see, tests
that they don't see, and typical wrong solutions, each with a part of the message that it is to get::

    from lmkit.study import assignments

    assignment = assignments.load("lstm")
    assignments.faults(assignment)  # none: the solution passes, and every wrong solution gets its hint
    assignments.notebook(assignment, "nbgrader")
"""

from lmkit.study.assignments.assignment import Assignment, Question, Wrong, load, names, read_assignment
from lmkit.study.assignments.grading import faults, grade
from lmkit.study.assignments.notebooks import FORMATS, notebook, place

__all__ = [
    "FORMATS",
    "Assignment",
    "Question",
    "Wrong",
    "faults",
    "grade",
    "load",
    "names",
    "notebook",
    "place",
    "read_assignment",
]
