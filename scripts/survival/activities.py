"""What Footnote does that writes to the disk, to be disturbed at it: killed, on a bad disk, in a power cut.

Each activity works in a folder of its own. Knows nothing of how it is disturbed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bot.state import migrations
from bot.state.backup import back_up, restore
from bot.state.conversations import Asked, Place, remember
from bot.state.store import before_restore, open_store, state_path
from rag import build as layout
from rag.index import open_index
from rag.indexing import build_index
from rag.probe import check
from tests.builders import word_salad, write_notes
from tests.fakes import FakeEmbedder

ROOT = Path(__file__).parents[2]
LATER = """
CREATE TABLE later AS SELECT id, question FROM turns;
INSERT INTO later SELECT turns.id, turns.question FROM turns, (SELECT 1 FROM turns LIMIT 60);
UPDATE turns SET question = question || '.';
"""
"""A step that takes a moment, and that cannot be done twice."""
TURNS = 3000
FEW = 10
STAMP = len("20240229T120000")  # the beginning of a build's name: when it was begun


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Something that may be disturbed.

    Attributes:
        prepare: makes a folder ready for it.
        run: does it there, in a process of its own; whatever it prints has been acknowledged.
        examine: raises where something acknowledged is lost, or where Footnote no longer works there.
        endless: whether it goes on until it is killed.
        afresh: whether each time gets a folder of its own.
    """

    prepare: Callable[[Path], None]
    run: Callable[[Path], None]
    examine: Callable[[Path, Sequence[str]], None]
    endless: bool = False
    afresh: bool = False


def acknowledge(words: object) -> None:
    """Say that something is done and will stay so."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


# An index


def write_some_notes(root: Path) -> None:
    write_notes(root / "notes", {"salad.txt": "\n\n".join(word_salad(40))})
    build_index(root / "notes", root / "data", FakeEmbedder(), check=check)


def write_more_notes(root: Path) -> None:
    write_some_notes(root)
    write_notes(root / "notes", {"salad.txt": "\n\n".join(word_salad(400, seed=11))})


def index(root: Path) -> None:
    build_index(root / "notes", root / "data", FakeEmbedder(), check=check, rebuild=True)
    acknowledge(layout.current_build(root / "data").name)


def swap(root: Path) -> None:
    """One small build after the other, so that most kills are near a swap."""
    while True:
        build_index(root / "notes", root / "data", FakeEmbedder(), check=check, rebuild=True)
        acknowledge(layout.current_build(root / "data").name)


def serves(root: Path, said: Sequence[str]) -> None:
    """The index passes its probe, and is the one that was acknowledged last or one after it, not one before."""
    build = layout.current_build(root / "data")
    check(build)
    opened = open_index(root / "data", embedder=FakeEmbedder().fingerprint)
    found = len(opened.passages)
    opened.close()
    if said and (build.name in said[:-1] or build.name[:STAMP] < said[-1][:STAMP]):
        raise AssertionError(f"{said[-1]} was acknowledged, {build.name} is served")
    if not found:
        raise AssertionError("nothing is served")


def builds_again(root: Path, said: Sequence[str]) -> None:
    serves(root, said)
    build_index(root / "notes", root / "data", FakeEmbedder(), check=check)
    serves(root, ())


def ask(root: Path) -> None:
    """A question to the real assistant, from the command line."""
    command = [sys.executable, "-m", "bot.cli", "ask", "How hot is the surface of Venus?", "--json", *folders(root)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def ask_and_tell(root: Path) -> None:
    ask(root)
    acknowledge("answered")


def index_knowledge(root: Path) -> None:
    command = [sys.executable, "-m", "bot.cli", "index", *folders(root)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def folders(root: Path) -> list[str]:
    return ["--notes", str(ROOT / "knowledge"), "--data", str(root / "data")]


def answers(root: Path, _said: Sequence[str]) -> None:
    ask(root)


# What the bot remembers


def asked(n: int) -> Asked:
    place = Place(user=1, channel=2, guild=3)
    return Asked(place=place, kind="ask", question=f"question {n} " * 20, searched="", outcome="answer", cited=())


def remember_much(root: Path) -> None:
    with open_store(state_path(root)) as store, store.transaction():
        for n in range(TURNS):
            remember(store, asked(n), float(n))


def keep(root: Path) -> None:
    """One answered question after the other, as the bot keeps them."""
    with open_store(state_path(root)) as store:
        while True:
            acknowledge(remember(store, asked(0), time.time()))


def kept(root: Path, said: Sequence[str]) -> None:
    with open_store(state_path(root)) as store:
        known = {str(row["id"]) for row in store.rows("SELECT id FROM turns")}
        whole(store.rows("PRAGMA integrity_check")[0]["integrity_check"])
    if lost := set(said) - known:
        raise AssertionError(f"{len(lost)} acknowledged questions are lost")


def back_up_again_and_again(root: Path) -> None:
    for n in count():
        back_up(state_path(root), root / f"backup-{n}.sqlite3")
        acknowledge(f"backup-{n}.sqlite3")


def backed_up(root: Path, said: Sequence[str]) -> None:
    kept(root, ())
    found = {path.name: path for path in root.glob("backup-*.sqlite3")}
    if lost := set(said) - found.keys():
        raise AssertionError(f"acknowledged backups are gone: {lost}")
    for path in found.values():
        with open_store(Path(shutil.copy(path, state_path(root / "restored")))) as store:
            whole("ok" if store.rows("SELECT COUNT(*) AS n FROM turns")[0]["n"] == TURNS else "short")
        path.unlink()


def migrate(root: Path) -> None:
    with open_store(state_path(root), steps=[*migrations.load(), LATER]):
        acknowledge("migrated")


def migrated(root: Path, said: Sequence[str]) -> None:
    steps = migrations.load()
    with open_store(state_path(root), steps=[*steps, LATER]) as store:  # finishes what was killed
        rows = store.rows("SELECT COUNT(*) AS n, SUM(question LIKE '%.') AS once FROM turns")[0]
        twice = store.rows("SELECT COUNT(*) AS n FROM turns WHERE question LIKE '%..'")[0]["n"]
        whole("ok" if (rows["n"], rows["once"], twice) == (TURNS, TURNS, 0) else str(rows))
    if said and store.path.stat().st_size == 0:
        raise AssertionError("the acknowledged migration is gone")


def whole(found: str) -> None:
    if found != "ok":
        raise AssertionError(f"the database is damaged: {found}")


def make_restorable(root: Path) -> None:
    remember_much(root)
    (root / "restored" / state_path(root).relative_to(root)).parent.mkdir(parents=True, exist_ok=True)


def make_to_be_restored(root: Path) -> None:
    """A database of many questions, and a backup of one of few."""
    remember_much(root)
    with open_store(state_path(root / "other")) as store, store.transaction():
        for n in range(FEW):
            remember(store, asked(n), float(n))
    back_up(state_path(root / "other"), root / "few.sqlite3")


def put_back(root: Path) -> None:
    kept_in = restore(state_path(root), root / "few.sqlite3")
    acknowledge(kept_in.name if kept_in else "nothing")


def is_put_back(root: Path, said: Sequence[str]) -> None:
    """The database before serves, or the backup, with the one before kept beside it."""
    found = turns(state_path(root))
    if found != FEW and (said or found != TURNS):
        raise AssertionError(f"{found} questions after a restore that was{'' if said else ' not'} acknowledged")
    if found == FEW and turns(before_restore(state_path(root))) != TURNS:
        raise AssertionError("the database before was not kept whole")
    restore(state_path(root), root / "few.sqlite3")


def turns(path: Path) -> int:
    """How many questions a sound database holds."""
    with open_store(path) as store:
        whole(store.rows("PRAGMA integrity_check")[0]["integrity_check"])
        return int(store.rows("SELECT COUNT(*) AS n FROM turns")[0]["n"])


ACTIVITIES = {
    "index": Activity(prepare=write_more_notes, run=index, examine=builds_again),
    "swap": Activity(prepare=write_some_notes, run=swap, examine=builds_again, endless=True),
    "ask": Activity(prepare=index_knowledge, run=ask_and_tell, examine=answers),
    "remember": Activity(prepare=lambda root: None, run=keep, examine=kept, endless=True),
    "backup": Activity(prepare=make_restorable, run=back_up_again_and_again, examine=backed_up, endless=True),
    "restore": Activity(prepare=make_to_be_restored, run=put_back, examine=is_put_back, afresh=True),
    "migrate": Activity(prepare=remember_much, run=migrate, examine=migrated, afresh=True),
}
