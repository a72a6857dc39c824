"""`footnote models`: what the catalogue offers, what lies on disk, and fetching what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from bot.settings import load_settings
from rag.catalog import ModelEntry, find, load_catalog, model_path, verify
from rag.download import Progress as DownloadProgress
from rag.download import pull as pull_model
from rag.errors import ModelCorrupt, ModelError, ModelMissing

app = typer.Typer(help="The model files: list, fetch and check them.", no_args_is_help=True, add_completion=False)

ModelsFolder = Annotated[
    Path | None,
    typer.Option("--models", help="Folder with the model files.", show_default="the FOOTNOTE_MODELS setting"),
]


@app.command("list")
def list_models(models: ModelsFolder = None) -> None:
    """Show every model of the catalogue and whether it is on disk."""
    folder = models or load_settings().models
    table = Table("name", "for", "size", "memory", "licence", "on disk")
    for entry in load_catalog():
        state = _state(entry, folder)
        size, memory = f"{entry.bytes / 1e6:,.0f} MB", f"{entry.memory_mb:,} MB"
        table.add_row(entry.name, entry.role, size, memory, entry.licence, state)
    Console().print(table)


def _state(entry: ModelEntry, folder: Path) -> str:
    try:
        verify(entry, model_path(folder, entry))
    except ModelMissing:
        return "no"
    except ModelCorrupt:
        return "damaged"
    return "yes"


@app.command()
def pull(
    name: Annotated[str | None, typer.Argument(help="Name from `footnote models list`; none: the starter set.")] = None,
    models: ModelsFolder = None,
) -> None:
    """Fetch a model, or the starter set. What is on disk and sound is left alone; a cut download is resumed."""
    folder = models or load_settings().models
    entries = [find(name)] if name else [entry for entry in load_catalog() if entry.starter]
    console = Console(stderr=True)
    for entry in entries:
        with _download_bar(entry, console) as progress:
            path = pull_model(entry, folder, progress=progress)
        console.print(f"{entry.name}: {path}", highlight=False, soft_wrap=True)


@contextmanager
def _download_bar(entry: ModelEntry, console: Console) -> Iterator[DownloadProgress]:
    """A bar with rate and remaining time that appears with the first byte."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(entry.name, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


@app.command("verify")
def verify_models(models: ModelsFolder = None) -> None:
    """Hash every model file that is on disk, and the starter set, against the catalogue."""
    folder = models or load_settings().models
    failed = False
    for entry in load_catalog():
        path = model_path(folder, entry)
        if entry.starter or path.exists():
            failed |= not _report(entry, path)
    raise typer.Exit(1 if failed else 0)


def _report(entry: ModelEntry, path: Path) -> bool:
    try:
        verify(entry, path, full=True)
    except ModelError as error:
        Console(stderr=True).print(str(error), style="red", highlight=False, soft_wrap=True)
        return False
    Console().print(f"{path}: sound", highlight=False, soft_wrap=True)
    return True
