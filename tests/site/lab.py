"""Drives any lab as a reader does: its controls by pointer and by keyboard, on the page that its state describes."""

from __future__ import annotations

import base64
import copy
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page, expect

PATIENCE = 20_000  # ms after which something that should happen counts as not happening
STYLES = {"lmkit-wide", "lmkit-switch", "lmkit-choice"}  # classes that say how a control stands, not which it is
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))"


# Scrolls until the middle of a handle can be pressed: the site's header and a lab's stage may lie over it, and for a
# moment the page's contents, which the theme puts away where a lab is.
UNCOVER = """(handle) => ["nearest", "center", "end"].some((block) => {
  handle.scrollIntoView({ block, behavior: "instant" });
  const { left, right, top, bottom } = handle.getBoundingClientRect();
  return handle.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
})"""


@dataclass(frozen=True)
class Control:
    """A control of a lab, as the page's state describes it."""

    name: str
    kind: str
    default: Any
    options: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float = 1.0

    @classmethod
    def of(cls, name: str, model: dict) -> Control:
        kind, state = model["model_name"].removesuffix("Model"), model["state"]
        if "_options_labels" in state:
            labels = tuple(state["_options_labels"])
            return cls(name, kind, labels[state["index"]], labels, 0, len(labels) - 1)
        if kind == "Combobox":
            return cls(name, kind, state["value"], tuple(state["options"]))
        if "min" not in state:
            return cls(name, kind, state["value"])
        return cls(name, kind, state["value"], (), state["min"], state["max"], state.get("step") or 1)

    def place(self, value: Any) -> float:
        """Where a value lies on the control's scale: itself, or its place among the options."""
        return self.options.index(value) if self.options else value

    def at(self, place: float) -> Any:
        return self.options[int(place)] if self.options else place

    @property
    def extremes(self) -> list[Any]:
        """The maximum, the minimum and the default."""
        return [self.at(self.high), self.at(self.low), self.default]


@dataclass
class Plan:
    """A lab as the state of a page or notebook describes it: its kind, its controls, and the view's own settings."""

    kind: str
    controls: dict[str, Control]
    view: dict[str, Any] = field(repr=False)

    @property
    def models(self) -> list[str]:
        return [entry["name"] for entry in self.view["models"]]


def plans(state: dict[str, dict], shown: list[str], kind: str | None = None) -> list[Plan]:
    """The labs among the widgets that a page shows, in order; of one kind of view, or all."""
    labs = [key for key in shown if "lmkit-lab" in state[key]["state"].get("_dom_classes", ())]
    return [plan for plan in (_plan(state, key) for key in labs) if kind in (None, plan.kind)]


def _plan(state: dict[str, dict], key: str) -> Plan:
    def parts(model: dict) -> list[dict]:
        return [state[child.removeprefix("IPY_MODEL_")] for child in model["state"].get("children", ())]

    children = parts(state[key])
    view = next(_with_buffers(child) for child in children if child["model_name"] == "AnyModel")
    controls = {}
    for model in (model for box in children for model in parts(box)):
        classes = [name for name in model["state"]["_dom_classes"] if name.startswith("lmkit-")]
        name = next(name for name in classes if name not in STYLES).removeprefix("lmkit-").replace("-", "_")
        controls[name] = Control.of(name, model)
    return Plan(view["_anywidget_id"].rsplit(".", 1)[-1], controls, view)


def _with_buffers(model: dict) -> dict[str, Any]:
    """The state of a widget with the bytes that a page has beside it, such as files of models."""
    state = copy.deepcopy(model["state"])
    for buffer in model.get("buffers", ()):
        *path, last = buffer["path"]
        place = state
        for part in path:
            place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
        place[last] = base64.b64decode(buffer["data"])
    return state


def eventually(
    page: Page, read: Callable[[], Any], holds: Callable[[Any], bool], explain: Callable[[Any], Any] = repr
) -> Any:
    """Read from a page until it holds what is expected, and return that; fail where it does not in good time."""
    end = time.monotonic() + PATIENCE / 1000
    while not holds(found := read()):
        assert time.monotonic() < end, f"the page shows {explain(found)}"
        page.wait_for_timeout(20)
    return found


class Lab:
    """One lab on an open page.

    Parameters
    ----------
    root : Locator of its `.lmkit-lab`, or None
        Without one there is nothing to drive or to read; what Python says of the lab can still be asked.
    plan : Plan

    Attributes
    ----------
    values : dict of str to value
        What each control stands at; the methods below keep it.
    """

    def __init__(self, root: Locator | None, plan: Plan):
        self.root, self.plan, self.page = root, plan, root and root.page
        self.values = {name: control.default for name, control in plan.controls.items()}

    def __getitem__(self, name: str) -> Locator:
        """The element of a control."""
        return self.root.locator(f".lmkit-controls > .lmkit-{name.replace('_', '-')}")

    def handle(self, name: str) -> Locator:
        return self[name].locator(".noUi-handle")

    def check_names(self) -> set[str]:
        """Every control in sight is found by its visible label, and by its role if it has one; return which."""
        seen = {name: control for name, control in self.plan.controls.items() if self[name].is_visible()}
        for name, control in seen.items():
            label = self[name].locator(".widget-label").inner_text().strip()
            assert label
            role = "slider" if "Slider" in control.kind else "radiogroup" if control.kind == "RadioButtons" else None
            by_role = self[name].get_by_role(role, name=label, exact=True) if role else None
            expect(by_role or self[name].get_by_label(label, exact=True)).to_have_count(1)
        return set(seen)

    @property
    def problem(self) -> Locator:
        return self.root.locator(".lmkit-problem")

    # what the reader does

    def drag(self, name: str, value: Any) -> None:
        """Drag a slider's handle to a value with the mouse."""
        control = self.plan.controls[name]
        fraction = (control.place(value) - control.low) / (control.high - control.low)
        free = self.handle(name)
        eventually(self.page, lambda: free.evaluate(UNCOVER), bool, lambda _: f"the handle of {name} covered")
        handle, track = self.handle(name).bounding_box(), self[name].locator(".noUi-base").bounding_box()
        middle = track["y"] + track["height"] / 2
        beyond = {0: -30, 1: 30}.get(fraction, 0)  # the ends are reached by pulling past them
        self.page.mouse.move(handle["x"] + handle["width"] / 2, middle)
        self.page.mouse.down()
        self.page.mouse.move(track["x"] + fraction * track["width"] + beyond, middle, steps=4)
        self.page.mouse.up()
        pixel = (control.high - control.low) / track["width"]
        self.values[name] = eventually(
            self.page,
            lambda: self.readout(name),
            lambda reached: abs(control.place(reached) - control.place(value)) <= max(pixel, 1e-9),
        )

    def readout(self, name: str) -> Any:
        """The value that a slider shows beside it."""
        shown, control = self[name].locator(".widget-readout").text_content(), self.plan.controls[name]
        return shown if control.options else type(control.default)(float(shown.replace("−", "-")))

    def press_to(self, name: str, value: Any) -> None:
        """Bring a slider to a value by keyboard: Home, End, or the arrow keys from where it stands."""
        control = self.plan.controls[name]
        self.handle(name).focus()
        ends = {control.low: "Home", control.high: "End"}
        if (place := control.place(value)) in ends:
            self.page.keyboard.press(ends[place])
        else:
            steps = round((place - control.place(self.values[name])) / control.step)
            for _ in range(abs(steps)):
                self.page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")
        self.values[name] = value

    def choose(self, name: str, value: str, keyboard: bool = False) -> None:
        """Choose among labelled options: radio buttons or a drop-down list."""
        control = self.plan.controls[name]
        self[name].scroll_into_view_if_needed()  # a reader sees what is chosen; a model comes when a reader is near
        if control.kind == "Dropdown":
            select = self[name].locator("select")
            if keyboard:
                steps = control.place(value) - control.place(self.values[name])
                select.focus()
                for _ in range(abs(steps)):
                    self.page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
            else:
                select.select_option(value)
        else:
            option = self[name].get_by_label(value, exact=True)
            if keyboard:
                option.focus()
                self.page.keyboard.press("Space")
            else:
                option.click()
        self.values[name] = value
        self.wait_while_it_loads()

    def wait_while_it_loads(self) -> None:
        """Wait as a reader does to whom a lab says that it loads a model: it may write fields and put controls away."""
        self.page.evaluate(TWO_FRAMES)
        self.root.locator(".lmkit-progress:not([hidden])").wait_for(state="hidden", timeout=4 * PATIENCE)

    def type(self, name: str, value: Any, keyboard: bool = False) -> None:
        """Write into a field, all at once or key by key."""
        entry = self[name].locator("input")
        if keyboard:
            entry.focus()
            self.page.keyboard.press("ControlOrMeta+a")
            self.page.keyboard.type(str(value))
        else:
            entry.fill(str(value))
        self.page.keyboard.press("Enter")
        self.values[name] = value

    def toggle(self, name: str, value: bool, keyboard: bool = False) -> None:
        """Tick or untick a check box."""
        box = self[name].locator("input[type=checkbox]")
        if box.is_checked() != value:
            box.press("Space") if keyboard else box.click()
        self.values[name] = value

    def set(self, name: str, value: Any, keyboard: bool = False) -> None:
        """Bring any control to a value, by pointer or by keyboard."""
        kind = self.plan.controls[name].kind
        if "Slider" in kind:
            (self.press_to if keyboard else self.drag)(name, value)
        elif kind in ("Dropdown", "RadioButtons"):
            self.choose(name, value, keyboard)
        elif kind == "Checkbox":
            self.toggle(name, value, keyboard)
        else:
            self.type(name, value, keyboard)

    def step_through(self, name: str, values: Iterable[Any], keyboard: bool = False) -> None:
        """Bring a control to one value after the other: each time the page shows something else, and what is right.

        For labs whose driver has a `check`, which returns what is shown.
        """
        shown = self.check()
        for value in values:
            if self.values[name] == value:
                continue
            self.set(name, value, keyboard)
            shown = eventually(self.page, self.check, shown.__ne__, lambda _, v=value: f"nothing new for {name} at {v}")

    def wait_until_ready(self) -> None:
        """Come near, wait until the view shows something, and open what it folds away."""
        self.root.scroll_into_view_if_needed()
        self.root.locator(".lmkit-content:not([hidden]) [data-filled] > *:visible").first.wait_for(timeout=4 * PATIENCE)
        self.root.evaluate("(lab) => { for (const part of lab.querySelectorAll('.lmkit-folded')) part.open = true; }")
