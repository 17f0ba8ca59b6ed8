"""The ablation lab on the published page: every switch, by pointer and by keyboard, against the shipped runs."""

import pytest
from playwright.sync_api import expect

from lmkit.widgets import AblationLab
from lmkit.widgets.labs.ablation.lab import MEASURES, PARTS, name_of
from tests.site.lab import Lab

pytestmark = pytest.mark.site
DOCUMENT, KIND = "book/awd_lstm", "AblationView"
TITLES = {label: name for name, (_, label, *_) in MEASURES.items()}


class Driver(Lab):
    """One ablation lab on an open page."""

    @property
    def title(self):
        return self.root.locator(".lmkit-ablation .lmkit-title")

    def python(self) -> AblationLab:
        on = [part for part in PARTS if self.values[part]]
        return AblationLab(on=on, cache=self.values["cache"], measure=TITLES[self.values["measure"]])

    def check(self) -> str:
        """Wait for the page to say what the shipped runs of the present combination gave."""
        lab = self.python()
        name, found = name_of(lab.on), lab.found()
        start = f"{name[0].upper()}{name[1:]}: "
        if found is None:
            expect(self.title).to_have_text(f"{start}not run.")
            return start
        _, label, plain, cached = MEASURES[lab.measure]
        mean, half = found.entry()["ends"][cached if lab.value("cache") else plain]
        times, digits, unit = (100, 1, "\u202f%") if lab.measure == "accuracy" else (1, 3, "")
        more = " with the cache" if lab.value("cache") and plain != cached else ""
        words = f"{start}{label.lower()}{more} "
        expect(self.title).to_contain_text(words)
        expect(self.title).to_contain_text(f"{unit}, {len(found.runs)} seed")
        value = self.title.text_content().removeprefix(words).split()[0].rstrip(",%\u202f")
        assert float(value) == pytest.approx(times * mean / 10_000, abs=0.51 * 10**-digits), (words, half)
        return self.title.text_content()


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_control_changes_the_page_as_the_runs_say(lab, by):
    lab = lab()
    for name, control in lab.plan.controls.items():
        values = (
            [*control.options[1:], control.options[0]] if control.options else [not control.default, control.default]
        )
        lab.step_through(name, values, by == "keyboard")


def test_what_was_not_run_is_said_and_the_nearest_is_a_click_away(lab):
    lab = lab()
    run = {one.on for one in lab.python().combinations}
    pairs = [{a, b} for a in PARTS for b in PARTS if a < b and frozenset(PARTS) - {a, b} not in run]
    assert pairs
    for part in pairs[0]:
        lab.set(part, False)
    lab.check()
    offer = lab.root.locator(".lmkit-ablation-offers button").first
    part = next(part for part in pairs[0] if offer.text_content() == f"with {PARTS[part]}")
    offer.click()
    lab.values[part] = True
    lab.check()
    expect(lab[part].locator("input")).to_be_checked()


def test_controls_have_their_visible_names(lab):
    lab = lab()
    for part, label in PARTS.items():
        expect(lab[part].get_by_role("checkbox", name=label[0].upper() + label[1:], exact=True)).to_have_count(1)
    expect(lab["measure"].get_by_role("radiogroup", name="Show")).to_have_count(1)


def test_works_offline(lab):
    lab = lab()
    lab.page.context.set_offline(True)
    lab.set("tar", False)
    lab.check()
