"""Widgets that compute in the reader's browser: in a notebook, and on a published page without a kernel."""

from lmkit.widgets.ablation import AblationLab
from lmkit.widgets.beam_tree import BeamTreeLab
from lmkit.widgets.comparison import ComparisonLab
from lmkit.widgets.counting import CountingLab
from lmkit.widgets.decoding_lab import DecodingLab
from lmkit.widgets.dropout import DropoutLab
from lmkit.widgets.exercise import FillIn
from lmkit.widgets.microscope import Microscope
from lmkit.widgets.parameters import ParameterLab
from lmkit.widgets.reach import ReachLab
from lmkit.widgets.regularisation import RegularisationLab
from lmkit.widgets.review import Review
from lmkit.widgets.ribbon import RibbonLab
from lmkit.widgets.study import Flashcards, Quiz
from lmkit.widgets.unrolling import UnrollLab

__all__ = [
    "AblationLab",
    "BeamTreeLab",
    "ComparisonLab",
    "CountingLab",
    "DecodingLab",
    "DropoutLab",
    "FillIn",
    "Microscope",
    "Flashcards",
    "ParameterLab",
    "Quiz",
    "ReachLab",
    "RegularisationLab",
    "Review",
    "RibbonLab",
    "UnrollLab",
]
