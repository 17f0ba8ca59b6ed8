"""Labs that anybody can use: wide and narrow, light and dark, by name.

Labs that show different things in turn are looked at in their own tests, one thing after the other.
"""

import pytest

from tests.site.fixtures import SIZES
from tests.site.rendering import accessibility_faults, overflow
from tests.widgets.ablation import test_page as test_ablation
from tests.widgets.comparison import test_page as test_comparison
from tests.widgets.dropout import test_page as test_dropout_lab
from tests.widgets.reach import test_page as test_reach
from tests.widgets.regularisation import test_page as test_regularisation

pytestmark = pytest.mark.site
NAMED = [test_comparison, test_dropout_lab, test_reach, test_regularisation]  # their controls are named by `plans`
every_lab = pytest.mark.parametrize("of", [*NAMED, test_ablation], ids=lambda of: of.KIND)


@pytest.mark.parametrize("of", NAMED, ids=lambda of: of.KIND)
def test_controls_have_their_visible_names(open_labs, of):
    open_labs(of.DOCUMENT, of.KIND)[0].check_names()


@every_lab
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_everybody_can_use_it(open_labs, of, size, theme):
    lab = open_labs(of.DOCUMENT, of.KIND, size=size, theme=theme)[0]
    assert accessibility_faults(lab.page, lab.root) == []
    assert overflow(lab.page) <= 0
