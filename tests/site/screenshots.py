"""Pictures of every page to look at: ``python -m tests.site.screenshots FOLDER``; wide and narrow, light and dark."""

import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.site import book
from tests.site import browser as chromium
from tests.site.fixtures import CHOOSE_THEME, SIZES
from tests.site.rendering import settle
from tests.site.server import serve


def take(folder: Path) -> None:
    """Write a picture of each whole page of the built book to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = chromium.executable()
    with serve(book.SITE) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        for (size, viewport), theme in product(SIZES.items(), ("light", "dark")):
            context = browser.new_context(viewport=viewport, color_scheme=theme, reduced_motion="reduce")
            context.add_init_script(CHOOSE_THEME.replace("THEME", theme))
            for address in book.pages():
                page = context.new_page()
                page.goto(f"{site}/{address}")
                settle(page)
                name = address.removesuffix(".html").replace("/", "-")
                page.screenshot(path=folder / f"{name}-{size}-{theme}.png", full_page=True)
                page.close()
            context.close()
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    take(Path(sys.argv[1]))
