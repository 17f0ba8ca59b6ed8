"""A built book of three pages, with all that paper treats in its own way."""

import base64
import io
from pathlib import Path

from PIL import Image

from paper import settings
from paper.epub import FONT
from paper.settings import Part, Settings

BOOK = Settings(
    "Small: a book & more",
    "The <authors>",
    "en",
    "https://example.org/small",
    (Part("", ("book/intro",)), Part("One", ("book/one", "book/two"))),
)
SVG_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><rect width="9" height="9"/></svg>'
DATA = base64.b64encode(SVG_PICTURE.encode()).decode()
LAB = f'<img class="lmkit-picture" alt="A lab" src="data:image/svg+xml;base64,{DATA}">'

INTRO = """<section id="small"><h1>Small<a class="headerlink" href="#small">#</a></h1>
<p>Begin with <a href="one.html">one</a>, and go on as far as you like to.</p>
<div class="paper-editions"></div><section id="chapters"><h2>Chapters</h2>
<div class="toctree-wrapper"><ul><li>One</li></ul></div></section>
</section>"""
ONE = f"""<section id="first"><h1>First</h1>
<p>See <a href="two.html#deep">two</a>, <a href="two.html#gone">what is gone</a>, <a href="#folded">here</a>,
<a href="review.html#x">a page left out</a> and <a href="../_static/deck.apkg">the deck</a>.</p>
<div class="cell"><details class="admonition hide above-input">
<summary>Show</summary><pre>drawing code</pre></details></div>
<section id="folded"><h2>Folded</h2>
<p>A formula: <span class="math"><math><mi>x</mi><mo>&lt;</mo><mn>1</mn></math></span>.</p>
<div class="cell"><pre>shown code</pre><div class="cell_output"><noscript>{LAB}</noscript>
<script type="application/vnd.jupyter.widget-view+json">{{}}</script></div></div>
<div><noscript><div class="lmkit-cards"><p><strong>Quiz: think first</strong></p><ol>
<li><div>One or two?</div><ul><li>one</li><li>two</li></ul>
<details><summary>Answer</summary><div>It is one.</div></details></li>
<li><div>And three?</div><details><summary>Answer</summary><div>No.</div></details></li></ol></div></noscript></div>
<div class="dropdown admonition"><p class="admonition-title">Answers</p>
<ol><li>Forty-two.</li></ol></div>
<div class="dropdown admonition"><p class="admonition-title">A record</p><p>Unfolded.</p></div></section></section>"""
TWO = """<section id="second"><h1>Second</h1><p><img alt="A chart" src="../_images/chart.png"></p>
<section id="deep"><h2>Deep</h2><p>Back <a href="one.html#folded">there</a>.
<svg viewBox="0 0 9 9" role="img" aria-label="Arrow">
<defs><marker id="tip"></marker></defs><path d="M0 0L9 9" marker-end="url(#tip)"/></svg></p></section></section>"""


def write(folder: Path) -> Path:
    """Write the built book of three pages into a folder, and return that."""
    for name, article in {"intro": INTRO, "one": ONE, "two": TWO}.items():
        path = folder / "book" / f"{name}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'<html><body><article class="bd-article">{article}</article></body></html>', "utf-8")
    static = folder / "_static"
    (static / "vendor").mkdir(parents=True)
    (static / "pygments.css").write_text('html[data-theme="light"] .k { color: #00f }\nhtml[data-theme="dark"] .k {}\n')
    (static / "lmkit-roles.css").write_text(":root {\n  --lm-i: #009e73;\n}\n")
    font = settings.ROOT / "third_party" / "math-font" / FONT
    (static / "vendor" / FONT).write_bytes(font.read_bytes())
    (folder / "_images").mkdir()
    (folder / "_images" / "chart.png").write_bytes(png())
    return folder


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (2, 3)).save(file, "png")
    return file.getvalue()
