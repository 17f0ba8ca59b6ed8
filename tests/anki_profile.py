"""A collection of Anki's own library, in a process of its own (it brings a protobuf that others would meet).

``python -m tests.anki_profile FOLDER ACTIONS``: do actions in the collection of a folder, a JSON list, and print what
came of each, as JSON: ``["import", PATH]``, ``["answer", GUID]`` (good), ``["report"]``.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Profile:
    """Anki as a reader has it on their machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def do(self, *actions):
        """Do actions one after another, in one process; return what came of each."""
        command = [sys.executable, "-m", "tests.anki_profile", str(self.folder), json.dumps(actions)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def import_deck(col, path):
    """Import a deck; return how many notes were new, updated and found."""
    from anki.collection import ImportAnkiPackageOptions, ImportAnkiPackageRequest

    request = ImportAnkiPackageRequest(package_path=path, options=ImportAnkiPackageOptions())
    log = col.import_anki_package(request).log
    return {"new": len(log.new), "updated": len(log.updated), "found": log.found_notes}


def answer(col, guid):
    """Answer the card of a note, twice "good", so that it leaves the new cards."""
    (note,) = (col.get_note(nid) for nid in col.find_notes("") if col.get_note(nid).guid == guid)
    col.decks.set_current(note.cards()[0].did)
    for _ in range(2):
        card = col.get_card(note.cards()[0].id)
        card.start_timer()
        states = col._backend.get_scheduling_states(card.id)
        col.sched.answer_card(col.sched.build_answer(card=card, states=states, rating=2))


def report(col):
    """Return everything that is in the collection."""
    notes = {}
    for note in map(col.get_note, col.find_notes("")):
        cards = note.cards()
        shown = cards[0].render_output()
        notes[note.guid] = {
            "fields": dict(note.items()),
            "tags": note.tags,
            "kind": note.note_type()["name"],
            "cards": len(cards),
            "deck": col.decks.name(cards[0].did),
            "front": shown.question_text,
            "back": shown.answer_text,
            "schedule": [cards[0].type, cards[0].reps, cards[0].ivl, cards[0].due],
        }
    media = col.media.check()
    return {
        "notes": notes,
        "missing": list(media.missing),
        "unused": list(media.unused),
        "empty": len(col.get_empty_cards().notes),
        "media": sorted(p.name for p in Path(col.media.dir()).iterdir()),
    }


def main():
    """Open the collection, do what is asked, close it."""
    from anki.collection import Collection

    folder, actions = Path(sys.argv[1]), json.loads(sys.argv[2])
    col = Collection(str(folder / "collection.anki2"))
    try:
        commands = {"import": import_deck, "answer": answer, "report": report}
        print(json.dumps([commands[action](col, *values) for action, *values in actions]))
    finally:
        col.close()


if __name__ == "__main__":
    main()
