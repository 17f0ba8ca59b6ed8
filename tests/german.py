"""All translations of a story by brute force, and what German asks of words side by side: oracles for tests.

The enumeration reads the two tables by itself. It decides first what every word that has an entry becomes, all at once,
and then writes whole texts; lmkit decides as late as it can and goes on word by word.
"""

import re
from collections import defaultdict
from itertools import product

CASES = ("nom", "acc", "dat", "gen")


class Enumeration:
    """All translations of short stories of two tables: that of the grammar, and that of the German."""

    def __init__(self, grammar, german):
        self.german, self.forms = german, grammar["forms"]
        self.rules = {n: a if isinstance(a, dict) else dict.fromkeys(a, 1) for n, a in grammar["rules"].items()}
        self.start, self.end = grammar["start"], grammar["end"]

    def translations(self, tokens):
        """{words: {alignment: probability}} of a story with its end token."""
        whole = [(p, tree) for p, tree, end in self.derive(self.start, 0, tokens[:-1], {}) if end == len(tokens) - 1]
        total, found = sum(p for p, _ in whole), defaultdict(lambda: defaultdict(float))
        for p, tree in whole:
            leaves = list(self.leaves(tree))
            for chosen in product(*(self.variants(leaf) for leaf in leaves)):
                fields = {leaf["start"]: fields for leaf, (_, fields) in zip(leaves, chosen, strict=True)}
                q = p / total
                for weight, _ in chosen:
                    q *= weight
                for r, written in self.write(tree, "", (), fields):
                    words, links = zip(*written, strict=True)
                    found[(*words, self.end)][(*links, (len(tokens) - 1,))] += q * r
        return {words: dict(alignments) for words, alignments in found.items()}

    # The English

    def words_of(self, name):
        return {w for below in self.rules[name] for w in self.words_of(below)} if name in self.rules else {name}

    def derive(self, rule, at, tokens, memory, banned=None):
        options = {source: w for source, w in self.rules[rule].items() if source != banned}
        for source, weight in options.items():
            for p, children, end, after in self.sequence(source.split(), at, tokens, memory, banned):
                tree = {"rule": rule, "source": source, "start": at, "children": children, "memory": after}
                yield p * weight / sum(options.values()), tree, end

    def sequence(self, symbols, at, tokens, memory, banned):
        if not symbols:
            yield 1, [], at, memory
            return
        store, name, excluded = re.fullmatch(r"(?:([\w,]+)=)?(.+?)(?:!(\w+))?", symbols[0]).groups()
        if name in self.rules:
            ban = memory[excluded][0] if excluded else banned
            ways = [(p, tree, end) for p, tree, end in self.derive(name, at, tokens, memory, ban)]
        else:
            word, _ = self.word(name, memory)
            ways = [(1, at, at + 1)] if at < len(tokens) and tokens[at] == word else []
        for p, child, end in ways:
            held = (tokens[at], at) if name in self.rules else memory.get(name[1:].partition(".")[0], (name, at))
            after = (child["memory"] if name in self.rules else memory) | dict.fromkeys(
                store.split(",") if store else [], held
            )
            for q, others, last, final in self.sequence(symbols[1:], end, tokens, after, banned):
                yield p * q, [child, *others], last, final

    def word(self, name, memory):
        if name[0] != "$" or len(name) == 1:
            return name, None
        register, _, form = name[1:].partition(".")
        word, at = memory[register]
        return (next(v for k, v in self.forms[form].items() if word in self.words_of(k)) if form else word), at

    # The German

    def leaves(self, tree):
        if "/" in self.german["rules"].get(tree["rule"], {}) and not isinstance(tree["children"][0], dict):
            yield tree
        for child in tree["children"]:
            if isinstance(child, dict):
                yield from self.leaves(child)

    def variants(self, leaf):
        entry = self.german["rules"][leaf["rule"]]
        return [
            (w, dict(zip(entry["/"].split("/"), (t + "////").split("/"), strict=False)))
            for w, t in shares(entry[leaf["source"]])
        ]

    def sections(self, rule):
        entries = self.german["rules"].get(rule, {}).values()
        return {key for entry in entries if isinstance(entry, dict) for key in entry} | {""}

    def write(self, tree, name, extra, fields):
        """[(probability, [(word, links)])] of a part in a section or case."""
        target = self.german["rules"].get(tree["rule"], {}).get(tree["source"], tree["source"])
        target = target if isinstance(target, dict) else {"": target}
        is_section = name in self.sections(tree["rule"])
        order_text, case = target.get(name if is_section else ""), "" if is_section else name
        if order_text is None:
            return [(1, [])]
        out = []
        for p, order in shares(order_text):
            texts = [(p, [])]
            for piece in order.split():
                more = self.piece(piece, tree, case, extra, fields)
                texts = [(q * r, words + others) for q, words in texts for r, others in more]
            out += texts
        return out

    def piece(self, piece, tree, case, extra, fields):
        left, mark, right = re.fullmatch(r"(.+?)(?:([+&])(.+))?", piece).groups()
        options = self.part(left, tree, case, extra, fields)
        if not mark:
            return options
        out = []
        for (p, a), (q, b) in product(options, self.part(right, tree, case, extra, fields)):
            both = None
            if a and b:
                both = a[-1][0] + b[0][0] if mark == "&" else self.german["contractions"].get(f"{a[-1][0]} {b[0][0]}")
            joined = [(both, union(a[-1][1], b[0][1]))] if both else []
            out.append((p * q, a[:-1] + joined + b[1:] if both else a + b))
        return out

    def part(self, text, tree, case, extra, fields):
        text, tilde, places = text.partition("~")
        stem, *inflection = [text] if len(text) == 1 else text.split(":")
        symbols = tree["source"].split()
        plain = [i for i, s in enumerate(symbols) if not isinstance(tree["children"][i], dict) and "$" not in s]
        links = (
            [int(x) for x in places.split(",") if x]
            if tilde
            else [i for i, s in enumerate(symbols) if s.split("=")[-1] == text] or plain
        )
        child = self.child(stem, tree)
        if child and not tilde:
            links = []
        links = union(extra, [tree["children"][i] for i in links])
        ending = ""
        if inflection:
            stem, _, paradigm = stem.rpartition(".")
            found, gender = inflection[0], self.gender(inflection[1], tree, fields)
            if "." in found:
                found = fields[leaf_of(self.child(found, tree))["start"]][found.split(".")[1]]
            cell = self.german["endings"][paradigm][case if found == "*" else found].split()["mfnp".index(gender)]
            ending = cell.replace("-", "")
            child = self.child(stem, tree)
        field = stem.partition(".")[2] if len(stem) > 1 else ""
        if child and "/" not in self.german["rules"].get(child["rule"], {}):
            return self.write(child, case if field == "*" else field, links if tilde else (), fields)
        if child:
            leaf = leaf_of(child)
            stem, own = (
                self.field(fields[leaf["start"]], field),
                list(range(leaf["start"], leaf["start"] + len(leaf["source"].split()))),
            )
        elif stem[:1] == "$":
            (word, at), own = tree["memory"][stem[1:].split(".")[0]], []
            if field in self.german["forms"]:
                forms = self.german["forms"][field]
                stem = next(v for k, v in forms.items() if word in self.words_of(k)).split("/")[0]
            else:
                stem = self.field(fields[at], field) if at in fields else self.entry(word)[0]
        else:
            own = []
        words = (stem + ending).split()
        return [(1, [(w.rstrip("~"), union(links, () if w.endswith("~") else own)) for w in words])]

    def child(self, text, tree):
        name = text.partition(".")[0]
        found = [c for c in tree["children"] if isinstance(c, dict) and c["rule"] == name.rstrip("'")]
        return found[name.count("'")] if found else None

    def entry(self, word):
        return next(r[word] for r in self.german["rules"].values() if "gender" in r.get("/", "") and word in r).split(
            "/"
        )

    def gender(self, whose, tree, fields):
        if whose in "mfnp":
            return whose
        if child := self.child(whose, tree):
            return fields[leaf_of(child)["start"]]["gender"]
        names, _, form = whose.partition(".")
        words = [tree["memory"][name] for name in names.split(",")]
        if form:
            return next(v for k, v in self.german["forms"][form].items() if words[0][0] in self.words_of(k))[-1]
        genders = {fields[at]["gender"] if at in fields else self.entry(word)[1] for word, at in words}
        return genders.pop() if len(genders) == 1 else "m"

    @staticmethod
    def field(fields, name):
        return fields[name or next(iter(fields))]


def leaf_of(tree):
    return leaf_of(tree["children"][0]) if isinstance(tree["children"][0], dict) else tree


def union(a, b):
    return tuple(sorted({*a, *b}))


def shares(text):
    """The choices of a text and their probabilities."""
    found = [
        (int(w) if w.isdigit() else 1, rest if w.isdigit() else f"{w} {rest}".strip())
        for w, _, rest in (c.strip().partition(" ") for c in text.split("|"))
    ]
    return [(w / sum(v for v, _ in found), t) for w, t in found]
