"""Controls of ipywidgets get the names that a screen reader needs."""

from playwright.sync_api import expect

from lmkit.widgets import DropoutLab, ParameterLab


def test_sliders_get_accessible_names_whenever_they_come(view):
    page = view.put(ParameterLab())
    slider = """<div class="widget-slider"><label class="widget-label">Top p</label>
      <div class="noUi-handle" role="slider" tabindex="0"></div>
      <div class="widget-readout" contenteditable="true">0.90</div></div>"""
    page.evaluate("(html) => document.querySelector('.lmkit-controls').insertAdjacentHTML('beforeend', html)", slider)
    page.get_by_role("slider", name="Top p").wait_for(state="attached")
    page.evaluate("document.querySelector('.widget-readout').textContent = '0.85'")
    expect(page.get_by_role("slider", name="Top p")).to_have_attribute("aria-valuetext", "0.85")
    assert page.get_by_role("textbox", name="Top p: type a value").count() == 1


def test_a_wrong_number_stays_told_while_a_lab_is_drawn_anew(view):
    page = view.put(DropoutLab())
    field = """<div class="widget-text"><label class="widget-label">Seed</label>
      <input type="number" min="0" max="9" value="1"></div>"""
    page.evaluate("(html) => document.querySelector('.lmkit-controls').insertAdjacentHTML('beforeend', html)", field)
    drawing = page.locator(".lmkit-content svg").first
    before = drawing.evaluate("(svg) => svg.outerHTML")
    seed, problem = page.locator("input[type=number]"), page.locator(".lmkit-problem")
    seed.fill("12")
    seed.press("Enter")
    expect(problem).to_have_text("Seed must be a whole number from 0 to 9, but it is ‘12’.")
    page.evaluate("document.body.style.width = '300px'")
    page.wait_for_function("([svg, before]) => svg.outerHTML !== before", arg=[drawing.element_handle(), before])
    expect(problem).to_be_visible()
    seed.fill("3")
    seed.press("Enter")
    expect(problem).to_be_hidden()
