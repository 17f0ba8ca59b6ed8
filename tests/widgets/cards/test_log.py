"""The reader's answers: kept whatever the storage does, moved as a file, and turned into a schedule by FSRS."""

import json
import re
from pathlib import Path

import pytest

from lmkit.widgets.base.bundle import bundle
from lmkit.widgets.cards.quiz.lab import StudyView
from lmkit.widgets.cards.review.lab import ReviewView

ROOT = Path(__file__).parents[1]
KEY = "memory-and-chance:reviews"
FORMAT = "memory-and-chance reviews"
NAMES = "CardLog, openLog, logNotice, scheduleOf, previewOf, dueFrom, stageOf, spokenInterval"
NOW = 1_800_000_000_000  # ms: in January 2027
DAY = 86_400_000

# A storage that can be forbidden ("deny"), or full from so many characters on, and a log that opens it.
STORAGE = """
class FakeStorage {
  constructor(items = {}) { this.items = new Map(Object.entries(items)); this.room = Infinity; this.deny = ""; }
  refuse(name) { throw Object.assign(new Error(name), { name }); }
  getItem(key) { if (this.deny) this.refuse(this.deny); return this.items.get(key) ?? null; }
  setItem(key, text) {
    if (this.deny) this.refuse(this.deny);
    if (text.length > this.room) this.refuse("QuotaExceededError");
    this.items.set(key, text);
  }
}
const fakeLog = (items) => {
  const storage = new FakeStorage(items);
  return Object.assign(new CardLog(() => storage), { storage });
};
"""
CLOCK = "const Date = class extends globalThis.Date { static now() { return globalThis.clock; } };\n"


@pytest.fixture(scope="module")
def page(browser):
    """A page with the modules of the log, on an address where a browser keeps things."""
    context = browser.new_context()
    page = context.new_page()
    empty = {"body": "<!doctype html><title>log</title>", "content_type": "text/html"}
    context.route("**/*", lambda route: route.fulfill(**empty))
    page.goto("http://book.test/")
    code = CLOCK + bundle("card_log.js", "card_notice.js", "card_schedule.js") + STORAGE
    share = f"\nObject.assign(globalThis, {{ {NAMES}, FakeStorage, fakeLog }});"
    page.add_script_tag(content=code + share, type="module")
    page.wait_for_function("Boolean(globalThis.fakeLog)")
    yield page
    context.close()


@pytest.fixture
def js(page):
    """A function that runs the body of a JavaScript function of `given` on the page."""
    page.evaluate("(now) => { globalThis.clock = now; }", NOW)
    return lambda body, given=None: page.evaluate(f"(given) => {{ {body} }}", given)


def text_of(*reviews, **fields) -> str:
    return json.dumps({"format": FORMAT, "version": 1, "reviews": [list(review) for review in reviews], **fields})


ONE, TWO, THREE = ("a", 3, NOW - 3 * DAY), ("b", 1, NOW - 2 * DAY), ("a", 2, NOW - DAY)

# --- adding ------------------------------------------------------------------------------------------------------


def test_answers_are_kept_and_found_again(js):
    found = js(
        """
      const log = fakeLog();
      log.add("a", 3); clock += 5; log.add("b", 1); log.add("b", 1);
      const again = new CardLog(() => log.storage);
      return [log.reviews, again.reviews, log.problem + again.problem, log.storage.items.get(given)];
    """,
        KEY,
    )
    expected = [{"card": c, "grade": g, "at": NOW + t} for c, g, t in (("a", 3, 0), ("b", 1, 5), ("b", 1, 6))]
    assert found[:3] == [expected, expected, ""]
    stored = json.loads(found[3])
    assert stored == {"format": FORMAT, "version": 1, "reviews": [["a", 3, NOW], ["b", 1, NOW + 5], ["b", 1, NOW + 6]]}


def test_two_tabs_keep_each_others_answers(js):
    """Each writes the union, though neither has heard of the other's answers."""
    cards = js("""
      const one = fakeLog(), two = new CardLog(() => one.storage);
      one.add("a", 3); two.add("b", 3); one.add("c", 3); two.add("d", 3);
      const third = new CardLog(() => one.storage);
      return [one, two, third].map((log) => log.reviews.map(({ card }) => card).sort().join(""));
    """)
    assert cards == ["abc", "abcd", "abcd"]


def test_an_answer_that_is_taken_back_counts_no_more(js):
    """Neither here, nor in a tab that had it, nor where it is imported; the rest counts as if it had never been."""
    counts, told, due = js(
        """
      const log = fakeLog(), other = new CardLog(() => log.storage);
      log.add("a", 3); clock += 60000;
      const slip = log.add("a", 1); log.add("a", 4);
      other.add("b", 3);
      log.takeBack(slip);
      const tabs = [log, other, new CardLog(() => log.storage)].map(({ reviews }) => reviews.length);
      other.add("b", 4);
      const file = fakeLog(), early = fakeLog();
      early.importText(JSON.stringify({ ...JSON.parse(given), reviews: [["a", 1, slip.at]] }));
      const told = [file, early].map((one) => one.importText(log.exportText()));
      const back = log.reset(); const none = log.reviews.length; back();
      const due = [log, file, early].map(({ reviews }) => scheduleOf(reviews).get("a").due);
      const [first, last] = file.reviews.filter(({ card }) => card === "a");
      const expected = scheduleOf([{ ...first }, { ...last }]).get("a").due;
      return [[tabs, none, file.reviews.length, early.reviews.length], told, [...due, expected]];
    """,
        text_of(),
    )
    assert counts == [[3, 4, 3], 0, 3, 3]
    assert told == [{"added": 3, "known": 0, "unknownCards": []}] * 2
    assert len(set(due)) == 1


def test_a_page_has_one_log_and_hears_other_tabs(page, js):
    other = page.context.new_page()
    other.goto("http://book.test/other")
    js("localStorage.clear(); globalThis.heard = 0; const log = openLog(); log.onChange(() => { heard += 1; });")
    other.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, text_of(ONE)])
    page.wait_for_function("heard > 0 && openLog().reviews.length === 1")
    other.evaluate("(key) => localStorage.removeItem(key)", KEY)  # by hand, not by a reset: what is known stays
    page.wait_for_function("(key) => localStorage.getItem(key)", arg=KEY)
    assert js("return openLog() === openLog() && openLog().reviews.length") == 1
    other.close()


def test_a_listener_can_leave(js):
    assert js("""
      const log = fakeLog(); let heard = 0;
      const stop = log.onChange(() => { heard += 1; });
      log.add("a", 3); stop(); log.add("b", 3);
      return [heard, log.listeners.size];
    """) == [1, 0]


# --- a storage that fails ----------------------------------------------------------------------------------------


def test_a_forbidden_storage_costs_nothing_but_memory(js):
    early, late, reviews, kept = js(
        """
      const log = fakeLog(); log.storage.deny = "SecurityError";
      const early = new CardLog(() => { throw new DOMException("no", "SecurityError"); });
      early.add("a", 3);
      log.add("a", 3); log.add("b", 3);
      const late = log.problem;
      log.storage.deny = "";
      log.add("c", 3);
      const count = early.reviews.length + log.reviews.length;
      return [early.problem, late, count, log.problem + log.storage.items.get(given)];
    """,
        KEY,
    )
    assert early == late and "does not let the page store anything" in early and "Export your answers" in early
    assert reviews == 4
    assert len(json.loads(kept)["reviews"]) == 3  # stored as soon as it can be; no problem is left


def test_a_missing_storage_is_a_forbidden_one(js):
    assert "does not let the page" in js("const log = new CardLog(() => null); log.add('a', 3); return log.problem;")


def test_a_full_storage_keeps_what_it_has(js):
    problem, stored, reviews, after = js(
        """
      const log = fakeLog();
      log.add("a", 3);
      const stored = log.storage.items.get(given);
      log.storage.room = 20;
      log.add("b", 3); log.add("c", 3);
      const problem = log.problem, unchanged = log.storage.items.get(given) === stored;
      log.storage.room = 1e6;
      log.add("d", 3);
      const after = JSON.parse(log.storage.items.get(given)).reviews.length;
      return [problem, unchanged, log.reviews.length, [log.problem, after]];
    """,
        KEY,
    )
    assert "no room left" in problem and "the last 2 answers are not stored" in problem and "Export" in problem
    assert stored and reviews == 4 and after == ["", 4]


DAMAGED = {
    "not JSON": '{"format": "memory-and',
    "no text": "",
    "a word": '"hello"',
    "null": "null",
    "another format": '{"format": "deck", "version": 1, "reviews": []}',
    "no list": json.dumps({"format": FORMAT, "version": 1, "reviews": {"a": 1}}),
    "no version": json.dumps({"format": FORMAT, "reviews": []}),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_damaged_text_is_set_aside_untouched(js, text):
    problem, aside, reviews = js(
        """
      const log = fakeLog({ [given.key]: given.text });
      const early = log.problem;
      log.add("a", 3);
      const { items } = log.storage;
      return [early, items.get(`${given.key}:damaged`), JSON.parse(items.get(given.key)).reviews];
    """,
        {"key": KEY, "text": text},
    )
    assert "is damaged" in problem and f"‘{KEY}:damaged’" in problem and "new log has begun" in problem
    assert aside == text and [card for card, *_ in reviews] == ["a"]


def test_what_can_be_read_of_damaged_text_stays(js):
    text = text_of(ONE, ("B!", 3, 1), ("c", 7, 1))
    problem, cards, aside = js(
        """
      const log = fakeLog({ [given.key]: given.text });
      return [log.problem, log.reviews.map(({ card }) => card), log.storage.items.get(`${given.key}:damaged`)];
    """,
        {"key": KEY, "text": text},
    )
    assert 'answer 2 has the card "B!"' in problem and "what can be read of it (1) is still here" in problem
    assert cards == ["a"] and aside == text


def test_earlier_damage_is_not_overwritten(js):
    items = js(
        """
      const log = fakeLog({ [given]: "bad 2", [`${given}:damaged`]: "bad 1" });
      new CardLog(() => log.storage);
      return Object.fromEntries(log.storage.items);
    """,
        KEY,
    )
    assert items == {KEY: "bad 2", f"{KEY}:damaged": "bad 1", f"{KEY}:damaged-2": "bad 2"}


def test_damaged_text_without_room_for_a_copy_is_left_alone(js):
    problem, stored, reviews = js(
        """
      const storage = new FakeStorage({ [given]: "bad" }); storage.room = 1;
      const log = new CardLog(() => storage);
      storage.room = 1e6;
      log.add("a", 3);
      return [log.problem, storage.items.get(given), log.reviews.length];
    """,
        KEY,
    )
    assert "is damaged" in problem and "left as it is" in problem and stored == "bad" and reviews == 1


def test_a_newer_edition_s_log_is_never_overwritten(js):
    text = json.dumps({"format": FORMAT, "version": 2, "answers": "in another form"})
    problem, stored, reviews, exported = js(
        """
      const log = fakeLog({ [given.key]: given.text });
      log.add("a", 3); log.add("b", 4);
      const undo = log.reset(); undo();
      return [log.problem, Object.fromEntries(log.storage.items), log.reviews.length, log.exportText()];
    """,
        {"key": KEY, "text": text},
    )
    assert "newer edition of the book wrote it, in version 2" in problem and "Export your answers" in problem
    assert stored == {KEY: text} and reviews == 2 and len(json.loads(exported)["reviews"]) == 2


def test_a_notice_says_so_and_saves_the_answers(page, js):
    js("""
      globalThis.log = fakeLog(); log.storage.deny = "SecurityError";
      globalThis.notice = logNotice(log); document.body.replaceChildren(notice.root);
    """)
    assert page.locator("p").is_hidden()
    js("log.add('a', 3);")
    assert "Export your answers" in page.locator("p").inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export my answers").click()
    assert re.fullmatch(r"memory-and-chance-progress-\d{4}-\d\d-\d\d\.json", download.value.suggested_filename)
    assert len(json.loads(Path(download.value.path()).read_text())["reviews"]) == 1
    js("log.storage.deny = ''; log.add('b', 3); notice.close();")
    assert page.locator("p").is_hidden() and js("return log.listeners.size") == 0


# --- files -------------------------------------------------------------------------------------------------------

IMPORT = """
  const log = fakeLog({ [given.key]: given.stored }), before = [...log.storage.items].join();
  let result;
  try { result = log.importText(given.text, given.cards && new Set(given.cards)); } catch (error) {
    return { error: error.message, known: error.name === "LabError", same: before === [...log.storage.items].join() };
  }
  return { ...result, log: log.reviews.map(({ card, grade, at }) => [card, grade, at]), problem: log.problem };
"""
BAD_FILES = {
    "": "cannot be imported: it is empty; choose a file that this page exported; nothing was changed",
    "{": "it is not whole JSON: ",
    "[]": "its format is missing, not ‘memory-and-chance reviews’",
    '{"format": "x"}': 'its format is "x", not',
    text_of().replace(
        '"version": 1', '"version": 2'
    ): "a newer edition of the book wrote it, in version 2; this page knows version 1; reload this page",
    text_of().replace('"version": 1', '"version": "one"'): 'its version is "one"; this page knows version 1',
    text_of().replace("[]", "7"): "it has no list of answers",
    text_of(ONE, ("a", 3)): 'answer 2 has ["a",3], but it must be [card, grade, time]',
    text_of(ONE, ("A b", 3, 1)): 'answer 2 has the card "A b", but it must be a name of small letters',
    text_of(("a", 5, 1)): "answer 1 has the grade 5, but it must be 1, 2, 3 or 4 (or 0, taken back)",
    text_of(("a", "3", 1)): 'answer 1 has the grade "3"',
    text_of(("a", 3, 1.5)): "answer 1 has the time 1.5, but it must be a whole number of milliseconds",
    text_of(("a", 3, -1), ("a", 3, None), ("a", 9, 1)): "answer 1 has the time -1, but it must be a whole number "
    "of milliseconds since 1970 (and 2 more are wrong)",
    text_of(("a", 3, 9e15)): "answer 1 has the time 9000000000000000",
    text_of(ONE, ("a", 3, NOW + 40 * DAY)): "it has an answer from the future (2027-02-24); set the clock",
    "x" * 10_000_001: "it is too long (10.0\u202fMB)",
}


@pytest.mark.parametrize(("text", "message"), BAD_FILES.items(), ids=range(len(BAD_FILES)))
def test_a_file_that_cannot_be_imported_changes_nothing(js, text, message):
    result = js(IMPORT, {"key": KEY, "stored": text_of(TWO), "text": text})
    assert result["error"].startswith("this file cannot be imported: ") and message in result["error"]
    assert result["error"].endswith("nothing was changed") and result["known"] and result["same"]


def test_a_file_is_added_to_what_is_here(js):
    given = {"key": KEY, "stored": text_of(ONE, TWO), "text": "\ufeff" + text_of(TWO, THREE, THREE), "cards": ["a"]}
    assert js(IMPORT, given) == {
        "added": 1,
        "known": 1,
        "unknownCards": ["b"],
        "log": [list(ONE), list(TWO), list(THREE)],
        "problem": "",
    }


def test_import_is_idempotent_and_commutative(js):
    sizes, same = js(
        """
      const [one, two] = given.map((text) => { const log = fakeLog(); log.importText(text); return log; });
      const texts = [one, two].map((log) => log.exportText());
      const sizes = [one.importText(texts[0]).added, one.importText(texts[1]).added, two.importText(texts[0]).added];
      const entries = ({ reviews }) => JSON.stringify(reviews);
      return [sizes, entries(one) === entries(two) && one.reviews.length === 3];
    """,
        [text_of(ONE, TWO), text_of(THREE, TWO)],
    )
    assert sizes == [0, 1, 1] and same


def test_an_own_file_from_a_wrong_clock_can_be_imported_again(js):
    assert (
        js(
            """
      const log = fakeLog();
      clock += 40 * given; log.add("a", 3); clock -= 40 * given;
      return log.importText(log.exportText()).known;
    """,
            DAY,
        )
        == 1
    )


def test_a_reset_can_be_taken_back_and_reaches_other_tabs(js):
    counts = js(
        """
      const one = fakeLog({ [given.key]: given.text }), two = new CardLog(() => one.storage);
      const counts = [];
      const stored = () => JSON.parse(one.storage.items.get(given.key)).reviews.length;
      const note = () => counts.push([one.reviews.length, two.reviews.length, stored()]);
      const undo = one.reset(); note();
      two.add("c", 3); note();
      undo(); note();
      two.add("d", 3); note();
      return counts;
    """,
        {"key": KEY, "text": text_of(ONE, TWO)},
    )
    assert counts == [[0, 2, 0], [0, 1, 1], [3, 1, 3], [3, 4, 4]]


def test_a_reset_elsewhere_does_not_remove_what_could_not_be_stored(js):
    assert js(
        """
      const one = fakeLog({ [given.key]: given.text }), two = new CardLog(() => one.storage);
      one.storage.room = 20; two.add("unsaved", 3); one.storage.room = 1e6;
      one.reset();
      two.add("c", 3);
      return two.reviews.map(({ card }) => card);
    """,
        {"key": KEY, "text": text_of(ONE)},
    ) == ["c", "unsaved"]


def test_a_tab_that_wrote_during_a_reset_does_not_undo_it(js):
    assert js(
        """
      const log = fakeLog({ [given.key]: given.text });
      log.reset();
      log.storage.items.set(given.key, given.text);  // written by a tab that had read before the reset
      log.add("c", 3);
      return log.reviews.map(({ card }) => card);
    """,
        {"key": KEY, "text": text_of(ONE, TWO)},
    ) == ["c"]


def test_a_reset_removes_what_could_not_be_stored_here(js):
    assert js("""
      const one = fakeLog(), two = new CardLog(() => one.storage);
      one.storage.room = 20; two.add("unsaved", 3); two.reset(); one.storage.room = 1e6;
      const none = two.reviews.length;
      one.reset(); one.reset();
      two.add("c", 3);
      return [none, two.reviews.map(({ card }) => card).join()];
    """) == [0, "c"]


# --- schedule ----------------------------------------------------------------------------------------------------

TABLE = json.loads((ROOT / "tests" / "vectors" / "schedule.json").read_text(encoding="utf-8"))
REPLAY = """
  return given.map((steps) => steps.map((_, i) => {
    const reviews = steps.slice(0, i + 1).map(([grade, at]) => ({ card: "x", grade, at })), now = steps[i][1];
    const { state, stability, difficulty, due } = scheduleOf(reviews, now).get("x");
    return [state, stability, difficulty, due];
  }));
"""


def test_schedule_is_that_of_the_python_package(js):
    """States and memory agree after each answer. Due dates, where ts-fsrs adds nothing of its own: it keeps the
    intervals of Hard, Good and Easy a day apart, and rounds steps to whole minutes."""
    later = 0
    for steps, found in zip(TABLE["cases"], js(REPLAY, TABLE["cases"]), strict=True):
        for (grade, at, state, stability, difficulty, due), mine in zip(steps, found, strict=True):
            assert mine[0] == state
            assert mine[1:3] == pytest.approx([stability, difficulty], rel=1e-5)
            apart = mine[3] - due
            assert (
                apart == 0
                or (apart == DAY and state == "review" and grade > 1)
                or (abs(apart) <= 330_000 and grade == 2 and state == "learning" and due - at < DAY)
            )
            later += apart == 0
    assert later > 200


RANDOM = """
  let state = given;
  const random = (n) => { state = (Math.imul(state, 1103515245) + 12345) >>> 0; return (state >>> 8) % n; };
  const reviews = [];
  for (let card = 0; card < 12; card++) {
    let at = clock - 200 * 864e5;
    for (let k = random(9); k >= 0; k--) {
      reviews.push({ card: `card-${card}`, grade: 1 + random(4), at });
      at += random(3) ? random(20 * 864e5) : random(36e5);
    }
  }
"""


@pytest.mark.parametrize("seed", range(8))
def test_order_of_answers_in_the_log_makes_no_difference(js, seed):
    assert js(
        RANDOM
        + """
      const keyed = reviews.map((entry) => [random(1000), entry]).sort(([a], [b]) => a - b);
      const shuffled = keyed.map(([, entry]) => entry);
      const shown = (log) => JSON.stringify([...scheduleOf(log, clock)].sort(([a], [b]) => (a < b ? -1 : 1)));
      return shown(reviews) === shown(shuffled) && shown(reviews).length > 500;
    """,
        seed,
    )


@pytest.mark.parametrize("seed", range(8))
def test_an_answer_brings_what_was_previewed_and_harder_grades_come_earlier(js, seed):
    """The replay of the log with one more answer is the step from its schedule: for all four grades."""
    checked = js(
        RANDOM
        + """
      let checked = 0;
      for (const [card, entry] of [...scheduleOf(reviews, clock), ["new", undefined]]) {
        const previews = previewOf(entry, clock);
        for (const { grade, due, interval, state } of previews) {
          const next = scheduleOf([...reviews, { card, grade, at: clock }], clock).get(card);
          checked += next.due === due && next.state === state && due - clock === interval && interval > 0;
        }
        const dues = previews.map(({ due }) => due);
        checked += dues.every((due, i) => i === 0 || due >= dues[i - 1]) && dues[0] < dues[3];
      }
      return checked;
    """,
        seed,
    )
    assert checked == 13 * 5


def test_answers_of_a_wrong_clock_are_left_out(js):
    assert js(
        """
      const answer = (card, later) => ({ card, grade: 3, at: clock + later });
      const reviews = [answer("a", 9 * given), answer("b", given / 2)];
      const schedule = scheduleOf(reviews, clock);
      return [...schedule.keys(), previewOf(schedule.get("b"), clock).length];
    """,
        DAY,
    ) == ["b", 4]


def test_retrievability_is_nine_in_ten_after_the_stability(js):
    p = js(
        """
      const reviews = [{ card: "a", grade: 4, at: clock }], { stability } = scheduleOf(reviews, clock).get("a");
      const later = (days) => scheduleOf(reviews, clock + days * given).get("a").retrievability;
      return [0, Math.round(stability), 900].map(later);
    """,
        DAY,
    )
    assert p[0] == 1 and p[1] == pytest.approx(0.9, abs=0.01) and p[2] < 0.7


def test_cards_of_days_are_due_from_the_morning_on(js):
    due, start = js("""
      const { due, days } = previewOf(undefined, clock).map(({ due }) => ({ due, days: 8 })).at(-1);
      return [due, dueFrom({ due, days })];
    """)
    assert 0 <= due - start < DAY
    assert js("return [dueFrom({ due: 12345, days: 0 }), dueFrom({ due: 12345, days: 1 }) % 60000]") == [12345, 0]


def test_stages(js):
    assert js("""
      return [undefined, { state: "review", stability: 22 }, { state: "review", stability: 20 },
              { state: "relearning", stability: 30 }].map(stageOf);
    """) == ["new", "known", "learning", "learning"]


def test_intervals_are_said_as_people_say_them(js):
    spans = {
        60_000: "1 min",
        1: "1 min",
        600_000: "10 min",
        3_600_000: "1 hour",
        5 * 3_600_000: "5 hours",
        DAY: "1 day",
        21 * DAY: "21 days",
        70 * DAY: "2 months",
        800 * DAY: "2 years",
    }
    said = js("return given.map(spokenInterval)", list(spans))
    assert [text.replace("\u202f", " ") for text in said] == list(spans.values())


# --- where it comes from -----------------------------------------------------------------------------------------


def test_the_schedule_carries_its_licence_and_is_in_the_review_view_only():
    source = (ROOT / "lmkit" / "widgets" / "static" / "fsrs.js").read_text(encoding="utf-8")
    folder = ROOT / "third_party" / "ts-fsrs"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]["ts-fsrs"]
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]["node_modules/ts-fsrs"]
    assert source.startswith("/* Generated by third_party/ts-fsrs/build.js: do not edit. ")
    assert f"Contains ts-fsrs {wanted}." in source and locked["version"] == wanted and locked["integrity"]
    licence = (folder / "LICENSE.txt").read_text(encoding="utf-8").strip()
    assert "MIT License" in licence and licence in source
    assert "tsFsrs" in ReviewView._esm and "Open Spaced Repetition" in ReviewView._esm
    assert "tsFsrs" not in StudyView._script and "localStorage" in StudyView._script
