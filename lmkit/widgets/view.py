"""The view that decodes in the reader's browser: an anywidget whose traits the sliders are linked to."""

from __future__ import annotations

import anywidget
import traitlets as T

from lmkit.plots import roles
from lmkit.widgets import assets, bundle


class DecodingView(anywidget.AnyWidget):
    """Shows a decoded text and the distribution behind one of its tokens; `DecodingLab` adds the controls.

    All traits are plain settings that travel to the browser. Python computes nothing here; it only sends the
    assets that a live notebook's browser asks for.
    """

    _esm = bundle.bundle("lab.js")
    _css = roles.css() + (bundle.FOLDER / "lab.css").read_text(encoding="utf-8")

    models = T.List(T.Dict(), help="What can be chosen: name, title, key, truth, own, prompts.").tag(
        sync=True
    )
    weights = T.Bytes(b"", help="The model file of a reader's own model.").tag(sync=True)
    model_index = T.Int(0).tag(sync=True)
    method_index = T.Int(0, help="Place in settings.METHODS.").tag(sync=True)
    prompt = T.Unicode().tag(sync=True)
    suggestions = T.List(T.Unicode(), help="Prompts that suit the model; the view sets them.").tag(sync=True)
    temperature = T.Float(1.0).tag(sync=True)
    top_ks = T.List(T.Int(allow_none=True), help="The choices for k; None keeps every token.").tag(sync=True)
    top_k_index = T.Int(0).tag(sync=True)
    top_p = T.Float(1.0).tag(sync=True)
    num_beams = T.Int(5).tag(sync=True)
    length_penalty = T.Float(1.0).tag(sync=True)
    max_new_tokens = T.Int(20).tag(sync=True)
    seed = T.Int(0).tag(sync=True)
    position = T.Int(1, help="The step that is inspected, from 1.").tag(sync=True)
    sampling_display = T.Unicode("", help="CSS display of sampling's controls; the view sets it.").tag(
        sync=True
    )
    beam_display = T.Unicode("", help="CSS display of beam search's controls; the view sets it.").tag(
        sync=True
    )

    def __init__(self, **traits):
        super().__init__(**traits)
        self.on_msg(self._answer)

    def _answer(self, _, message: dict, __) -> None:
        """Send an asset that the browser needs."""
        name = message.get("need")
        if name == assets.GRAMMAR:
            self.send({"asset": name, "content": assets.grammar()})
        elif name:
            self.send({"asset": name}, buffers=[assets.model_bytes(name)])
