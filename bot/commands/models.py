"""`footnote models`: what the catalogue offers and what lies on disk, fetching, checking, trying, recommending."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
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
from rich.table import Column, Table

from bot.json_face import dumps
from bot.settings import load_settings
from bot.terminal.models_report import (
    COMPUTED,
    TITLES,
    aptitude_json,
    aptitude_text,
    entry_lines,
    item_line,
    memory_of,
    pin_lines,
    recommendation_json,
    recommendation_text,
    size_of,
)
from bot.wording import clean
from rag.errors import ModelCorrupt, ModelError, ModelMissing
from rag.models.catalog import (
    ModelEntry,
    Pin,
    choose,
    exact,
    find,
    load_catalog,
    model_path,
    read_pin,
    verify,
)
from rag.models.download import Progress as DownloadProgress
from rag.models.download import pull as pull_model
from rag.models.machine import look
from rag.models.recommend import advise
from rag.models.threads import default_threads, stored_threads
from rag.protocols import Generator
from rag.writing import aptitude

app = typer.Typer(
    help="The model files: list, fetch and check them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

ModelsFolder = Annotated[
    Path | None,
    typer.Option("--models", help="Folder with the model files.", show_default="the FOOTNOTE_MODELS setting"),
]


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


@app.command("list")
def list_models(
    name: Annotated[str | None, typer.Argument(help="One model, with all that is known of it.")] = None,
    models: ModelsFolder = None,
) -> None:
    """Show every model, and whether it is on disk. With a name: all that is known of one."""
    folder = models or load_settings().models
    console = Console()
    if name:
        entry = _as_pulled(find(name), folder)
        for line in entry_lines(entry, _state(entry, folder)):
            console.print(line, highlight=False, soft_wrap=True, markup=False)
        return
    for role, title in TITLES.items():
        entries = [_as_pulled(entry, folder) for entry in load_catalog() if entry.role == role]
        console.print(_table(title, entries, folder))
    console.print(COMPUTED, highlight=False)


def _table(title: str, entries: Sequence[ModelEntry], folder: Path) -> Table:
    whole = (Column(name, no_wrap=True) for name in ("name", "machine", "size", "memory", "on disk"))
    table = Table(
        *whole, Column("licence", overflow="fold"), title=title, title_justify="left", box=None, padding=(0, 2, 0, 0)
    )
    for entry in entries:
        row = (entry.name, entry.tier, size_of(entry), memory_of(entry), _state(entry, folder), entry.licence)
        table.add_row(*row)
    return table


def _as_pulled(entry: ModelEntry, folder: Path) -> ModelEntry:
    return exact(entry, read_pin(folder, entry))


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
            path = pull_model(entry, folder, progress=progress, found=lambda pin: _show_pin(console, pin))
        console.print(f"{entry.name}: {path}", highlight=False, soft_wrap=True)


def _show_pin(console: Console, pin: Pin) -> None:
    for line in pin_lines(pin):
        console.print(line, highlight=False, soft_wrap=True, markup=False)


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
    """Check the model files by their hashes. Those that are on disk, and the starter set."""
    folder = models or load_settings().models
    failed = False
    for entry in load_catalog():
        path = model_path(folder, entry)
        if entry.starter or path.exists():
            failed |= not _report(_as_pulled(entry, folder), path)
    raise typer.Exit(1 if failed else 0)


def _report(entry: ModelEntry, path: Path) -> bool:
    try:
        verify(entry, path, full=True)
    except ModelError as error:
        Console(stderr=True).print(str(error), style="red", highlight=False, soft_wrap=True)
        return False
    Console().print(f"{path}: sound", highlight=False, soft_wrap=True)
    return True


@app.command()
def recommend(models: ModelsFolder = None, as_json: AsJson = False) -> None:
    """Say which language model suits this machine. By its cores, memory, GPU and disk; with the reasons."""
    from rag.models.llama import offloads

    settings = load_settings(models=models)
    folder = settings.models
    machine = look(folder)
    entries = [_as_pulled(entry, folder) for entry in load_catalog()]
    advice = advise(
        machine,
        entries,
        threads=settings.threads or stored_threads(folder) or default_threads(),
        gpu_build=offloads(),
        held={entry.name for entry in entries if model_path(folder, entry).is_file()},
    )
    if as_json:
        sys.stdout.write(dumps(recommendation_json(machine, advice)) + "\n")
        return
    for line in recommendation_text(machine, advice, gpu_build=offloads()):
        Console().print(line, highlight=False, soft_wrap=True, markup=False)


@app.command("try")
def try_model(
    name: Annotated[
        str | None,
        typer.Argument(help="A name, or a path to a GGUF file.", show_default="what the settings let write"),
    ] = None,
    models: ModelsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Say what a language model may do here, and how fast. By two dozen small tasks that are put to it."""
    from bot.answering.engines import open_local, open_writer

    settings = load_settings(models=models)
    with ExitStack() as opened:
        endpoint = None if name else open_writer(settings)
        if endpoint is None:
            path = choose(name or settings.model, "rank/write", settings.models).path
            local = open_local(settings, path, ranks=False)
            opened.callback(local.close)
        try_out(endpoint or local, settings.models, as_json=as_json)


def try_out(generator: Generator, folder: Path, *, as_json: bool) -> None:
    """Probe a model, print how it did, item by item, and keep the result in `folder`."""
    console = Console(stderr=as_json)

    def tell(result: aptitude.ItemResult, total: int) -> None:
        console.print(clean(item_line(result)), highlight=False, soft_wrap=True, markup=False)

    found = aptitude.probe(generator, tell=tell)
    try:
        aptitude.store(folder, found)
    except OSError as error:
        raise ModelError(
            f"The result cannot be kept in {folder}: {error.strerror}.", remedy="Make the folder writable."
        ) from error
    if as_json:
        sys.stdout.write(dumps(aptitude_json(found)) + "\n")
        return
    for line in aptitude_text(found):
        console.print(clean(line), highlight=False, soft_wrap=True, markup=False)
