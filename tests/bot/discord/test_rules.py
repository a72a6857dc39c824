"""What was set is kept to while the memory cannot be used, and learnt once it can."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.discord.permission import Asker
from bot.discord.rules import NotAllowed, Rulebook
from bot.state import rules
from bot.state.errors import StateBusy
from bot.state.memory import Memory
from bot.state.rules import Change
from bot.state.store import Store, open_store, state_path

ANN = Asker(user=1, guild=2, channels=(3,), has_role=lambda _role: False)


class Fallible:
    """Opens the database, unless it is `busy`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.busy = True

    def __call__(self) -> Store:
        if self.busy:
            raise StateBusy("It is locked.")
        return open_store(self.path)


async def test_what_was_set_is_learnt_once_the_memory_can_be_used(tmp_path: Path) -> None:
    opening = Fallible(state_path(tmp_path))
    with open_store(opening.path) as store, store.transaction():
        rules.change(store, ANN.guild, Change(answers="cautious", where="not here", channel=3))
    memory = Memory(opening, rest=0.0)
    book = Rulebook(memory)
    await book.open()
    assert (await book.scope(ANN)).answers is None
    async with book.admitted(ANN):
        pass
    opening.busy = False
    with pytest.raises(NotAllowed):
        async with book.admitted(ANN):
            pass
    assert (await book.scope(ANN)).answers == "cautious"
    await memory.close()


async def test_what_is_known_holds_while_the_memory_cannot_be_used(tmp_path: Path) -> None:
    opening = Fallible(state_path(tmp_path))
    opening.busy = False
    memory = Memory(opening, rest=0.0)
    book = Rulebook(memory)
    await book.change(ANN.guild, Change(answers="generous", role=9))
    await memory.close()
    opening.busy = True
    with pytest.raises(NotAllowed):
        async with book.admitted(ANN):
            pass
    assert (await book.scope(ANN)).answers == "generous"
