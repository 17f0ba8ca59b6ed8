"""The labs in a live JupyterLab: the same cells, with a kernel."""

import copy
import io
import re
from contextlib import ExitStack

import nbformat
import pytest
from ipywidgets.embed import dependency_state
from PIL import Image
from playwright.sync_api import Page, expect

from lmkit.models import LSTMLanguageModel
from lmkit.text import Vocab
from lmkit.widgets import DecodingLab, DropoutLab, ParameterLab
from tests.site import book, pictures
from tests.site import test_saving as saving
from tests.site import test_toolbar as toolbar
from tests.site.jupyterlab import TOKEN, jupyterlab
from tests.site.lab import PATIENCE, Lab, eventually, plans
from tests.site.page_faults import PageFaults
from tests.widgets.decoding.driver import DecodingLab as Driver
from tests.widgets.decoding.test_page import FULL, KIND

pytestmark = [pytest.mark.site, pytest.mark.slow]

OWN_MODEL = """
import torch
from lmkit.models import LSTMLanguageModel
from lmkit.text import Vocab

def own_model():
    torch.manual_seed(3)
    words = Vocab("the cat sat on a mat and slept .".split())
    model = LSTMLanguageModel(len(words), embedding_size=8, hidden_size=12)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    return model, words
"""
OWN_LAB = "lab = DecodingLab(*own_model())\nlab"
DECODED_BY_KERNEL = 'print("kernel:", lab.decoded())'


def own_model() -> tuple[LSTMLanguageModel, Vocab]:
    """The model that the cell above makes."""
    scope = {}
    exec(OWN_MODEL, scope)
    return scope["own_model"]()


def live_copy(document: str) -> nbformat.NotebookNode:
    """A chapter's imports and its decoding labs, not yet run, and a lab with a model that nobody has seen before."""
    first, *others = book.code_cells(document)
    labs = [cell for cell in others if cell.source.startswith("DecodingLab(")]
    code = [first.source, *(cell.source for cell in labs), OWN_MODEL.strip(), OWN_LAB, DECODED_BY_KERNEL]
    metadata = copy.deepcopy(book.notebook(document).metadata)
    metadata.pop("widgets", None)
    cells = [nbformat.v4.new_code_cell(source) for source in code]
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


@pytest.fixture
def run_notebook(browser, tmp_path):
    """A function that runs a notebook in JupyterLab and returns the page; the last cell must print "kernel: …"."""
    with ExitStack() as stack:

        def run(notebook: nbformat.NotebookNode) -> Page:
            folder = tmp_path / "notebooks"
            folder.mkdir()
            nbformat.write(notebook, folder / "chapter.ipynb")
            address = stack.enter_context(jupyterlab(folder, tmp_path / "jupyter"))
            context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
            stack.callback(context.close)
            context.set_default_timeout(6 * PATIENCE)
            watches.append(PageFaults(context, address))
            page = context.new_page()
            page.goto(f"{address}/lab/tree/chapter.ipynb?token={TOKEN}")
            page.locator(".jp-Notebook .jp-Cell").first.wait_for()
            page.get_by_text(re.compile(r"\(ipykernel\) \| Idle$")).wait_for()  # the kernel, in the status bar
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name=re.compile("^Run All Cells$")).click()
            page.get_by_text(re.compile("^kernel: ")).wait_for()
            return page

        watches = []
        yield run
    assert [fault for watch in watches for fault in watch.faults] == []


def test_decoding_labs_work_in_jupyterlab(run_notebook):
    """Each of the chapter's labs appears and follows its controls, and so does one with a reader's own model."""
    page = run_notebook(live_copy(FULL[0]))
    found = plans(*book.built_widgets(FULL[0]), KIND)
    for place, plan in enumerate(found):
        lab = lab_at(page, place, plan)
        move_every_slider(lab)
    model, words = own_model()
    lab = lab_at(page, len(found), plan_of(DecodingLab(model, words)), own=(model.stepper(), words))
    move_every_slider(lab)
    page.get_by_text("lab.decoded()").click()
    page.keyboard.press("Shift+Enter")
    text = " ".join(lab.check()["tokens"])
    expect(page.get_by_text(re.compile("^kernel: "))).to_have_text(f"kernel: {text}", timeout=PATIENCE)


def lab_at(page, place: int, plan, own=None) -> Driver:
    lab = Driver(page.locator(".lmkit-lab").nth(place), plan, own)
    lab.root.scroll_into_view_if_needed()
    lab.wait_until_ready()
    return lab


def plan_of(lab: DecodingLab):
    return plans(dependency_state([lab], drop_defaults=False), [lab.model_id])[0]


def move_every_slider(lab: Driver) -> None:
    """By keyboard; each is named, and changes what is shown, there and back, as Python decodes."""
    lab.check()
    for name, control in lab.plan.controls.items():
        if not lab.applies(name) or control.kind not in ("IntSlider", "FloatSlider", "SelectionSlider"):
            continue
        label = lab[name].locator(".widget-label").inner_text()
        expect(lab[name].get_by_role("slider", name=label, exact=True)).to_have_count(1)
        before, low = lab.check(), control.at(control.low)
        lab.press_to(name, low if control.default != low else control.at(control.high))
        assert lab.check() != before, f"{name} changes nothing"
        lab.press_to(name, control.default)
        assert lab.check() == before


# Whether a lab lies over everything, from one corner of the window to the other.
COVERED = """() => [[4, 4], [innerWidth - 30, 4], [4, innerHeight - 4], [innerWidth / 2, innerHeight / 2]].every(
  ([x, y]) => document.elementFromPoint(x, y)?.closest(".lmkit-lab.lmkit-full"))"""
MEASURED = dict.fromkeys(("grammatical", "log_prob", "distinct_2", "self_bleu", "things"), (0.5, 0.01))
POINTS = {"top_p": {0.5: MEASURED, 0.9: MEASURED | {"distinct_2": (0.6, 0.01)}}}
OTHER_LABS = [
    "BeamTreeLab(num_beams=4)",
    f"ComparisonLab(points={POINTS}, truth={MEASURED}, prompts=['one morning anna'], value=0.5)",
    "CountingLab()",
    "UnrollLab(RecurrentLanguageModel(30, 8, 12), human_numbers.vocab(), text='one . two . three .')",
    "ParameterLab()",
    "FillIn('two and two is {{sum}}', {'sum': '4'})",
    "ReachLab()",
    "DropoutLab()",
    "RegularisationLab()",
    "AblationLab()",
    "RibbonLab()",
    "Microscope()",
    "TranslateLab()",
    "TrainLab()",
    "LengthLab()",
    "PaddingLab()",
    "Quiz('lstm')",
    "Flashcards('lstm', 'The additive path')",
    "Review(['lstm'])",
]
IMPORTS = """
from lmkit.datasets import human_numbers
from lmkit.models import RecurrentLanguageModel
from lmkit.widgets import AblationLab, BeamTreeLab, ComparisonLab, CountingLab, DropoutLab, FillIn, Flashcards
from lmkit.widgets import LengthLab, Microscope, PaddingLab, ParameterLab, Quiz, ReachLab, RegularisationLab, Review
from lmkit.widgets import RibbonLab, TrainLab, TranslateLab, UnrollLab
"""


def test_other_labs_work_in_jupyterlab(run_notebook):
    """Each appears, and shows something else after its first slider, box or field was used."""
    cells = [nbformat.v4.new_code_cell(code.strip()) for code in (IMPORTS, *OTHER_LABS, "print('kernel: done')")]
    page = run_notebook(nbformat.v4.new_notebook(cells=cells, metadata=book.notebook(FULL[0]).metadata))
    for place, code in enumerate(OTHER_LABS):
        root = page.locator(".lmkit-lab").nth(place)
        root.scroll_into_view_if_needed()
        content = root.locator(".lmkit-content:not([hidden])")
        content.locator("[data-filled] > *:visible").first.wait_for()
        before = content.inner_html()
        if code.startswith("FillIn"):
            root.locator(".lmkit-content input").first.fill("4")
            page.keyboard.press("Enter")
        elif code == "LengthLab()":
            root.get_by_role("radio", name="15 words").check()
        elif code == "AblationLab()":
            root.get_by_role("checkbox").first.uncheck()
        elif code.startswith(("Quiz", "Flashcards", "Review")):
            root.get_by_role("button", name=re.compile("^(Skip|Show the answer|Start the session)$")).click()
        else:
            handle = root.locator(".noUi-handle:visible").first
            handle.press("Home")
            handle.press("ArrowRight")
        eventually(page, content.inner_html, before.__ne__, lambda _, code=code: f"nothing new of {code}")


def test_toolbar_works_in_jupyterlab(run_notebook, browser):
    """Reset, the full screen and files, which Python sends the code for; no link, for no address brings a lab back."""
    shown = {"ParameterLab()": ParameterLab, "DropoutLab()": DropoutLab}
    cells = [nbformat.v4.new_code_cell(code.strip()) for code in (IMPORTS, *shown, "print('kernel: done')")]
    page = run_notebook(nbformat.v4.new_notebook(cells=cells, metadata=book.notebook(FULL[0]).metadata))
    for place, kind in enumerate(shown.values()):
        lab = Lab(page.locator(".lmkit-lab").nth(place), plan_of(kind()))
        lab.root.scroll_into_view_if_needed()
        lab.wait_until_ready()
        expect(toolbar.bar(lab).get_by_role("button", name="Copy link")).to_be_hidden()
        before = toolbar.controls_shown(lab)
        toolbar.move_all(lab)
        assert toolbar.controls_shown(lab) != before
        toolbar.press(lab, "Reset")
        eventually(page, lambda lab=lab: toolbar.controls_shown(lab), before.__eq__)

        svg = saving.save(lab, "svg")[1].decode()
        assert pictures.faults(svg) == []
        image = Image.open(io.BytesIO(saving.save(lab, "png")[1]))
        assert image.size == tuple(2 * side for side in pictures.drawn(browser, svg).size)
        rows = saving.rows_of(saving.save(lab, "csv")[1])
        assert saving.missing(saving.content_of(lab).evaluate(saving.CELLS), rows) == []

        toolbar.press(lab, "Full screen")
        page.wait_for_function(COVERED)
        toolbar.press(lab, "Leave full screen")
        expect(page.locator(".lmkit-full")).to_have_count(0)
