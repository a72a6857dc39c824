"""The command `footnote`: reads arguments, calls what does the work, prints, and sets the exit code.

Exit codes: 0 answered or honestly refused, 1 something its owner can mend (one sentence on standard error), 2 wrong
usage, 3 a file was asked for and the notes have nothing to put into it. Everything slow is imported inside the command
that needs it, so that `--help` is quick.
"""

from __future__ import annotations

import faulthandler
import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO, cast

import typer

from bot.commands.opened import AsJson, Data, Notes, opened, settled
from bot.private import keep_private
from bot.version import installed
from rag.certainty import Answers
from rag.errors import FootnoteError

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.terminal.chat import Keep
    from bot.terminal.render_text import Line
    from rag.protocols import Assistant

logger = logging.getLogger(__name__)

app = typer.Typer(
    name="footnote",
    help="Answers questions from your podcast notes, in their own words, with episode and minute.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # drawing the help in colours takes as long as all the rest
)

Half = Literal["tune", "report", "all"]
PARTS = {
    "init": "Set Footnote up, question by question",
    "doctor": "Say what the bot lacks, and what mends it",
    "models": "List, fetch, verify, try and recommend models",
    "notes": "Show what was read of the notes, and check it",
    "topics": "List the topics that your notes really have",
    "compare": "Put two topics, guests or episodes side by side",
    "digest": "Show what the newest notes add",
    "report": "Write what all episodes say about a topic into a file",
    "stats": "Show the bot's last week in Discord on one screen",
    "gaps": "List what was asked in Discord and the notes do not cover",
    "backup": "Copy what the Discord bot remembers into one file",
    "restore": "Put back what backup has copied",
}


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the commands call; tests hand in their own.

    Attributes:
        open_assistant: loads the models and opens the index, which must be there.
        refresh: builds the index where it is missing or older than the notes; says so on standard error.
        build: builds the index, all of it anew if told so, and returns what to print about it.
        update: does what `refresh` does, in silence and in steps, while `chat` or `bot` runs; None: the notes are not
            watched.
        open_apart: what `open_assistant` does, in a process of its own that may die; None: `bot` answers in its own.
    """

    open_assistant: Callable[[Settings], Assistant]
    refresh: Callable[[Settings], None]
    build: Callable[[Settings, bool], str]
    update: Callable[[Settings], Iterable[None]] | None = None
    open_apart: Callable[[Settings], Assistant] | None = None


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        typer.echo(f"footnote {installed(otherwise='from a folder, not installed')}")
        raise typer.Exit


@app.command()
def index(
    ctx: typer.Context,
    notes: Notes = None,
    data: Data = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Compute everything anew.")] = False,
) -> None:
    """Read the notes and build the index. Files that did not change cost nothing."""
    typer.echo(_services(ctx).build(settled(notes=notes, data=data), rebuild))


@app.command()
def ask(
    ctx: typer.Context,
    question: Annotated[list[str], typer.Argument(help="The question, in your words.", show_default=False)],
    notes: Notes = None,
    data: Data = None,
    as_json: AsJson = False,
    explained: Annotated[bool, typer.Option("--explain", help="Say how the answer came about, with times.")] = False,
) -> None:
    """Answer one question from the notes. Or say that they do not cover it."""
    from rich.console import Console

    from bot.json_face import ask_json, dumps
    from bot.question import check_question
    from bot.terminal.explain import explain
    from bot.terminal.live import preview
    from bot.terminal.render_text import render

    text = check_question(" ".join(question))
    with opened(_services(ctx), notes, data) as assistant, preview(Console(stderr=True)) as watch:
        result = assistant.ask(text, watch=watch)
    if as_json:
        typer.echo(dumps(ask_json(result)))
    else:
        _show([*render(result), *(explain(result) if explained else ())])


@app.command()
def topic(
    ctx: typer.Context,
    topic: Annotated[list[str], typer.Argument(help="A word or a few.", show_default=False)],
    notes: Notes = None,
    data: Data = None,
    as_json: AsJson = False,
    timeline: Annotated[bool, typer.Option("--timeline", help="Show when it comes up, by date and minute.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Timeline as a .png picture or .html page; ends with code 3 where there is none.",
            show_default=False,
        ),
    ] = None,
    dark: Annotated[bool, typer.Option("--dark", help="The picture on a dark ground.")] = False,
    points: Annotated[int | None, typer.Option("--points", help="How many points at most; otherwise 8.", min=1)] = None,
) -> None:
    """Gather what all episodes say about a topic, point by point."""
    from rich.console import Console

    from bot.json_face import dumps, topic_json
    from bot.question import check_question
    from bot.terminal.render_text import render
    from bot.terminal.topic_wording import telling

    text = check_question(" ".join(topic), what="topic")
    if timeline or out:
        from bot.commands.timeline import check_out, run_timeline

        check_out(out)
        with opened(_services(ctx), notes, data) as assistant:
            run_timeline(assistant, text, out=out, dark=dark, as_json=as_json)
        return
    with opened(_services(ctx), notes, data) as assistant, telling(Console(stderr=True)) as watch:
        result = assistant.topic(text, points=points, watch=watch)
    typer.echo(dumps(topic_json(result))) if as_json else _show(render(result))


@app.command()
def episodes(ctx: typer.Context, notes: Notes = None, data: Data = None, as_json: AsJson = False) -> None:
    """List every episode in the notes."""
    from bot.json_face import dumps, episodes_json
    from bot.terminal.render_text import episode_list

    with opened(_services(ctx), notes, data) as assistant:
        listed = assistant.episodes()
    typer.echo(dumps(episodes_json(listed))) if as_json else _show(episode_list(listed))


@app.command()
def chat(ctx: typer.Context, notes: Notes = None, data: Data = None) -> None:
    """Ask one question after another. Reads standard input if that is not a terminal."""
    from rich.console import Console

    from bot.terminal.chat import open_input, run_chat

    settings, services = settled(notes=notes, data=data), _services(ctx)
    _prepare(settings, services)
    read_line, person = open_input(settings.data)
    raise typer.Exit(
        run_chat(
            lambda: services.open_assistant(settings),
            read_line,
            Console(highlight=False),
            greet=person,
            keep=_keeping(settings, services.update),
        )
    )


@app.command()
def bot(ctx: typer.Context, notes: Notes = None, data: Data = None) -> None:
    """Answer in Discord until stopped; needs FOOTNOTE_DISCORD__TOKEN."""
    from bot.commands.discord import run_bot

    settings, services = settled(notes=notes, data=data), _services(ctx)

    def assistant() -> Assistant:
        _prepare(settings, services)
        return (services.open_apart or services.open_assistant)(settings)

    raise typer.Exit(run_bot(settings, assistant, update=services.update))


def _add_part(name: str, says: str) -> None:
    """Add a command that has options or commands of its own, in a module that is imported when it is called."""

    @app.command(
        name,
        help=f"{says}. See: footnote {name} --help",
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def part(ctx: typer.Context) -> None:
        import_module(f"bot.commands.{name}").app(args=ctx.args, prog_name=f"footnote {name}", obj=ctx.obj)


for _name, _says in PARTS.items():
    _add_part(_name, _says)


@app.command()
def calibrate(
    ctx: typer.Context,
    notes: Notes = None,
    data: Data = None,
    answers: Annotated[
        Answers | None,
        typer.Option(help="Show what was measured for this, not for FOOTNOTE_ANSWERS.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how near a passage must be to count as an answer. On your own index; says how often that is wrong."""
    from bot.commands.calibrate import run_calibrate

    settings = settled(notes=notes, data=data)
    _services(ctx).refresh(settings)
    raise typer.Exit(run_calibrate(settings, preview=answers, as_json=as_json))


@app.command("eval")
def evaluate(
    ctx: typer.Context,
    questions: Annotated[Path | None, typer.Argument(help="Questions as JSON Lines.", show_default=False)] = None,
    notes: Notes = None,
    data: Data = None,
    json_out: Annotated[
        Path | None, typer.Option("--json", help="Write the figures to this file too.", show_default=False)
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a report into this folder, or to this .html or .md.", show_default=False)
    ] = None,
    split: Annotated[Half, typer.Option(help="Which half of the questions, by a hash of their ids.")] = "all",
    config: Annotated[str, typer.Option(help="Which pipeline of rag/data/pipelines.toml.")] = "shipped",
    deletion: Annotated[
        bool, typer.Option("--deletion", help="Only search and gate, without the language model.")
    ] = False,
    ablation: Annotated[bool, typer.Option("--ablation", help="Every pipeline of the table, one row each.")] = False,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Two files of figures: what the second differs in from the first.", show_default=False),
    ] = None,
) -> None:
    """Measure answers and refusals on a file of questions. Or compare two measurements."""
    from bot.commands.eval import EvalOptions, run_compare, run_eval

    if compare:
        raise typer.Exit(run_compare(*compare))
    if questions is None:
        raise typer.BadParameter("Name a file of questions, or two files of figures with --compare.")
    settings = settled(notes=notes, data=data)
    _services(ctx).refresh(settings)
    options = EvalOptions(
        questions=questions,
        json_out=json_out,
        report=report,
        split=split,
        config=config,
        deletion=deletion,
        ablation=ablation,
    )
    raise typer.Exit(run_eval(settings, options))


def run(args: Sequence[str], services: Services) -> int:
    """Run one command line, without the program's name, and return its exit code."""
    try:
        app(args=list(args), prog_name="footnote", obj=services)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except FootnoteError as error:
        from bot.terminal.failure import sentences

        return _complain(sentences(error, args))
    except Exception as error:
        logger.debug("unexpected error", exc_info=True)
        return _complain(
            f"Footnote met an error that it does not know, {type(error).__name__}: {error}. "
            "Run the command again with FOOTNOTE_LOG_LEVEL=DEBUG to see where."
        )
    return 0


def main() -> None:
    """Entry point of the console script."""
    faulthandler.enable()
    keep_private()
    for stream in (sys.stdout, sys.stderr):
        cast("TextIO", stream).reconfigure(errors="replace")  # type: ignore[attr-defined]
    sys.exit(
        run(
            sys.argv[1:],
            Services(
                open_assistant=_open_assistant,
                refresh=_refresh,
                build=_build,
                update=_update,
                open_apart=_open_apart,
            ),
        )
    )


def _services(ctx: typer.Context) -> Services:
    return cast("Services", ctx.obj)


def _prepare(settings: Settings, services: Services) -> None:
    """Bring the index up to date; but where all of it has to be built anew, the one before answers if it can."""
    from bot.answering.chosen import MEANWHILE, built_anew, serves_meanwhile
    from bot.language import _
    from bot.wording import clean

    if services.update is None or not serves_meanwhile(settings):
        services.refresh(settings)
        return
    typer.echo(clean(f"{_(built_anew(settings))} {_(MEANWHILE)}"), err=True)


def _show(lines: Sequence[Line]) -> None:
    from rich.console import Console

    from bot.terminal.render_text import show

    show(Console(highlight=False), lines)


def _complain(sentence: str) -> int:
    from bot.wording import clean

    typer.echo(clean(sentence), err=True)
    return 1


def _open_assistant(settings: Settings) -> Assistant:
    from bot.answering.assistant import open_assistant

    return open_assistant(settings)


def _open_apart(settings: Settings) -> Assistant:
    from bot.child.supervisor import open_apart

    return open_apart(settings)


def _refresh(settings: Settings) -> None:
    from bot.commands.index import refresh

    refresh(settings)


def _update(settings: Settings) -> Iterable[None]:
    from bot.commands.index import update

    return update(settings)


def _keeping(settings: Settings, update: Callable[[Settings], Iterable[None]] | None) -> Keep:
    """What keeps a conversation's notes up to date; nothing where there is no `update`."""

    def keep(reload: Callable[[], None], tell: Callable[[str], None]) -> AbstractContextManager[object]:
        if update is None:
            return nullcontext()
        from bot.answering.vectors import tidy
        from bot.watch import kept_up

        return kept_up(
            settings.notes,
            settings.data,
            refresh=lambda: update(settings),
            reload=reload,
            tell=tell,
            tidy=lambda: tidy(settings),
        )

    return keep


def _build(settings: Settings, rebuild: bool) -> str:
    from bot.commands.index import build

    return build(settings, rebuild)


if __name__ == "__main__":
    main()
