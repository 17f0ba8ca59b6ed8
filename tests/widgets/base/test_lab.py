"""What all labs share: how they are displayed."""

import re

from lmkit.widgets import ParameterLab

IMAGE = r'<img class="lmkit-picture" alt="[^"<>]+" src="data:image/svg\+xml;base64,[\w+/=]+">'


def test_a_display_brings_the_widget_and_a_picture_for_those_who_cannot_show_it():
    lab = ParameterLab()
    bundle = lab._repr_mimebundle_()
    assert bundle["text/plain"] == repr(lab)
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == lab.model_id
    assert re.fullmatch(IMAGE, bundle["text/html"])
