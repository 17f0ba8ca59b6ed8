"""What a page with labs may weigh as it travels."""

import pytest

from tests.bench.page import requested_files, weigh
from tests.site import book

pytestmark = pytest.mark.site

WITHOUT_MODELS, WITH_MODELS = 540_000, 920_000  # with the toolbar of every lab, and with the trainer on some pages
HEAVIER = {"book/real_english": 1_150_000}  # Shakespeare's model is the largest; and it trains one besides, for 45 KB
HEAVIER_WITHOUT = {"book/review": 550_000}  # it has every card of the book
WITH_LABS = [document for document in book.notebooks() if book.shown_labs(document)]


@pytest.mark.parametrize("document", WITH_LABS)
def test_page_with_labs_is_light(browser, site, document):
    files = requested_files(browser, site, f"{document}.html")
    weight = weigh(files)
    assert {file.name for file in files} >= {f"{document.split('/')[-1]}.html", "static-widgets.js"}
    assert weight.without_models <= HEAVIER_WITHOUT.get(document, WITHOUT_MODELS)
    assert weight.compressed <= HEAVIER.get(document, WITH_MODELS)


def test_models_are_weighed(browser, site):
    files = requested_files(browser, site, "book/comparing_decoders.html")
    assert "stories.js" in {file.name for file in files}
    assert weigh(files).models > 100_000
