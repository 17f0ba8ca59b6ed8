"""Every control of every kind of lab, on five screens: a reader sees it and what it changes without scrolling."""

import pytest

from tests.site import book
from tests.site.glance import SCREENS, glances
from tests.site.lab import plans
from tests.site.rendering import settle

pytestmark = pytest.mark.site


@pytest.mark.parametrize("document", book.with_new_labs())
def test_control_and_what_it_changes_are_seen_together(open_page, document):
    page = open_page(f"{document}.html")
    settle(page)
    seen = [glance for screen in SCREENS for glance in glances(page, screen)]
    assert bool(seen) == any(plan.controls for plan in plans(*book.built_widgets(document)))
    assert not [fault for glance in seen for fault in glance.faults]
