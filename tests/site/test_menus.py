"""The header's menus, by pointer and by keyboard: `menus.js` does what the theme uses Bootstrap for."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.site
PAGE = "book/sampling.html"


@pytest.mark.parametrize("width", [1280, 390])
def test_menus_open_within_the_window_and_close(open_page, width):
    page = open_page(PAGE)
    page.set_viewport_size({"width": width, "height": 844})
    buttons = page.locator(".dropdown-toggle:visible")
    assert buttons.count() == 3
    for button in buttons.all():
        menu = button.locator("xpath=following-sibling::*[contains(@class, 'dropdown-menu')]")
        expect(menu).to_be_hidden()
        button.click()
        expect(menu).to_be_visible()
        expect(button).to_have_attribute("aria-expanded", "true")
        box = menu.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        page.mouse.click(5, 800)  # far from the menu
        expect(menu).to_be_hidden()
        expect(button).to_have_attribute("aria-expanded", "false")


def test_menus_answer_to_keys(open_page):
    page = open_page(PAGE)
    button = page.locator(".dropdown-toggle:visible").first
    menu = page.locator(".dropdown-menu").first
    button.press("Enter")
    expect(menu).to_be_visible()
    entries = menu.locator("a, button")
    button.press("ArrowDown")
    expect(entries.first).to_be_focused()
    page.keyboard.press("End")
    expect(entries.last).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(entries.first).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()
    button.press("Enter")
    page.keyboard.press("Shift+Tab")
    expect(menu).to_be_hidden()
