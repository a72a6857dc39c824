"""What Footnote does that a bad disk can spoil, as a person would have it done: commands, and the bot's own memory.

As `activities.py`, but shorter, because each is done hundreds of times; each ends by itself. Knows nothing of how
the disk is spoilt.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot import cli
from bot.commands.index import describe
from bot.envfile import write
from bot.notes_folder import REMOVED, NotesFolder
from bot.settings import Settings
from bot.state import feedback, settings
from bot.state.backup import back_up
from bot.state.conversations import remember
from bot.state.database import Database
from bot.state.erasure import erase
from bot.state.memory import Memory
from bot.state.store import before_upgrade, open_store, state_path
from rag import build as layout
from rag.index import open_index
from rag.indexing import build_index
from rag.models.catalog import find, verify
from rag.probe import check
from rag.protocols import Assistant
from rag.words import terms
from scripts.survival.activities import ROOT, acknowledge, asked, turns, whole
from tests.builders import BEES, FILES, write_notes
from tests.fakes import FakeEmbedder, bag_of_words

VERSION_1 = ROOT / "tests" / "bot" / "state" / "versions" / "1.sql"
OWN_MODEL = "footnote-minilm-l6"
NOTE = "\n\n- The wasp builds with paper, and nobody thanks it.\n"
MANY, FEW = 40, 5


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something to be done on a bad disk.

    Attributes:
        prepare: makes a folder ready.
        run: does it there, gives back the exit code; what it prints has been acknowledged.
        examine: on a disk that is well again: raises where something acknowledged is lost, or nothing works.
    """

    prepare: Callable[[Path], None]
    run: Callable[[Path], int | None]
    examine: Callable[[Path, Sequence[str]], None]


def an_hour_later(root: Path) -> None:
    """Unfinished files are then taken for left over, and go away with the next that is written."""
    for path in root.rglob(".*.unfinished*"):
        os.utime(path, (0, 0))


# The index


def notes_of(root: Path) -> Path:
    """Of all trials; notes are never written to by what only reads them."""
    return root / "notes"


def _build(given: Settings, rebuild: bool) -> str:
    report = build_index(given.notes, given.data, FakeEmbedder(), rebuild=rebuild, check=check)
    return describe(report).replace("\n", " ")


def command(*words: object) -> int:
    """Run a command line, with models that are made up."""

    def no_assistant(_given: Settings) -> Assistant:
        raise AssertionError

    def refresh(given: Settings) -> None:
        _build(given, False)

    services = cli.Services(open_assistant=no_assistant, refresh=refresh, build=_build)
    return cli.run([str(word) for word in words], services)


def index(root: Path) -> int:
    return command("index", "--notes", notes_of(root), "--data", root / "data")


def write_some(root: Path) -> None:
    write_notes(notes_of(root), FILES)


def write_and_edit(root: Path) -> None:
    write_some(root)
    build_index(notes_of(root), root / "data", FakeEmbedder(), check=check)
    with (notes_of(root) / "bees.txt").open("a", encoding="utf-8") as file:
        file.write(NOTE)


def indexed(root: Path, said: Sequence[str], *, served: bool) -> None:
    """What was acknowledged is served, or what was before; and it can be indexed again."""
    if said or served:
        _serves(root, edited=bool(said) and served)
    an_hour_later(root)
    build_index(notes_of(root), root / "data", FakeEmbedder(), check=check)
    _serves(root, edited=served)
    left = {path.name for path in (root / "data").iterdir()} - {"builds", "current", "index.lock", "notes.json"}
    if left:
        raise AssertionError(f"{left} is left over")


def search(root: Path) -> None:
    """Look something up, as every question does first; opening an index writes to the disk, too."""
    index = open_index(root / "data", embedder=FakeEmbedder().fingerprint)
    try:
        acknowledge(index.search(bag_of_words(BEES), terms(BEES), 1)[0].passage.note_file)
    finally:
        index.close()


def searched(root: Path, said: Sequence[str]) -> None:
    if said and list(said) != ["bees.txt"]:
        raise AssertionError(f"found {said}")
    _serves(root, edited=False)


def _serves(root: Path, *, edited: bool) -> None:
    check(layout.current_build(root / "data"))
    opened = open_index(root / "data", embedder=FakeEmbedder().fingerprint)
    try:
        if edited and not any("wasp" in passage.text for passage in opened.passages):
            raise AssertionError("what was acknowledged is not served")
    finally:
        opened.close()


# Memory


async def _each(path: Path, uses: Sequence[tuple[str, Callable[[Database], object], bool]]) -> None:
    """Do all of it as the bot does, each in a transaction of its own; acknowledge those that are kept."""
    memory = Memory(lambda: open_store(path), patience=30.0, rest=0.0)
    lost = object()
    for name, use, purge in uses:
        if await memory.attempt(use, lost, purge=purge) is not lost:
            acknowledge(name)
    await memory.close()


def with_turns(root: Path, count: int = MANY) -> None:
    with open_store(state_path(root)) as store, store.transaction():
        for n in range(count):
            remember(store, asked(n), float(n))


def remember_some(root: Path) -> None:
    uses = [(str(n), partial(_remember, n), False) for n in range(FEW)]
    asyncio.run(_each(state_path(root), uses))


def _remember(n: int, db: Database) -> int:
    return remember(db, asked(n), float(n))


def remembered(root: Path, said: Sequence[str]) -> None:
    with open_store(state_path(root)) as store:
        whole(store.rows("PRAGMA integrity_check")[0]["integrity_check"])
        kept = {str(int(row["asked_at"])) for row in store.rows("SELECT asked_at FROM turns")}
    if lost := set(said) - kept:
        raise AssertionError(f"lost: {lost}")


def set_and_judge(root: Path) -> None:
    """A vote, a report, a setting, and somebody forgotten."""
    uses: list[tuple[str, Callable[[Database], object], bool]] = [
        ("vote", lambda db: feedback.vote(db, 1, 8, 1, 1.0), False),
        ("report", lambda db: feedback.report(db, 2, 8, 1, "wrong", 1.0), False),
        ("setting", lambda db: settings.put(db, "guild", 3, "answers", "strict"), False),
        ("forgotten", lambda db: erase(db, 1), True),
        ("setting again", lambda db: settings.put(db, "guild", 3, "answers", "readily"), False),
    ]
    asyncio.run(_each(state_path(root), uses))


def is_set(root: Path, said: Sequence[str]) -> None:
    with open_store(state_path(root)) as store:
        whole(store.rows("PRAGMA integrity_check")[0]["integrity_check"])
        left = store.rows("SELECT COUNT(*) AS n FROM turns")[0]["n"]
        answers = settings.get(store, "guild", 3).get("answers")
        votes = store.rows("SELECT COUNT(*) AS n FROM votes")[0]["n"]
    may_be = {"readily"} if "setting again" in said else {"readily", "strict"} if "setting" in said else {answers}
    if "forgotten" in said and left:
        raise AssertionError(f"{left} forgotten questions are back")
    if answers not in may_be or ("vote" in said and left and not votes):
        raise AssertionError(f"acknowledged {said}, found {answers}, {votes} votes")


def backup(root: Path) -> int:
    return command("backup", root / "copy.sqlite3", "--data", root)


def backed_up(root: Path, said: Sequence[str]) -> None:
    copy = root / "copy.sqlite3"
    an_hour_later(root)
    if said or copy.exists():
        (root / "elsewhere" / "state").mkdir(parents=True)
        shutil.copy(copy, state_path(root / "elsewhere"))
        _expect(turns(state_path(root / "elsewhere")), MANY)
        copy.unlink()
    _expect(turns(state_path(root)), MANY)
    _expect(command("backup", copy, "--data", root), 0)
    _nothing_left(root)


def make_backup(root: Path) -> None:
    with_turns(root / "other", FEW)
    back_up(state_path(root / "other"), root / "copy.sqlite3")
    with_turns(root)


def restore(root: Path) -> int:
    return command("restore", root / "copy.sqlite3", "--data", root)


def restored(root: Path, said: Sequence[str]) -> None:
    found = turns(state_path(root))
    if found not in ((FEW,) if said else (FEW, MANY)):
        raise AssertionError(f"{found} questions, acknowledged: {said}")
    _expect(restore(root), 0)
    _expect(turns(state_path(root)), FEW)
    _nothing_left(root)


def older(root: Path) -> None:
    """A database of the first version."""
    import sqlite3

    state_path(root).parent.mkdir(parents=True)
    with sqlite3.connect(state_path(root)) as old:
        old.executescript(VERSION_1.read_text(encoding="utf-8"))
    old.close()


def migrated(root: Path, said: Sequence[str]) -> None:
    with open_store(state_path(root)) as store:
        whole(store.rows("PRAGMA integrity_check")[0]["integrity_check"])
        kept = store.rows("SELECT COUNT(*) AS n FROM turns")[0]["n"]
    if kept < 1 + len(said):
        raise AssertionError(f"{kept} questions, acknowledged: {said}")
    if not before_upgrade(state_path(root)).exists():
        raise AssertionError("no copy was kept")
    _nothing_left(root)


def _expect(found: int, wanted: int) -> None:
    if found != wanted:
        raise AssertionError(f"{found}, not {wanted}")


def _nothing_left(root: Path) -> None:
    if left := [path.name for path in root.rglob("*") if "unfinished" in path.name or path.name.endswith("-journal")]:
        raise AssertionError(f"left over: {left}")


# Files


def write_env(root: Path) -> None:
    write(root / ".env", {"FOOTNOTE_NOTES": "elsewhere", "FOOTNOTE_DISCORD__TOKEN": "t" * 60})
    acknowledge("written")


def old_env(root: Path) -> None:
    write(root / ".env", {"FOOTNOTE_NOTES": "here", "OTHER": "kept"})


def env_is_whole(root: Path, said: Sequence[str]) -> None:
    text = (root / ".env").read_text(encoding="utf-8")
    if "OTHER=kept" not in text or ("elsewhere" not in text and (said or "FOOTNOTE_NOTES=here" not in text)):
        raise AssertionError(text)
    an_hour_later(root)
    write_env(root)
    if left := [path.name for path in root.iterdir() if path.name != ".env"]:
        raise AssertionError(f"left over: {left}")


def pull(root: Path) -> int:
    return command("models", "pull", OWN_MODEL, "--models", root / "models")


def pulled(root: Path, _said: Sequence[str]) -> None:
    _expect(pull(root), 0)
    verify(find(OWN_MODEL), root / "models" / find(OWN_MODEL).file, full=True)
    if left := [path.name for path in (root / "models").iterdir() if path.suffix not in (".gguf", ".json")]:
        raise AssertionError(f"left over: {left}")


def add_note(root: Path) -> None:
    folder = NotesFolder(Settings(notes=root / "notes", data=root / "data"))
    folder.add(None, "rye.md", b"# Rye\n\n- It keeps for two weeks now.\n", replace=True)
    acknowledge("added")


def note_is_whole(root: Path, said: Sequence[str]) -> None:
    text = (root / "notes" / "rye.md").read_text(encoding="utf-8")
    kept = [path.read_text(encoding="utf-8") for path in (root / "data" / REMOVED).glob("[!.]*")]
    if kept != [FILES["rye.md"]] and (kept or "two weeks now" in text):
        raise AssertionError(f"kept of the note before: {[each[:40] for each in kept]}")
    if (text != FILES["rye.md"] and "two weeks now" not in text) or (said and "two weeks now" not in text):
        raise AssertionError(f"rye.md is {text[:40]!r}")
    if left := [path.name for path in (root / "notes").iterdir() if path.name not in FILES and path.name[0] != "."]:
        raise AssertionError(f"left over: {left}")


DEEDS = {
    "index from nothing": Deed(prepare=write_some, run=index, examine=partial(indexed, served=False)),
    "index after an edit": Deed(prepare=write_and_edit, run=index, examine=partial(indexed, served=True)),
    "search": Deed(prepare=write_and_edit, run=search, examine=searched),
    "remember": Deed(prepare=lambda root: None, run=remember_some, examine=remembered),
    "vote, set, forget": Deed(prepare=with_turns, run=set_and_judge, examine=is_set),
    "backup": Deed(prepare=with_turns, run=backup, examine=backed_up),
    "restore": Deed(prepare=make_backup, run=restore, examine=restored),
    "migrate": Deed(prepare=older, run=remember_some, examine=migrated),
    "init's .env": Deed(prepare=old_env, run=write_env, examine=env_is_whole),
    "add a note": Deed(prepare=write_some, run=add_note, examine=note_is_whole),
    "models pull": Deed(prepare=lambda root: None, run=pull, examine=pulled),
}
