"""Who answers the questions of `footnote init`: a person at a terminal, or nobody, and then the defaults do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import typer

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
        while (said := self.text(f"{question} ({', '.join(choices)})", default)) not in choices:
            typer.echo(f"Please type one of: {', '.join(map(clean, choices))}.")
        return said

    def agrees(self, question: str, *, default: bool) -> bool:
        return typer.confirm(clean(question), default=default)


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
