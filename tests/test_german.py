"""The German of Stories: the table links every word and calls every part, and what is written agrees, word by word."""

import gzip
import json
import random
import re
from collections import Counter
from itertools import islice

import pytest

from lmkit.datasets import stories, translation
from lmkit.datasets.translation.network import Network
from lmkit.datasets.translation.source import Parser
from lmkit.datasets.translation.table import Table
from lmkit.datasets.translation.wording import Written

GRAMMAR = json.loads(stories.PATH.read_text(encoding="utf-8"))["rules"]
GERMAN = json.loads(translation.PATH.read_text(encoding="utf-8"))
TABLE = translation.load_table()
EXCLUSIVE = {"final", "second"}  # of these sections one is called; of all others each is, once
# Fields that stand beside the first one: a verb that is called brings its particle along.
BESIDE = {"part", "refl", "pre", "prep"}
SAT = "WHERE sat friend,who=NAME!hero , SAD and KIND ."
# What would come up late: its weights, where those of all else are equal.
OFTEN = {
    name: dict.fromkeys(GRAMMAR[name], 1) | weights
    for name, weights in {
        "MOOD": {"SHE was SAD because BAD-REASON .": 3, "SHE was GLAD because GOOD-REASON .": 3},
        "BAD-REASON": {"the $thing was too BIG": 3},
        "GOOD-REASON": {"everyone LIKED the $thing": 3, "$who.she had never seen such a $thing": 3},
        "MEETING": {"JUST-THEN friend,who=NAME!hero came RUNNING ROAD .": 6} | {SAT: 3},
        "ROAD": {"TO-PLACE": 3},
        "TO-PLACE": {"past the PLACE": 3},
        "SAYING": {"SHE LAUGHED because EXCUSE .": 3},
        "EXCUSE": {"the $thing looked so LOVELY": 5},
        "EXCLAMATION": {"what a LOVELY $thing": 5},
        "LOVELY": {"LOOK": 5},
        "THING": {"boat": 4, "book": 4},
    }.items()
}
ADJECTIVE = r"[a-zäöüß]+"

MASCULINE = """Abend Ball Baum Brunnen Bruder Drachen Fluss Freitag Fuchs Garten Hafen Hut Igel Junge Kahn Kater Korb
Markt Mond See Morgen Nachmittag Onkel Papa Regenschirm Schirm Schlamm Schlüssel Schnee Sohn Spiegel Stein Stern Strand
Tag Turm Vater Wald Wecker Wind Regen"""
FEMININE = """Bibliothek Brücke Burg Bücherei Eiche Feder Gans Glocke Großmutter Kanne Karte Katze Kirche Krähe Lampe
Landkarte Laterne Mama Mauer Mutter Mühle Nacht Oma Pfeife Rose Schwester Sonne Straße Teekanne Tochter Tür Uhr Ziege"""
NEUTER = "Bett Boot Buch Mädchen Schloss Tor Ufer Wasser Ende Lächeln"
GENDER = {
    noun: gender for gender, nouns in zip("mfn", (MASCULINE, FEMININE, NEUTER), strict=True) for noun in nouns.split()
}
# Which cases of which genders a determiner can be, and how an adjective ends after it (Duden, Grammatik).
DETERMINERS = {
    "der": "nom.m dat.f gen.f", "die": "nom.f acc.f", "das": "nom.n acc.n", "den": "acc.m", "dem": "dat.m dat.n",
    "am": "dat.m dat.n", "ans": "acc.n", "beim": "dat.m dat.n", "im": "dat.m dat.n", "ins": "acc.n",
    "vom": "dat.m dat.n",
    "zum": "dat.m dat.n", "zur": "dat.f", "jenem": "dat.m dat.n", "jener": "dat.f", "jeden": "acc.m", "jede": "acc.f",
    "dieser": "nom.m", "diese": "nom.f acc.f", "dieses": "nom.n acc.n", "diesen": "acc.m",
} | {
    f"{stem}{ending}": cells
    for stem in ("ein", "mein", "dein", "sein", "ihr")
    for ending, cells in {
        "": "nom.m nom.n acc.n", "e": "nom.f acc.f", "en": "acc.m", "em": "dat.m dat.n", "er": "dat.f"
    }.items()
}  # fmt: skip
GOVERNS = {"acc": "durch über in an neben unter", "dat": "an bei fern hinter in mit nahe neben unter von zu"}
MIXED = {"nom.m": "er", "nom.f": "e", "nom.n": "es", "acc.m": "en", "acc.f": "e", "acc.n": "es"}
WEAK = {"nom.m": "e", "nom.f": "e", "nom.n": "e", "acc.m": "en", "acc.f": "e", "acc.n": "e"}


@pytest.fixture(scope="module")
def samples():
    return list(islice(translation.pairs(7), 200))


def alternatives():
    return [(name, alternative) for name, rule in TABLE.rules.items() for alternative in rule.values()]


def kinds(alternative):
    return [stories.load_grammar().symbol(s) for s in alternative.symbols]


def orders_of(alternative):
    return [(section, order) for section, orders in alternative.sections.items() for _, order in orders]


# The table


def test_every_alternative_has_its_german_and_nothing_else_has():
    for name, entries in GERMAN["rules"].items():
        assert set(entries) - {"/"} == set(GRAMMAR[name]), name
    for name in set(GRAMMAR) - set(GERMAN["rules"]):  # these keep their order, so they have no words of their own
        assert all(symbol in GRAMMAR for source in GRAMMAR[name] for symbol in source.split()), name


def test_the_table_is_small_enough_to_travel_with_a_page():
    compact = json.dumps(GERMAN, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(compact) < 30_000 and len(gzip.compress(compact)) < 10_000


def test_every_order_links_every_word_and_only_words():
    for name, alternative in alternatives():
        if alternative.entry:
            continue
        places = {i for i, symbol in enumerate(kinds(alternative)) if symbol.kind != "rule"}
        linked = {
            section: {
                frozenset(i for piece in order for part in piece.parts for i in part.links) for _, order in orders
            }
            for section, orders in alternative.sections.items()
        }
        for section, sets in linked.items():
            assert len(sets) == 1, (name, alternative.symbols, section, "the orders differ in what they link")
        for together in wholes(linked):
            assert frozenset().union(*(next(iter(linked[s])) for s in together)) == places, (name, alternative.symbols)


def wholes(sections):
    """The sets of sections that make up an alternative."""
    return [{s} for s in sections] if set(sections) & EXCLUSIVE else [set(sections)]


def test_every_order_calls_every_part_as_often_as_it_should():
    for name, alternative in alternatives():
        for together in [] if alternative.entry else wholes(alternative.sections):
            for section, order in orders_of(alternative):
                if section in together:
                    others = [o for s, o in orders_of(alternative) if s in together - {section}]
                    assert_calls((name, alternative.symbols, section), alternative, [order, *others])


def assert_calls(where, alternative, orders):
    stems = [part.stem for order in orders for piece in order for part in piece.parts if part.stem.kind == "child"]
    for place, symbol in enumerate(kinds(alternative)):
        if symbol.kind != "rule":
            continue
        called = Counter(stem.field for stem in stems if stem.place == place)
        sections = TABLE.sections[symbol.name]
        if sections:
            called = Counter(field if field in sections else "" for field in called.elements())
            wanted = sections & {"final", "second"} or sections
            assert called.total() == 1 if wanted & EXCLUSIVE else called == Counter(wanted), (
                *where,
                symbol.name,
                called,
            )
        else:
            assert called, (*where, symbol.name)
            fields = list(entries(symbol.name)[0][1])
            if called[""] or called[fields[0]]:
                assert {f for f in fields if f in BESIDE} - set(called) <= allowed(symbol.name), (*where, symbol.name)


def allowed(rule):
    """Fields that not every order needs: which preposition a time of day takes is asked only where there is one."""
    return {"prep"} if rule in ("DAYTIME", "WEEKDAY", "NEAR") else set()


def entries(rule):
    found = [a.entry or entries(a.symbols[0]) for a in TABLE.rules[rule].values()]
    return [variant for entry in found for variant in entry]


def test_sections_that_are_joined_to_words_are_one_word_at_most():
    for name, alternative in alternatives():
        for _, order in orders_of(alternative):
            for piece in order:
                for part in piece.parts if piece.marks else ():
                    called = kinds(alternative)[part.stem.place].name if part.stem.kind == "child" else None
                    if called and TABLE.sections[called]:
                        for each in TABLE.rules[called].values():
                            orders = each.sections.get(part.stem.field, [])
                            assert len(orders) <= 1 and all(len(pieces) == 1 for _, pieces in orders), (name, called)


def test_entries_have_genders_and_the_spelling_of_their_kind():
    for name, alternative in alternatives():
        for _, fields in alternative.entry or ():
            noun, adjective = fields.get("noun") or fields.get("gen"), fields.get("adj")
            assert fields.get("gender", "m") in ("m", "f", "n"), (name, fields)
            assert noun is None or noun[0].isupper(), (name, fields)
            assert adjective is None or re.fullmatch(ADJECTIVE, adjective), (name, fields)
            if name not in ("GIRL", "BOY", "SMITH") and "gender" in fields:
                assert GENDER[noun] == fields["gender"], noun


def test_a_register_is_not_stored_again_after_an_alternative_has_used_it():
    for name, alternative in alternatives():
        symbols, registers = kinds(alternative), stories.load_grammar().registers
        for i, symbol in enumerate(symbols):
            stored_later = {r for later in symbols[i + 1 :] for r in later.store}
            used = symbol.kind == "register" and symbol.form and registers.index(symbol.name) in stored_later
            assert not used, (name, alternative.symbols)


@pytest.mark.slow
def test_every_alternative_and_every_german_word_comes_up():
    """In long stories of every act, with equal weights: all that any of their translations writes is looked at."""
    story = f"OPENING FINDING {4 * 'MOOD '}{4 * 'MEETING '}{2 * 'ASKING '}{12 * 'SAYING '}"
    story += f"{3 * 'ANSWERING '}{2 * 'PLAYING '}{2 * 'DISASTER '}"
    story += f"RESCUE {2 * 'ALONE '}{2 * 'ENDING-TWO '}{2 * 'ENDING-ONE '}"
    rules = {name: list(rule) for name, rule in GRAMMAR.items()} | {"STORY": [story.strip()]} | OFTEN
    grammar = stories.Grammar(json.loads(stories.PATH.read_text(encoding="utf-8")) | {"rules": rules})
    table, parser, rng = Table(GERMAN, grammar), Parser(grammar), random.Random(1)
    alternatives = {(name, source) for name in called_from(rules) for source in GRAMMAR[name]}
    words = set(translation.target_vocab().words)
    for _ in range(600):
        tree = parser.parse(list(grammar.sample(rng))[:-1])[0][1]
        alternatives -= set(parts(tree))
        found = written(Network(table, tree, Written("<eos>", ())))
        assert found <= set(translation.target_vocab().words)
        words -= found
        if not words and not alternatives:
            return
    pytest.fail(f"these never came up: {words} {alternatives}")


def called_from(rules):
    """The rules that a grammar can reach from its start."""
    found, todo = set(), ["STORY"]
    while todo:
        name = todo.pop()
        if name in rules and name not in found:
            found.add(name)
            todo += [re.split("[=!]", s.rpartition("=")[2])[0] for source in rules[name] for s in source.split()]
    return found - {"STORY"}


def parts(tree):
    yield tree.rule, tree.source
    for child in tree.children:
        if not isinstance(child, int):
            yield from parts(child)


def written(network):
    """All words in a network."""
    found, todo, states = set(), [network.start], set()
    while todo:
        state = todo.pop()
        if state not in states:
            states.add(state)
            for _, (word, _), after in network.transitions(state):
                found.add(word)
                todo.append(after)
    return found


# What is written


def noun_phrases(words):
    """(preposition, determiner, adjectives, noun) of every noun whose gender is known."""
    for i, noun in enumerate(words):
        if noun not in GENDER:
            continue
        j = i - 1
        while (
            j > 0
            and words[j] not in DETERMINERS
            and (words[j] == "," or re.fullmatch(ADJECTIVE, words[j]))
            and i - j < 5
        ):
            j -= 1
        if words[j] in DETERMINERS:
            yield words[j - 1] if j else "", words[j], [w for w in words[j + 1 : i] if w != ","], noun


def test_determiners_adjectives_and_nouns_agree(samples):
    checked = 0
    for _, target, _ in samples:
        for preposition, determiner, adjectives, noun in noun_phrases(target):
            cells = {cell for cell in DETERMINERS[determiner].split() if cell[-1] == GENDER[noun]}
            if any(preposition in GOVERNS[case].split() for case in GOVERNS):
                cells = {c for c in cells if preposition in GOVERNS.get(c[:3], "").split()}
            endings = MIXED if re.match("(ein|mein|dein|sein|ihr)(e|en|em|er)?$", determiner) else WEAK
            fitting = [c for c in cells if all(a.endswith(endings.get(c, "en")) for a in adjectives)]
            assert fitting, (preposition, determiner, adjectives, noun, " ".join(target))
            checked += 1
    assert checked > 8 * len(samples)
