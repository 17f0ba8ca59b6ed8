"""A quiz as a SCORM 1.2 package, in a browser, with scorm-again as the learning platform; and alone, from a disk."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from lmkit.study import exports
from lmkit.widgets.cards._sco.scorm import FORMAT
from tests.sample_cards import CARDS, deck
from tests.site.server import serve

ROOT = Path(__file__).parents[3]
PLATFORM = ROOT / "node_modules" / "scorm-again" / "dist" / "scorm12.min.js"
# A page of a platform: the API, a note of what it refused, and the content in a frame.
PAGE = """<!doctype html><html lang="en"><title>Platform</title><script src="scorm12.min.js"></script><script>
globalThis.API = new Scorm12API({ autocommit: false, logLevel: 5 });
globalThis.refused = [];
const set = API.LMSSetValue.bind(API);
API.LMSSetValue = (name, value) => {
  const done = String(set(name, value));
  if (done !== "true") refused.push([name, value, API.LMSGetLastError()]);
  return done;
};
const kept = sessionStorage.getItem("state");
if (kept) { API.cmi.suspend_data = kept; API.cmi.core.lesson_status = "incomplete"; }
</script><iframe id="content" title="Content" src="lstm.html" style="width: 100%; height: 800px"></iframe></html>"""
KINDS = ("single", "multiple", "fill", "code", "number", "order", "draw")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The package of a deck with all kinds, unpacked beside a platform."""
    place = tmp_path_factory.mktemp("scorm")
    exports.write_cards(place / "quiz.zip", [deck(*(CARDS[kind] for kind in KINDS))], FORMAT, title="A book of chance")
    with zipfile.ZipFile(place / "quiz.zip") as archive:
        archive.extractall(place)
    (place / "scorm12.min.js").write_bytes(PLATFORM.read_bytes())
    (place / "platform.html").write_text(PAGE, encoding="utf-8")
    return place


class Attempt:
    """A reader's attempt on a platform's page."""

    def __init__(self, page, address):
        self.page, self.problems, self.asked = page, [], []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(f"{address}/platform.html")
        self.quiz = page.frame_locator("#content")
        self.card = self.quiz.locator(".lmkit-card")
        self.card.wait_for()

    def press(self, name):
        self.quiz.get_by_role("button", name=name, exact=True).click()

    def choose(self, *texts):
        for text in texts:
            self.card.get_by_label(text, exact=True).check()

    def type(self, *texts):
        for field, text in zip(self.card.locator("input").all(), texts, strict=True):
            field.fill(text)

    def check(self):
        self.press("Check")
        self.quiz.locator(".lmkit-study-main").click()

    def value(self, name):
        return self.page.evaluate("(name) => API.cmi && API.LMSGetValue(name)", name)

    def kept(self):
        """What the platform would store, what content may only write among it."""
        return self.page.evaluate("JSON.parse(JSON.stringify(API.cmi))")

    def interactions(self):
        fields = ("id", "type", "student_response", "result")
        return [[one[name] for name in fields] for one in self.kept()["interactions"].values()]


@pytest.fixture
def attempt(browser, folder):
    """A function that opens the platform's page; with the state of an earlier attempt, if there is one."""
    context = browser.new_context()
    with serve(folder) as address:
        yield lambda: Attempt(context.new_page(), address)
    context.close()


def test_platform_hears_the_score_and_each_first_answer(attempt):
    reader = attempt()
    expect(reader.quiz.get_by_text("Your learning platform hears of each first answer.")).to_be_visible()
    reader.choose("the hidden state")
    reader.check()
    reader.choose("the hidden state")  # and not the other
    reader.check()
    reader.type("forget", "output")
    reader.check()
    reader.type("Embedding", "37")
    reader.check()
    reader.type("9037")
    reader.check()
    assert reader.value("cmi.core.score.raw") == "50"  # 3 of 6, and one that nobody judges
    assert reader.value("cmi.core.lesson_status") == "incomplete"
    assert reader.interactions() == [
        ["one", "choice", "a", "correct"],
        ["many", "choice", "a", "wrong"],
        ["text", "fill-in", "forget; output", "correct"],
        ["code", "fill-in", "Embedding; 37", "correct"],
        ["number", "fill-in", "9037", "wrong"],
    ]
    assert reader.page.evaluate("refused") == [] and reader.problems == []
    assert {url.rsplit("/", 1)[1] for url in reader.asked} <= {
        "platform.html",
        "scorm12.min.js",
        "lstm.html",
        "favicon.ico",
    }


def test_who_comes_back_goes_on_where_they_left(attempt):
    reader = attempt()
    reader.choose("the cell state")
    reader.check()
    reader.press("Skip")
    reader.type("forget", "x")
    reader.check()
    state = reader.value("cmi.suspend_data")
    reader.page.evaluate("document.querySelector('#content').remove()")
    assert reader.kept()["core"]["exit"] == "suspend" and reader.page.evaluate("API.isTerminated()")
    reader.page.evaluate("(state) => sessionStorage.setItem('state', state)", state)
    reader.page.goto(reader.page.url)
    expect(reader.card).to_contain_text("Which are states?")  # the first that is open
    expect(reader.quiz.get_by_text("Score: 0 of 6 right at the first try, 0 %.")).to_be_visible()
    reader.press("Question 1, not right")
    expect(reader.card.get_by_label("the cell state", exact=True)).to_be_checked()
    reader.press("Question 3, not right")
    expect(reader.card.locator("input").first).to_have_value("forget")
    assert reader.interactions() == []  # nothing is told twice
    assert reader.problems == []


def test_quiz_is_complete_when_each_card_has_an_answer(attempt):
    reader = attempt()
    for place in range(1, len(KINDS) + 1):
        if reader.card.locator("input[type=radio], input[type=checkbox]").count():
            reader.card.locator("input").first.check()
        elif reader.card.locator("input").count():
            reader.type(*["3"] * reader.card.locator("input").count())
        elif "lmkit-card-order" in reader.card.get_attribute("class"):
            reader.card.get_by_role("button").nth(1).click()
        else:
            while (more := reader.card.get_by_role("button")).count():
                more.first.click()
            reader.press("I had it")
            reader.quiz.locator(".lmkit-study-main").click()
            continue
        assert reader.value("cmi.core.lesson_status") == "incomplete", place
        reader.check()
    assert reader.value("cmi.core.lesson_status") == "completed"
    assert [kind for _, kind, _, _ in reader.interactions()][-2:] == ["sequencing", "performance"]
    expect(reader.quiz.get_by_text("Your learning platform has it.")).to_be_visible()
    assert reader.page.evaluate("refused") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_a_disk_the_quiz_runs_and_says_that_nobody_listens(browser, folder, scheme):
    context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 800})
    page, problems, asked = context.new_page(), [], []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / "lstm.html").as_uri())
    expect(page.get_by_text("No learning platform is listening")).to_be_visible()
    page.locator(".lmkit-card").get_by_label("the hidden state", exact=True).check()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("Score: 1 of 6 right at the first try, 17 %.")).to_be_visible()
    expect(page.get_by_text("section ‘Two states’ of the chapter ‘The LSTM’")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert problems == [] and asked == [(folder / "lstm.html").as_uri()]
    context.close()


def test_with_an_address_cards_link_to_their_sections(browser, tmp_path):
    exports.write_cards(tmp_path / "quiz.zip", [deck(CARDS["single"])], FORMAT, address="https://example.org/book/")
    with zipfile.ZipFile(tmp_path / "quiz.zip") as archive:
        archive.extractall(tmp_path)
    page = browser.new_page()
    page.goto((tmp_path / "lstm.html").as_uri())
    page.locator(".lmkit-card").get_by_label("the hidden state", exact=True).check()
    page.get_by_role("button", name="Check", exact=True).click()
    link = page.get_by_role("link", name="Two states")
    assert link.get_attribute("href") == "https://example.org/book/lstm.html#two-states"
    assert link.get_attribute("target") == "_blank"
    page.close()
