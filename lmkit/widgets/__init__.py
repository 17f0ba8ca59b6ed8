"""Widgets that compute in the reader's browser: in a notebook, and on a published page without a kernel."""

from lmkit.widgets.labs.ablation.lab import AblationLab
from lmkit.widgets.labs.beam_tree.lab import BeamTreeLab
from lmkit.widgets.labs.comparison.lab import ComparisonLab
from lmkit.widgets.labs.counting.lab import CountingLab
from lmkit.widgets.labs.decoding.lab import DecodingLab
from lmkit.widgets.labs.dropout.lab import DropoutLab
from lmkit.widgets.labs.exercise.lab import FillIn
from lmkit.widgets.labs.microscope.lab import Microscope
from lmkit.widgets.labs.parameters.lab import ParameterLab
from lmkit.widgets.labs.reach.lab import ReachLab
from lmkit.widgets.labs.regularisation.lab import RegularisationLab
from lmkit.widgets.cards.review.lab import Review
from lmkit.widgets.labs.ribbon.lab import RibbonLab
from lmkit.widgets.cards.quiz.lab import Flashcards, Quiz
from lmkit.widgets.labs.unrolling.lab import UnrollLab

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
