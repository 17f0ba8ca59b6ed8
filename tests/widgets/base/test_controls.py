"""Controls of ipywidgets get the names that a screen reader needs."""

from playwright.sync_api import expect

from lmkit.widgets import ParameterLab


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
