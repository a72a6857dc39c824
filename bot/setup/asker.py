"""Who answers the questions of `footnote init`: a person at a terminal, or nobody, and then the defaults do.

A question comes in the language that is spoken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import typer

from bot.language import _
from bot.wording import clean


class Asker(Protocol):
    """Puts one question and returns the answer."""

    def text(self, question: str, default: str) -> str:
        """A line; the default where nothing was typed."""
        ...

    def secret(self, question: str) -> str:
        """A line that is not shown while it is typed; "" where nothing was."""
        ...

    def one_of(self, question: str, choices: Sequence[str], default: str) -> str:
        """One of the choices."""
        ...

    def agrees(self, question: str, *, default: bool) -> bool:
        """Yes or no."""
        ...


class Person:
    """Somebody at a terminal."""

    def text(self, question: str, default: str) -> str:
        return str(typer.prompt(clean(question), default=default)).strip()

    def secret(self, question: str) -> str:
        return str(typer.prompt(clean(question), default="", show_default=False, hide_input=True)).strip()

    def one_of(self, question: str, choices: Sequence[str], default: str) -> str:
        while (meant := fitting(self.text(f"{question} ({', '.join(choices)})", default), choices)) is None:
            typer.echo(_("Please type one of: {choices}.").format(choices=", ".join(map(clean, choices))))
        return meant

    def agrees(self, question: str, *, default: bool) -> bool:
        yes, no = _("yes"), _("no")
        return self.one_of(question, (yes, no), yes if default else no) == yes


def fitting(said: str, choices: Sequence[str]) -> str | None:
    """The choice that was typed, or the only one that begins like that; None where it is not clear which."""
    begun = [choice for choice in choices if choice.casefold().startswith(said.casefold())]
    return said if said in choices else begun[0] if said and len(begun) == 1 else None


class Defaults:
    """Nobody is there: every answer is the default."""

    def text(self, question: str, default: str) -> str:
        return default

    def secret(self, question: str) -> str:
        return ""

    def one_of(self, question: str, choices: Sequence[str], default: str) -> str:
        return default

    def agrees(self, question: str, *, default: bool) -> bool:
        return default
