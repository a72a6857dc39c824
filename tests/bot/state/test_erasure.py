"""A person is erased everywhere: from every table, and from every byte on the disk."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.discord.render import erased
from bot.state import feedback, pending, retention, settings, subscriptions, usage, views
from bot.state.backup import back_up, restore
from bot.state.conversations import forget
from bot.state.erasure import erase
from bot.state.errors import StateBeingRead
from bot.state.store import Store, before_restore, open_store, read_store, state_path
from bot.state.views import View
from tests.bot.state.builders import ANN, BEN, DAY, NOW, by, kept_turn, turn

SECRETS = ("zanzibar", "quetzal")


def on_disk(folder: Path, *wanted: bytes) -> list[str]:
    """The files of a folder that hold any of these."""
    return sorted(path.name for path in folder.iterdir() if any(each in path.read_bytes() for each in wanted))


def as_stored(user: int) -> tuple[bytes, bytes]:
    return user.to_bytes(8, "big"), str(user).encode()


def of(store: Store, sql: str) -> list[str]:
    """The rows of a statement, in whatever order they come."""
    return sorted(map(str, store.rows(sql)))


def use_all(store: Store, *, people: dict[int, str], turns: int) -> None:
    """Let people use every table, so often that pages split and rows move."""
    chance = random.Random(3)
    for number in range(turns):
        user = chance.choice(list(people))
        word = people[user]
        it = turn(store, f"Where is {word} {number}? " + word * chance.randint(0, 40), place=by(user))
        views.add(store, View(token=f"t{number}", turn=it, owner=user, private=False, actions=("up",)), NOW, days=30)
        feedback.vote(store, it, user, -1, NOW)
        feedback.explain(store, it, user, f"It is {word}, not here.")
        feedback.report(store, it, user, 1, f"No {word} in it.", NOW)
        if number % 5 == 0:
            subscriptions.subscribe(store, kept_turn(store, it), user, NOW)
        pending.begin(store, by(user), NOW)
        usage.count(store, user, 1, number)
        settings.put(store, "user", user, f"greeting{number % 7}", word)


@pytest.mark.parametrize("turns", [1, 400])
def test_no_byte_of_an_erased_person_is_left(tmp_path: Path, turns: int) -> None:
    path = state_path(tmp_path)
    with open_store(path) as store:
        with store.transaction():
            use_all(store, people={ANN: SECRETS[0]}, turns=turns)
            use_all(store, people={BEN: "harmless"}, turns=0)
        with store.transaction():
            turn(store, "harmless", place=by(BEN))
        wanted = (*as_stored(ANN), SECRETS[0].encode())
        assert on_disk(path.parent, *wanted)
        counts = store.purge(lambda db: erase(db, ANN))
        assert on_disk(path.parent, *wanted) == []
        assert on_disk(path.parent, *as_stored(BEN)) == [path.name]
        assert on_disk(path.parent, b"harmless") == [path.name]
    assert counts["turns"] == turns
    assert set(counts) == {"pending", "turns", "votes", "reports", "subscriptions", "views", "asked", "settings"}
    assert all(counts.values())
    assert erased(counts).count(",") == len(counts) - 1  # each of them has a name


def test_others_keep_all_that_is_theirs(tmp_path: Path) -> None:
    path = state_path(tmp_path)
    people = dict(zip((ANN, BEN), SECRETS, strict=True))
    tables = {"turns": "user", "votes": "user", "reports": "user", "subscriptions": "user", "views": "owner"}
    with open_store(path) as store:
        with store.transaction():
            use_all(store, people=people, turns=300)
        before = {table: of(store, f"SELECT * FROM {table} WHERE {who} = {BEN}") for table, who in tables.items()}  # noqa: S608
        store.purge(lambda db: erase(db, ANN))
        assert on_disk(path.parent, *as_stored(ANN), SECRETS[0].encode()) == []
        for table, rows in before.items():
            assert rows
            assert of(store, f"SELECT * FROM {table}") == rows  # noqa: S608


def test_nobody_else_keeps_the_words_of_an_erased_person(tmp_path: Path) -> None:
    """Whoever pressed "Tell me when the notes cover this" below another's question kept a copy of it."""
    path = state_path(tmp_path)
    with open_store(path) as store:
        with store.transaction():
            for word, user in zip(SECRETS, (ANN, BEN), strict=True):
                it = turn(store, f"Where is {word}?", place=by(user))
                subscriptions.subscribe(store, kept_turn(store, it), BEN, NOW)
        counts = store.purge(lambda db: erase(db, ANN))
        assert on_disk(path.parent, *as_stored(ANN), SECRETS[0].encode()) == []
        assert [row["question"] for row in store.rows("SELECT * FROM subscriptions")] == [f"Where is {SECRETS[1]}?"]
    assert (counts["turns"], counts["subscriptions"]) == (1, 1)


def test_words_that_outlive_their_question_are_erased_with_whoever_asked_it(tmp_path: Path) -> None:
    """Retention deleted a question while somebody else still waited for it: their copy of its words stayed for good."""
    path = state_path(tmp_path)
    with open_store(path) as store:
        with store.transaction():
            for word, user in zip(SECRETS, (ANN, BEN), strict=True):
                it = turn(store, f"Where is {word}?", place=by(user))
                subscriptions.subscribe(store, kept_turn(store, it), BEN, NOW)
            retention.expire(store, 30, NOW + 31 * DAY)
        assert on_disk(path.parent, SECRETS[0].encode())
        counts = store.purge(lambda db: erase(db, ANN))
        assert on_disk(path.parent, *as_stored(ANN), SECRETS[0].encode()) == []
        assert [row["question"] for row in store.rows("SELECT * FROM subscriptions")] == [f"Where is {SECRETS[1]}?"]
    assert (counts["turns"], counts["subscriptions"]) == (0, 1)


def test_a_forgotten_conversation_leaves_no_byte_either(tmp_path: Path) -> None:
    path = state_path(tmp_path)
    with open_store(path) as store:
        with store.transaction():
            it = turn(store, "Where is zanzibar?")
        store.purge(lambda db: forget(db, it))
        assert on_disk(path.parent, b"zanzibar") == []


def test_the_database_that_a_restore_replaced_is_erased_too(tmp_path: Path) -> None:
    path, backup = state_path(tmp_path), tmp_path / "backup.sqlite3"
    with open_store(path) as store, store.transaction():
        turn(store, "harmless", place=by(BEN))
    back_up(path, backup)
    with open_store(path) as store, store.transaction():
        turn(store, "Where is zanzibar?")
    restore(path, backup)
    assert on_disk(path.parent, b"zanzibar") == [before_restore(path).name]
    with open_store(path) as store:
        assert store.purge(lambda db: erase(db, ANN))["turns"] == 0
        assert on_disk(path.parent, b"zanzibar", *as_stored(ANN)) == []
        assert on_disk(path.parent, b"harmless") == [path.name, before_restore(path).name]
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "holder",
        "lock",
        path.name,
        before_restore(path).name,
    ]


def test_somebody_who_still_reads_keeps_the_bytes_and_that_is_said(tmp_path: Path) -> None:
    path = state_path(tmp_path)
    with open_store(path) as store:
        with store.transaction():
            turn(store, "Where is zanzibar?")
        with read_store(path) as reader, reader.transaction():
            assert reader.rows("SELECT question FROM turns")
            with pytest.raises(StateBeingRead, match="Erase again"):
                store.purge(lambda db: erase(db, ANN))
        store.purge(lambda db: erase(db, ANN))
        assert on_disk(path.parent, b"zanzibar") == []


def test_where_that_one_cannot_be_read_it_goes(tmp_path: Path) -> None:
    path = state_path(tmp_path)
    with open_store(path) as store:
        before_restore(path).write_bytes(b"damaged, but zanzibar can be read in it" * 99)
        store.purge(lambda db: erase(db, ANN))
        assert on_disk(path.parent, b"zanzibar") == []
