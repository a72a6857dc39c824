"""What commands have in common: their options, the settings, and the assistant, opened for one command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

if TYPE_CHECKING:
    from bot.settings import Settings
    from rag.protocols import Assistant

Notes = Annotated[
    Path | None,
    typer.Option("--notes", help="Folder with your notes, instead of FOOTNOTE_NOTES.", show_default=False),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder for index and memory, instead of FOOTNOTE_DATA.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


class Opening(Protocol):
    """What a command that asks the assistant needs of the program; see `Services` in bot/cli.py."""

    @property
    def open_assistant(self) -> Callable[[Settings], Assistant]: ...

    @property
    def refresh(self) -> Callable[[Settings], None]: ...


def settled(*, notes: Path | None = None, data: Path | None = None) -> Settings:
    """The settings, with the log and the language that they name. Raises SettingsError."""
    from bot.health.logs import start_log
    from bot.language import speak
    from bot.settings import load_settings

    settings = load_settings(notes=notes, data=data)
    start_log(settings.log_level, settings.log_format)
    speak(settings.language)
    return settings


@contextmanager
def opened(services: Opening, notes: Path | None, data: Path | None) -> Iterator[Assistant]:
    """The assistant over notes that are read anew where they have changed. Raises FootnoteError."""
    settings = settled(notes=notes, data=data)
    services.refresh(settings)
    assistant = services.open_assistant(settings)
    try:
        yield assistant
    finally:
        assistant.close()
