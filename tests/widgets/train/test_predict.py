"""Predict first: the reader chooses, the lab's presets race, the run answers, and both are kept with the progress."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from lmkit.widgets.base import bundle
from tests.widgets.train.driver import ORIGIN, finish, press, shows, status
from tests.widgets.train.test_lab import TRAIN, run_settings, source

KEY = "memory-and-chance:reviews"
LOG = f'__lmkit.require("{bundle.modules("base/progress/log.js")[-1].name}").openLog()'
PRESETS = {"RNN": {"cell": "rnn"}, "LSTM, b = 4": {"cell": "lstm", "forget_bias": 4}}
LOG_OF = '{"format": "memory-and-chance reviews", "version": 1, "reviews": [], "predictions": %s}'
WINNER = ("Which ends with the lower held-out loss?", ["the RNN", "the LSTM", "no difference"], "lowest_loss")
WHERE = ("Where is the held-out loss lowest?", ["in the first half", "in the second half"], "lowest_at")
RACE = {"presets": PRESETS, "predict": [WINNER, WHERE], "distance": 6, "steps": 400, "hidden_size": 32, "lr": 0.01}


@pytest.fixture
def trainer(view):
    yield shows(view)
    view.page.unroute_all()


def race(page: Page) -> None:
    page.get_by_role("button", name="Race: RNN · LSTM, b = 4").click()
    page.wait_for_function("heard.filter(({ tells, isOver }) => tells === 'progress' && isOver).length === 2")
    finish(page, RACE["steps"])


def form(page: Page, place: int = 0):
    return page.locator(".lmkit-prediction").nth(place)


def kept(page: Page) -> list:
    return page.evaluate(f"{LOG}.predictions")


def losses(scripts) -> list[float]:
    node = scripts("labs/train/training.js")
    plain = run_settings(**{name: RACE[name] for name in ("distance", "steps", "hidden_size", "lr")})
    return [
        node.evaluate(TRAIN, [source("recall"), plain | preset])["points"][-1]["heldLoss"]
        for preset in PRESETS.values()
    ]


def test_a_race_trains_each_preset_and_answers_what_was_predicted(trainer, view, scripts):
    page = trainer("recall", origin=ORIGIN, **RACE)
    page.evaluate("localStorage.clear()")
    expect(form(page).locator(".lmkit-footnote")).to_have_text("Choose before you run.")
    expect(status(page)).to_have_text("Nothing is trained yet: press Race.")
    group = page.get_by_role("group", name=re.compile("Predict first. Which ends with the lower"))
    group.get_by_label("the RNN").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")  # by the keyboard, as radio buttons are
    expect(group.get_by_label("the LSTM")).to_be_checked()
    race(page)
    rnn, lstm = losses(scripts)
    assert lstm < 0.1 < rnn
    expect(form(page).locator("[role=status]")).to_have_text(
        f"You predicted ‘the LSTM’, and so it was (held out, RNN: {rnn:.2f} nats; LSTM, b = 4: {lstm:.3f} nats)."
    )
    assert form(page).get_attribute("data-verdict") == "right"
    expect(form(page, 1).locator("[role=status]")).to_contain_text("You had not chosen before it began.")
    (prediction,) = kept(page)
    assert {name: prediction[name] for name in ("question", "predicted", "happened")} == {
        "question": WINNER[0],
        "predicted": "the LSTM",
        "happened": "the LSTM",
    }
    stored = json.loads(page.evaluate("(key) => localStorage.getItem(key)", KEY))
    assert stored["predictions"] == [[WINNER[0], "the LSTM", "the LSTM", prediction["at"]]]
    expect(form(page).locator(".lmkit-footnote")).to_contain_text("with your progress on the Review page")
    names = page.locator(".lmkit-train-loss .lmkit-run-key").all_inner_texts()
    assert names == ["RNN", "LSTM, b = 4, training", "LSTM, b = 4, held out"]
    assert not view.problems
    page.evaluate("localStorage.clear()")


def test_nobody_chooses_while_it_runs_and_a_new_question_waits_for_a_new_run(trainer, view):
    page = trainer("human_numbers", predict=[WHERE], steps=2000)
    press(page, "One step")
    expect(form(page).locator("fieldset")).to_have_attribute("disabled", "")
    press(page, "Go on")
    finish(page, 2000)
    expect(form(page).locator("[role=status]")).to_contain_text("The run says ‘in the")
    assert kept(page) == []
    press(page, "Ask me again")
    expect(form(page).get_by_label("in the first half")).to_be_focused()
    form(page).get_by_label("in the first half").check()
    view.settle()
    expect(form(page).locator("[role=status]")).to_be_empty()  # the run that is known does not answer again
    view.set(seed=3)
    press(page, "Train")
    finish(page, 2000)
    expect(form(page).locator("[role=status]")).to_contain_text("You predicted ‘in the first half’")
    assert len(kept(page)) == 1


def test_a_browser_without_storage_asks_all_the_same(trainer):
    page = trainer("human_numbers", predict=[WHERE])  # an empty page may keep nothing
    form(page).get_by_label("in the second half").check()
    press(page, "Train")
    finish(page)
    expect(form(page).locator("[role=status]")).to_contain_text("You predicted ‘in the second half’")
    expect(form(page).locator(".lmkit-footnote")).to_contain_text("does not let the page store anything")
    assert len(kept(page)) == 1


@pytest.mark.parametrize(
    "stored",
    ["{", LOG_OF % "7", LOG_OF % '[["<img src=x>", 1, {}, 0]]', LOG_OF % '[["q", "a", "b", 1e99]]'],
)
def test_what_is_stored_by_others_does_no_harm(trainer, view, stored):
    page = view.page
    put = trainer
    page.route(f"{ORIGIN}**", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))
    page.goto(ORIGIN)
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, stored])
    page = put("human_numbers", origin=ORIGIN, predict=[WHERE])
    form(page).get_by_label("in the second half").check()
    press(page, "Train")
    finish(page)
    expect(form(page).locator(".lmkit-footnote")).to_contain_text("Your stored progress is damaged")
    assert page.evaluate("(key) => localStorage.getItem(`${key}:damaged`)", KEY) == stored
    assert len(json.loads(page.evaluate("(key) => localStorage.getItem(key)", KEY))["predictions"]) == 1
    assert not view.problems
    page.evaluate("localStorage.clear()")


def test_a_race_goes_on_when_one_diverges_and_settings_that_change_wait_for_the_next(trainer, view):
    wild = {"cell": "relu", "optimizer": "sgd", "lr": 100.0, "clip": None}
    presets = {"wild": wild, "tame": {"cell": "gru"}}
    question = ("What does taming do?", ["ends lower", "ends higher", "diverges"], "second_beside_first")
    page = trainer(presets=presets, predict=[question], steps=300)
    form(page).get_by_label("diverges").check()
    press(page, "Race: wild · tame")
    finish(page, 300)
    said = form(page).locator("[role=status]")
    expect(said).to_have_text(
        re.compile(r"You predicted ‘diverges’, and the run says ‘ends lower’ .*diverged at step \d+; tame")
    )
    assert form(page).get_attribute("data-verdict") == "wrong"
    note = page.locator(".lmkit-train-run .lmkit-footnote")
    assert note.is_hidden()
    view.set(seed=5)
    expect(note).to_have_text("Changed for the next run: seed 5. Press Train or, while one runs, Again.")
