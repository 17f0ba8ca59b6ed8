"""Cut STIX Two Math down to the signs that the book's equations use (400 KB to about 40 KB).

    npm pack @fontsource/stix-two-math@5.3.0 && tar xf fontsource-stix-two-math-5.3.0.tgz
    pip install fonttools brotli
    python subset.py package/files/stix-two-math-latin-400-normal.woff2

The result, ``stix-two-math.woff2``, is committed; the font's licence is ``OFL.txt``. A sign that is not in
the font falls back to one of the reader's own fonts.
"""

import argparse
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

RANGES = [
    (0x20, 0x7E),  # ASCII
    (0x391, 0x3A9),
    (0x3B1, 0x3C9),  # Greek
    (0x1D400, 0x1D467),  # Latin: bold, italic
    (0x1D6E2, 0x1D71B),  # Greek: italic
    (0x2061, 0x2064),  # invisible operators
]
SINGLES = (
    "\N{NO-BREAK SPACE}±·×÷¬¯ˆ˜ϑϕϱϵ…‖′″‾ ℂℎℒℓℕℙℚℝℤ𝒟𝒩𝔼𝕀𝟙"
    "←↑→↓↔↦⇐⇒⇔∀∂∃∅∇∈∉∋∏∑−∓∕∖∗∘√∝∞∣∥∧∨∩∪∫∼≈≔≠≡≤≥≪≫⊂⊃⊆⊇⊕⊗⊙⊢⊤⊥⊨⋅⋮⋯⋱⌈⌉⌊⌋⎴⎵⏞⏟⟨⟩"
    "\u0302\u0303\u0304\u0305\u0307\u0308\u20d7\u2003\u2009\u200a"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("font", type=Path, help="the whole font")
    font = TTFont(parser.parse_args().font)
    features, names = ["ssty", "dtls", "kern"], [0, 1, 2, 4, 6, 13, 14]
    options = subset.Options(layout_features=features, hinting=False, name_IDs=names)
    cutter = subset.Subsetter(options)
    signs = {ord(sign) for sign in SINGLES}.union(*(range(first, last + 1) for first, last in RANGES))
    cutter.populate(unicodes=signs)
    cutter.subset(font)
    font.flavor = "woff2"
    font.save(Path(__file__).with_name("stix-two-math.woff2"))


if __name__ == "__main__":
    main()
