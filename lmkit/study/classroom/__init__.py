"""What a class did, from the files that its students export on the Review page: nothing is sent anywhere.

::

    from lmkit.study import classroom

    results = classroom.Results(classroom.read_class("folder"))
    results.items()  # difficulty and discrimination of each card
    results.reliabilities()  # Cronbach's alpha, by chapter
"""

from lmkit.study.classroom.export import Answer, Export, ExportError, read_export
from lmkit.study.classroom.folder import Class, First, Student, read_class
from lmkit.study.classroom.given import Chosen, Wrong, short
from lmkit.study.classroom.items import Item, Reliability, alpha, analyse, item_rest, reliability, upper_lower
from lmkit.study.classroom.results import Results, ShareOf
from lmkit.study.classroom.tables import printed, write_tables

__all__ = [
    "Answer",
    "Chosen",
    "Class",
    "Export",
    "ExportError",
    "First",
    "Item",
    "Reliability",
    "Results",
    "ShareOf",
    "Student",
    "Wrong",
    "alpha",
    "analyse",
    "item_rest",
    "printed",
    "read_class",
    "read_export",
    "reliability",
    "short",
    "upper_lower",
    "write_tables",
]
