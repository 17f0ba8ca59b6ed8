"""Labs that anybody can use, by name; how they look wide and narrow, light and dark, the tests of whole pages say."""

import pytest

from tests.widgets.comparison import test_page as comparison
from tests.widgets.dropout import test_page as dropout
from tests.widgets.reach import test_page as reach
from tests.widgets.regularisation import test_page as regularisation

pytestmark = pytest.mark.site
NAMED = [comparison, dropout, reach, regularisation]  # their controls are named by `plans`


@pytest.mark.parametrize("of", NAMED, ids=lambda of: of.KIND)
def test_controls_have_their_visible_names(open_labs, of):
    lab = open_labs(of.DOCUMENT, of.KIND)[0]
    assert lab.check_names() == set(lab.plan.controls)
