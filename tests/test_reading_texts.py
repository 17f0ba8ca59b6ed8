"""What a text file may hold besides words: each mark and encoding is read rightly and told, or refused."""

import json
import re
import unicodedata

import pytest

from lmkit import pretrained
from lmkit.__main__ import main
from lmkit.text import Vocab, normalise, read_text
from tests.test_main import SMALL

PLAIN = "the café sat on the naïve mat . "
WORDS = PLAIN.split()
LONG = (PLAIN * 12).strip()
NFD = unicodedata.normalize("NFD", LONG)

READ = {  # how the text is written: its bytes, and what is told of it
    "plain": (LONG.encode(), []),
    "byte order mark": (LONG.encode("utf-8-sig"), ["byte order mark dropped"]),
    "two byte order marks": (
        b"\xef\xbb\xbf" + LONG.encode("utf-8-sig"),
        ["byte order mark dropped", "1 invisible mark"],
    ),
    "byte order mark inside": (LONG.replace("sat", "\ufeffsat", 1).encode(), ["1 invisible mark dropped"]),
    "CRLF": (LONG.replace(" . ", " .\r\n").encode(), []),
    "lone CR": (LONG.replace(" . ", " .\r").encode(), []),
    "LF at the end": (LONG.encode() + b"\n", []),
    "tabs, form feeds, vertical tabs": (LONG.replace(" . ", "\t.\f\v").encode(), []),
    "next line, line and paragraph separators": (LONG.replace(" . ", "\x85.\u2028\u2029").encode(), []),
    "no-break spaces": (LONG.replace(" sat", "\xa0sat").replace(" mat", "\u202fmat").encode(), []),
    "ideographic spaces": (LONG.replace(" sat", "\u3000sat").encode(), []),
    "zero-width space at a word": (LONG.replace(" sat", " \u200bsat", 2).encode(), ["2 zero-width spaces made spaces"]),
    "zero-width space between words": (
        LONG.replace(" sat", "\u200bsat", 1).encode(),
        ["1 zero-width space made spaces"],
    ),
    "soft hyphens": (LONG.replace("naïve", "na\xadïve", 3).encode(), ["3 invisible marks dropped"]),
    "word joiner": (LONG.replace("mat", "mat\u2060", 1).encode(), ["1 invisible mark dropped"]),
    "marks of direction": (LONG.replace("mat", "\u200emat\u200f", 1).encode(), ["2 invisible marks dropped"]),
    "isolates": (LONG.replace("mat", "\u2066mat\u2069", 1).encode(), ["2 invisible marks dropped"]),
    "NFD": (NFD.encode(), ["letters and their accents joined"]),
    "NFD and NFC": ((NFD + " " + LONG).encode(), ["letters and their accents joined"]),
    "UTF-16, little-endian": (b"\xff\xfe" + LONG.encode("utf-16-le"), ["read as UTF-16"]),
    "UTF-16, big-endian": (b"\xfe\xff" + LONG.encode("utf-16-be"), ["read as UTF-16"]),
    "UTF-16 in NFD": (b"\xff\xfe" + NFD.encode("utf-16-le"), ["read as UTF-16", "letters and their accents joined"]),
    "UTF-32, little-endian": (b"\xff\xfe\0\0" + LONG.encode("utf-32-le"), ["read as UTF-32"]),
    "UTF-32, big-endian": (b"\0\0\xfe\xff" + LONG.encode("utf-32-be"), ["read as UTF-32"]),
    "UTF-8 with Windows' ends of lines and mark": (
        LONG.replace(" . ", " .\r\n").encode("utf-8-sig"),
        ["byte order mark dropped"],
    ),
}
REFUSED = {  # its bytes, and what is said: the rule, the place, the remedy
    "NUL": (
        LONG.replace("sat", "s\0t", 1).encode(),
        r"no control characters, but .* has '\\x00' in line 1; save it as UTF",
    ),
    "NUL in line 3": (b"a\nb\r\nc\0", r"has '\\x00' in line 3; save it as UTF-8, if it is UTF-16"),
    "UTF-16 without a mark": (LONG.encode("utf-16-le"), r"a text must be UTF-8, but|has '\\x00' in line 1"),
    "ASCII as UTF-16 without a mark": ("a b\n".encode("utf-16-be") * 40, r"has '\\x00' in line 1; .* if it is UTF-16"),
    "Latin-1": (LONG.encode("latin-1"), r"UTF-8, but .* at byte 7, in line 1; save it as UTF-8, or .*`iconv -f LATIN1"),
    "Latin-1 in line 2": (b"plain\ncaf\xe9 .", "at byte 9, in line 2; save it"),
    "cut in a letter": (LONG.encode()[:8], "must be UTF-8, but .* unexpected end of data at byte 7"),
    "UTF-16 that is cut": (
        b"\xff\xfe" + LONG.encode("utf-16-le") + b"a",
        "must be UTF-16, but .* is not: truncated data",
    ),
    "surrogate": (b"a \xed\xa0\x80 b", "must be UTF-8, but .* at byte 2"),
    "bell": (LONG.encode() + b"\a", r"has '\\x07' in line 1; remove them"),
    "escape": (b"\x1b[31mred\x1b[0m a b", r"has '\\x1b' in line 1; remove them"),
    "DOS end of file": (LONG.encode() + b"\r\n\x1a", r"has '\\x1a' in line 2"),
    "delete": (b"a \x7f b", r"has '\\x7f' in line 1"),
    "C1 control": ("a \x9b b".encode(), r"has '\\x9b' in line 1"),
    "information separator": (b"a\x1fb", r"has '\\x1f' in line 1"),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0", "must be UTF-8, but .* at byte 1"),
    "empty": (b"", "must hold at least 20 characters each, but .* has none; give more text"),
    "byte order mark alone": (b"\xef\xbb\xbf", "has none; give more text"),
    "white space only": (b" \r\n\t \n", "has none; give more text"),
    "invisible marks only": ("\ufeff\u200b\xad\u2060".encode(), "has none; give more text"),
    "one word": (b"word", "must hold at least 20 characters each, but .* has 4 characters; give more text"),
    "nine letters": (b"a b c d e f g h i", "has 17 characters; give more text"),
}


@pytest.fixture
def file(tmp_path):
    def write(data):
        path = tmp_path / "mine.txt"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("name", READ)
def test_text_is_read_rightly_and_what_was_changed_is_told(file, name):
    data, told = READ[name]
    text, changes = read_text(file(data))
    times = 24 if name == "NFD and NFC" else 12
    assert text.split() == WORDS * times
    assert len(changes) == len(told) and all(map(str.startswith, changes, told))
    assert normalise(text) == (text, [])  # nothing is left to change


@pytest.mark.parametrize("name", REFUSED)
def test_text_that_cannot_be_read_is_refused_with_its_name_the_rule_and_the_remedy(file, capsys, name):
    data, told = REFUSED[name]
    path = file(data)
    assert main(["train", "--text", str(path), *SMALL]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("lmkit train: ") and str(path) in err
    assert re.search(told, err) and len(err) < 500
    assert [each.name for each in path.parent.iterdir()] == ["mine.txt"]


def test_fewest_characters_are_enough(file, capsys):
    assert main(["train", "--text", str(file(b"a b c d e f g h i jk")), *SMALL, "--epochs", "1"]) == 0


def test_one_word_of_10_mb_is_refused_with_what_reads_it(file, capsys):
    assert main(["train", "--text", str(file(b"w" * 10**7)), *SMALL]) == 2
    assert "no word of more than 10,000 characters" in (told := capsys.readouterr().err)
    assert told.endswith("put spaces in it, or give --tokenizer characters\n")


def test_line_of_10_mb_is_read(file):
    text, changes = read_text(file((PLAIN * (10**7 // len(PLAIN))).encode()))
    assert len(text) > 0.9 * 10**7 and not changes
    assert set(text.split()) == set(WORDS)


def test_joiners_inside_words_stay():
    words = "می\u200cخواهم 👩\u200d🚀 a\ufe0f"  # Persian, an emoji of two, a choice of glyph
    assert normalise(words) == (unicodedata.normalize("NFC", words), [])


def test_changes_stand_on_the_card_and_prompts_are_read_alike(file, capsys):
    path = file(b"\xef\xbb\xbf" + NFD.replace("sat", "\u200bsat", 1).encode())
    assert main(["train", "--text", str(path), *SMALL, "--tokenizer", "split", "--epochs", "1"]) == 0
    changes = ("byte order mark dropped", "1 zero-width space made spaces", "letters and their accents joined")
    told = "; ".join(f"mine.txt: {change}" for change in changes)
    printed = json.loads(capsys.readouterr().out.split("\n", 1)[1])
    assert printed["data"] == f"mine.txt: {len(WORDS) * 12} tokens, the last tenth held out; {told}"
    model = path.with_suffix(".safetensors")
    assert set(pretrained.load(model).vocab.words) == set(WORDS)
    for prompt in ("the café", "\ufeffthe cafe\u0301", "the\xa0caf\u200eé", "\u200bthe\u200bcafé", "the\r\ncafé"):
        assert pretrained.load(model).prompt_ids(prompt) == pretrained.load(model).prompt_ids("the café")
        assert main(["generate", str(model), prompt, "--max-new-tokens", "2"]) == 0


def test_prompt_of_a_model_whose_words_are_not_normalised_is_read_as_it_is():
    vocab = Vocab(["cafe\u0301", "the"])
    assert pretrained.prompt_ids(vocab, "the cafe\u0301") == [1, 0]
